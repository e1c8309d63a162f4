import type { Span } from "./span.ts";

// A full stop after one of these does not end a sentence.
const ABBREVIATION =
  /(?:^|[\s("'“])(?:\p{L}|e\.g|i\.e|etc|vs|approx|ca|cf|dept|dr|fig|inc|jr|ltd|max|min|mr|mrs|ms|no|nos|p|pp|prof|sr|st|tel|vol|z\.b|d\.h|bzw|usw)\.$/iu;
const END = /[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]+[」』”]*|\n\s*\n|\n(?=\s*(?:[-*•|]|\d{1,3}[.)])\s)/gu;

/** The sentences of a text; list items and table rows are sentences of their own. White space around them is left out. */
export function sentences(text: string): Span[] {
  const found: Span[] = [];
  let start = 0;
  const add = (end: number): void => {
    const piece = text.slice(start, end);
    const trimmed = piece.trim();
    if (trimmed !== "") {
      const from = start + piece.indexOf(trimmed);
      found.push({ start: from, end: from + trimmed.length });
    }
    start = end;
  };
  for (const match of text.matchAll(END)) {
    const end = match.index + match[0].length;
    if (match[0] === "." && (ABBREVIATION.test(text.slice(Math.max(start, end - 12), end)) || goesOn(text, end)))
      continue;
    add(end);
  }
  add(text.length);
  return found;
}

/** After a number such as `3.`, or before a small letter, a full stop is not an end. */
function goesOn(text: string, end: number): boolean {
  return (
    /^\s+\p{Ll}/u.test(text.slice(end, end + 8)) || /(?:^|\n)\s*\d{1,3}\.$/.test(text.slice(Math.max(0, end - 8), end))
  );
}
