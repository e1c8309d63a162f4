import type { Span } from "./span.ts";

// A full stop after one of these does not end a sentence.
const ABBREVIATION =
  /(?:^|[\s("'“])(?:\p{L}|e\.g|i\.e|etc|vs|approx|ca|cf|dept|dr|fig|inc|jr|ltd|max|min|mr|mrs|ms|no|nos|p|pp|prof|sr|st|tel|vol|z\.b|d\.h|bzw|usw)\.$/iu;
const END = /[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]+[」』”]*/gu;
const BREAK = /\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*•|]|\d{1,3}[.)])\s)/g;

/** The sentences of a text; list items are parted, table rows are sentences of their own. White space around is left out. */
export function sentences(text: string): Span[] {
  const found: Span[] = [];
  let start = 0;
  for (const { index, 0: gap } of text.matchAll(BREAK)) {
    addSentences(text, { start, end: index }, found);
    start = index + gap.length;
  }
  addSentences(text, { start, end: text.length }, found);
  return found;
}

/** The sentences of a paragraph, list item or row. */
function addSentences(text: string, block: Span, found: Span[]): void {
  const whole = text.slice(block.start, block.end);
  let start = 0;
  const add = (end: number): void => {
    const piece = whole.slice(start, end);
    const trimmed = piece.trim();
    if (trimmed !== "") {
      const from = block.start + start + piece.indexOf(trimmed);
      found.push({ start: from, end: from + trimmed.length });
    }
    start = end;
  };
  const isRow = whole.trimStart().startsWith("|");
  for (const match of isRow ? [] : whole.matchAll(END)) {
    const end = match.index + match[0].length;
    const before = whole.slice(Math.max(start, end - 12), end);
    if (match[0] !== "." || !(ABBREVIATION.test(before) || goesOn(whole, end))) add(end);
  }
  add(whole.length);
}

/** Before a small letter, and after the number of a list item, a full stop is not an end. */
function goesOn(text: string, end: number): boolean {
  return /^\s+\p{Ll}/u.test(text.slice(end, end + 8)) || /^\s*\d{1,3}\.$/.test(text.slice(0, Math.min(end, 20)));
}
