// A cut inside a paragraph may part what belongs together, so the passage after it begins with the end of the one before.

import type { Span } from "../../analysis/span.ts";
import { words } from "../../analysis/word.ts";
import { GOAL_WORDS, type Piece } from "./piece.ts";

/** About 15 % of a passage. */
const OVERLAP_WORDS = Math.round(GOAL_WORDS * 0.15);
/** Whole sentences are repeated when they are no longer than this, else words from the middle of one. */
const LONGEST_OVERLAP = Math.round(GOAL_WORDS * 0.25);

/** The end of a piece made of these sentences: as many of them as come near to the measure. */
export function overlapBefore(text: string, piece: Piece, sentences: readonly Span[]): Piece["overlap"] {
  const found = words(text.slice(piece.start, piece.end))
    .filter(({ kind }) => kind !== "code")
    .map(({ start }) => piece.start + start);
  const wordsFrom = (start: number): number => found.filter((word) => word >= start).length;
  let best: Piece["overlap"];
  for (const { start } of sentences.filter((one) => one.start > piece.start && one.start < piece.end).toReversed()) {
    const overlap = { start, words: wordsFrom(start) };
    if (overlap.words > LONGEST_OVERLAP) break;
    best = overlap;
    if (overlap.words >= OVERLAP_WORDS) break;
  }
  if (best && best.words > OVERLAP_WORDS / 2) return best;
  // Sentences that end far from the measure are parted.
  const start = found.at(-OVERLAP_WORDS);
  return start !== undefined && start > piece.start ? { start, words: wordsFrom(start) } : undefined;
}
