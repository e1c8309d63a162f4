import { sentences } from "../analysis/sentence.ts";
import type { Block } from "./document.ts";
import { countWords, GOAL_WORDS, LONGEST_CHARACTERS, MOST_WORDS, type Piece } from "./piece.ts";

/** A block as one piece, or as several when it is too long for a passage: by rows, lines or sentences. */
export function splitBlock(text: string, block: Block): Piece[] {
  const whole = text.slice(block.start, block.end);
  const count = countWords(whole);
  if (count <= MOST_WORDS && whole.length <= LONGEST_CHARACTERS) {
    return [{ start: block.start, end: block.end, words: count }];
  }
  if (block.kind === "table") return splitTable(text, block);
  const parts = block.kind === "code" ? lineSpans(whole) : sentences(whole);
  return join(
    parts.map(({ start, end }) => ({ start: block.start + start, end: block.start + end })),
    text,
  );
}

function splitTable(text: string, block: Block): Piece[] {
  const from = block.headerEnd ?? block.start;
  const header = text.slice(block.start, from);
  const rows = lineSpans(text.slice(from, block.end)).map(({ start, end }) => ({
    start: from + start,
    end: from + end,
  }));
  return join(rows, text).map((piece, at) => {
    if (header === "") return piece;
    if (at === 0) return { ...piece, start: block.start };
    return { ...piece, prefix: `${header}\n` };
  });
}

/** Neighbouring spans joined to pieces of about the goal; a span that is too long by itself is cut at a blank. */
function join(spans: readonly { start: number; end: number }[], text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const span of spans.flatMap((long) => cut(text, long))) {
    const count = countWords(text.slice(span.start, span.end));
    const last = pieces.at(-1);
    if (last && last.words + count <= GOAL_WORDS && span.end - last.start <= LONGEST_CHARACTERS) {
      last.end = span.end;
      last.words += count;
    } else pieces.push({ ...span, words: count });
  }
  return pieces;
}

// About as many characters as a passage has.
const CUT_CHARACTERS = 1500;

function cut(text: string, { start, end }: { start: number; end: number }): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let from = start;
  const isTooLong = (): boolean => end - from > LONGEST_CHARACTERS || countWords(text.slice(from, end)) > MOST_WORDS;
  while (isTooLong()) {
    let to = Math.min(end, from + CUT_CHARACTERS);
    // Signs of scripts without blanks are words each: a stretch of them is much shorter.
    for (let count = MOST_WORDS + 1; count > MOST_WORDS;) {
      count = countWords(text.slice(from, to));
      if (count > MOST_WORDS) to = from + Math.max(1, Math.floor(((to - from) * GOAL_WORDS) / count));
    }
    if (to >= end) to = from + Math.ceil((end - from) / 2);
    const blank = text.lastIndexOf(" ", to);
    if (blank > from + (to - from) / 2) to = blank;
    if (/[\uD800-\uDBFF]/.test(text[to - 1] ?? "")) to -= 1;
    if (to <= from) break;
    parts.push({ start: from, end: to });
    from = to;
  }
  if (from < end) parts.push({ start: from, end });
  return parts;
}

function lineSpans(text: string): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  for (const match of text.matchAll(/[^\n]+/g)) {
    if (match[0].trim() !== "") spans.push({ start: match.index, end: match.index + match[0].length });
  }
  return spans;
}
