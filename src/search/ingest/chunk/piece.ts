import { words } from "../../analysis/word.ts";

/** Words that a passage is filled up to; a block that cannot be parted well may have `MOST_WORDS`. */
export const GOAL_WORDS = 200;
export const MOST_WORDS = 260;

/** What has no blanks or ends of sentences is cut here, wherever that is. */
export const LONGEST_CHARACTERS = 4000;

/** A stretch of a document's text that goes into a passage as a whole. */
export interface Piece {
  start: number;
  end: number;
  words: number;
  /** Repeated before the piece: a table's header. */
  prefix?: string;
  /** Where a passage that begins with this piece begins: at the end of the piece before, so many words earlier. */
  overlap?: { start: number; words: number };
}

/** Where a passage begins whose first piece this is. */
export function startOf({ start, overlap }: Piece): number {
  return overlap?.start ?? start;
}

/** Words for the measure of a passage; the joined form of a part number is not counted again. */
export function countWords(text: string): number {
  return words(text).filter(({ kind }) => kind !== "code").length;
}
