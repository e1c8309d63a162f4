// What every reader of a format makes of a file: its text in reading order, and what each stretch of it is.

export type BlockKind = "heading" | "paragraph" | "item" | "table" | "code";

/** A stretch of `text`; blocks follow one another and do not overlap. */
export interface Block {
  kind: BlockKind;
  start: number;
  end: number;
  /** Of a heading, 1 for the outermost; of a list item its depth, from 1. */
  level?: number;
  /** From 1, where the format has pages. */
  page?: number;
  /** Of a table with a header: where the header ends. */
  headerEnd?: number;
}

export interface ParsedDocument {
  title: string;
  mediaType: string;
  /** Everything that was read: tables as Markdown rows, lists with a hyphen, no other markup. */
  text: string;
  blocks: Block[];
  pages?: number;
  /** What was not as it should be and yet did not stop the reading, such as `no text on page 3`. */
  notes: string[];
}
