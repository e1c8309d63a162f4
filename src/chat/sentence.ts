// Sentences and words of a text in any language, with their places.

import type { Span } from "./event.ts";

const SEGMENTER = new Intl.Segmenter("en", { granularity: "sentence" });
const ABBREVIATION =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Sec|Art|Abs|vs|approx|incl|e\.g|i\.e|z\.B|etc)\.\s*$/i;

/** The segmenter takes time that grows with the square of some texts, so it is given no more at once. */
const MOST_AT_ONCE = 4_000;

/** Spans of the sentences, without blanks around them. A line break inside a sentence does not end it; a list item or table row does. */
export function sentences(text: string): Span[] {
  const spans: Span[] = [];
  let lineStart = 0;
  for (const line of joinWrappedLines(text).split("\n")) {
    let start = lineStart;
    const lineEnd = lineStart + line.length;
    for (const end of sentenceEnds(line, lineStart)) {
      const piece = text.slice(start, end);
      // "Dr." and "3." end no sentence.
      if (end < lineEnd && (ABBREVIATION.test(piece.slice(-12)) || !/\p{L}/u.test(piece))) continue;
      const span = trimmed(text, start, end);
      if (span) spans.push(span);
      start = end;
    }
    lineStart = lineEnd + 1;
  }
  return spans;
}

function* sentenceEnds(line: string, offset: number): Iterable<number> {
  if (!/\p{Sentence_Terminal}/u.test(line)) {
    if (line !== "") yield offset + line.length;
    return;
  }
  for (let at = 0; at < line.length; at += MOST_AT_ONCE) {
    const part = line.slice(at, at + MOST_AT_ONCE);
    for (const { segment, index } of SEGMENTER.segment(part)) yield offset + at + index + segment.length;
  }
}

/** A shorter line is a heading or stands for itself; a longer one may have been broken only to fit a page. */
const SHORTEST_WRAPPED = 40;

/** Blanks in place of the line breaks that only wrap a line; every character keeps its place. */
function joinWrappedLines(text: string): string {
  return text.replace(
    /^(.*[^\s.!?:;|>])([ \t]*)(\r?\n)(?=[ \t]*[\p{L}\p{N}("'“„])(?![ \t]*\d+[.)]\s)/gmu,
    (match, line: string) => (line.length < SHORTEST_WRAPPED ? match : line.padEnd(match.length, " ")),
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
