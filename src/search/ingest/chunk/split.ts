import { sentences } from "../../analysis/sentence.ts";
import type { Span } from "../../analysis/span.ts";
import type { Block } from "../document.ts";
import { overlapBefore } from "./overlap.ts";
import { countWords, GOAL_WORDS, LONGEST_CHARACTERS, MOST_WORDS, type Piece, startOf } from "./piece.ts";

/**
 * A block as one piece, or as several when it is too long for a passage: by rows, lines or sentences. Prose has no place
 * to be cut at, so each of its pieces may begin with the end of the one before.
 */
export function splitBlock(text: string, block: Block): Piece[] {
  const whole = text.slice(block.start, block.end);
  const count = countWords(whole);
  if (count <= MOST_WORDS && whole.length <= LONGEST_CHARACTERS) {
    return [{ start: block.start, end: block.end, words: count }];
  }
  if (block.kind === "table") return splitTable(text, block);
  const isCode = block.kind === "code";
  const spans = (isCode ? lineSpans(whole) : sentences(whole)).map(({ start, end }) => ({
    start: block.start + start,
    end: block.start + end,
  }));
  return isCode ? join(spans, text) : join(spans, text, overlapBefore);
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

type Overlap = (text: string, piece: Piece, spans: readonly Span[]) => Piece["overlap"];

/** Neighbouring spans joined to pieces of about the goal; a span that is too long by itself is cut at a blank. */
function join(long: readonly Span[], text: string, overlapOf?: Overlap): Piece[] {
  const pieces: Piece[] = [];
  let spans: Span[] = [];
  for (const span of long.flatMap((one) => cut(text, one))) {
    const words = countWords(text.slice(span.start, span.end));
    const last = pieces.at(-1);
    const size = last ? last.words + (last.overlap?.words ?? 0) + words : 0;
    if (last && size <= GOAL_WORDS && span.end - startOf(last) <= LONGEST_CHARACTERS) {
      last.end = span.end;
      last.words += words;
      spans.push(span);
    } else {
      const piece: Piece = { ...span, words };
      const overlap = last && overlapOf?.(text, last, spans);
      const fits = overlap && overlap.words + words <= MOST_WORDS && span.end - overlap.start <= LONGEST_CHARACTERS;
      if (fits) piece.overlap = overlap;
      pieces.push(piece);
      spans = [span];
    }
  }
  return pieces;
}

// About as many characters as a passage has.
const CUT_CHARACTERS = 1500;

function cut(text: string, { start, end }: Span): Span[] {
  const parts: Span[] = [];
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

function lineSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(/[^\n]+/g)) {
    if (match[0].trim() !== "") spans.push({ start: match.index, end: match.index + match[0].length });
  }
  return spans;
}
