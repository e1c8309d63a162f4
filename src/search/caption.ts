// The stretch of a text that says most of what is asked: a sentence, by its words. It is taken from the text as it stands,
// never written.

import { sentences } from "./analysis/sentence.ts";
import type { Span } from "./analysis/span.ts";

interface PlacedTerm extends Span {
  term: string;
}

/** A sentence and what its terms weigh; `next` follows it in the text. */
export interface BestSentence extends Span {
  weight: number;
  next: Span | undefined;
}

const LONGEST = 300;
const CUT_AT = 200;

/** The first of the sentences that weigh most, undefined when none weighs anything; `tokens` in order, as they stand in the text. */
export function bestSentence(
  text: string,
  tokens: readonly PlacedTerm[],
  weightOf: (terms: ReadonlySet<string>) => number,
): BestSentence | undefined {
  const spans = shortSentences(text);
  let best: BestSentence | undefined;
  let from = 0;
  spans.forEach((span, at) => {
    while (from < tokens.length && tokens[from]!.start < span.start) from++;
    const terms = new Set<string>();
    for (let token = from; token < tokens.length && tokens[token]!.start < span.end; token++) {
      terms.add(tokens[token]!.term);
    }
    const weight = weightOf(terms);
    if (weight > (best?.weight ?? 0)) best = { ...span, weight, next: spans[at + 1] };
  });
  return best;
}

/** Sentences; what is too long to be shown as one is cut at blanks. */
export function shortSentences(text: string): Span[] {
  const found: Span[] = [];
  for (const { start, end } of sentences(text)) {
    let from = start;
    while (end - from > LONGEST) {
      const blank = text.lastIndexOf(" ", from + CUT_AT);
      const to = blank > from + CUT_AT / 2 ? blank : whole(text, from + CUT_AT);
      found.push({ start: from, end: to });
      from = to;
      while (text[from] === " ") from++;
    }
    if (from < end) found.push({ start: from, end });
  }
  return found;
}

/** A sign of two characters is not parted. */
function whole(text: string, at: number): number {
  return /[\uD800-\uDBFF]/.test(text[at - 1] ?? "") ? at - 1 : at;
}
