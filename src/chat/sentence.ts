// Sentences and words of a text in any language, with their places.

import type { Span } from "./event.ts";

const SEGMENTER = new Intl.Segmenter("en", { granularity: "sentence" });
const ABBREVIATION =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Sec|Art|Abs|vs|approx|incl|e\.g|i\.e|z\.B|etc)\.\s*$/i;

/** Spans of the sentences, without blanks around them. A line break inside a sentence does not end it; a list item or table row does. */
export function sentences(text: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (const { segment, index } of SEGMENTER.segment(joinWrappedLines(text))) {
    const end = index + segment.length;
    const piece = text.slice(start, end);
    // "Dr." and "3." end no sentence.
    const goesOn = !/\n\s*$/.test(piece) && (ABBREVIATION.test(piece) || !/[\p{L}]/u.test(piece));
    if (goesOn && end < text.length) continue;
    const span = trimmed(text, start, end);
    if (span) spans.push(span);
    start = end;
  }
  return spans;
}

/** Blanks in place of the line breaks that only wrap a line; every character keeps its place. */
function joinWrappedLines(text: string): string {
  return text.replace(
    /([^\s.!?:;|>])([ \t]*)\r?\n(?=[ \t]*[\p{L}\p{N}("'“„])(?![ \t]*\d+[.)]\s)/gu,
    (match, before: string) => before.padEnd(match.length, " "),
  );
}

function trimmed(text: string, start: number, end: number): Span | undefined {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text.charAt(from))) from++;
  while (to > from && /\s/.test(text.charAt(to - 1))) to--;
  return from < to ? { start: from, end: to } : undefined;
}

const WORD = /\p{N}+(?:[.,:]\p{N}+)*|[\p{L}\p{M}\p{N}]+/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** The words of a text in a form that ignores case, accents and the commonest endings; scripts without blanks give pairs of characters. */
export function wordForms(text: string): string[] {
  const forms: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    const plain = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    if (!UNSPACED.test(plain)) forms.push(stem(plain));
    else if (plain.length === 1) forms.push(plain);
    else for (let at = 0; at + 1 < plain.length; at++) forms.push(plain.slice(at, at + 2));
  }
  return forms;
}

function stem(word: string): string {
  const cut = word.replace(/(?:ing|ed|es|s|e)$/, "");
  return cut.length >= 3 ? cut : word;
}

/** How much a word tells: figures most, short words (articles, prepositions) little. */
export function weightOf(form: string): number {
  if (/\p{N}/u.test(form)) return 2;
  return form.length > 3 || UNSPACED.test(form) ? 1 : 0.25;
}
