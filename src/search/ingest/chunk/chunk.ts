// A document cut into passages: whole paragraphs, list items and tables are packed to about 200 words, which the
// measurements in favour of found best, and never across a heading or a page, so that a citation names one place. Where
// nothing but the length parts two passages, inside a long paragraph, the second repeats the end of the first.

import type { Block, ParsedDocument } from "../document.ts";
import { GOAL_WORDS, LONGEST_CHARACTERS, MOST_WORDS, type Piece, startOf } from "./piece.ts";
import { splitBlock } from "./split.ts";

/** A passage before it has an id. */
export interface Chunk {
  text: string;
  /** Headings above it, outermost first, without the one that is the document's title. */
  headings: string[];
  page?: number;
  /** Characters in the document's text; `text` is this stretch, after a table's header where a table was cut. */
  start: number;
  end: number;
}

const FEW_WORDS = 40;

export function chunkDocument(document: ParsedDocument): Chunk[] {
  const chunks: Chunk[] = [];
  const headings: { level: number; text: string }[] = [];
  let run: Block[] = [];
  const flush = (): void => {
    const path = headings.map(({ text }) => text).filter((text, at) => at > 0 || text !== document.title);
    for (const chunk of pack(document.text, run)) chunks.push({ ...chunk, headings: path });
    run = [];
  };
  for (const block of document.blocks) {
    if (block.kind === "heading") {
      flush();
      const level = block.level ?? 1;
      while ((headings.at(-1)?.level ?? 0) >= level) headings.pop();
      headings.push({ level, text: document.text.slice(block.start, block.end) });
    } else {
      if (run.length > 0 && run[0]!.page !== block.page) flush();
      run.push(block);
    }
  }
  flush();
  return chunks;
}

/** Blocks of one section and page as chunks without headings. */
function pack(text: string, blocks: readonly Block[]): Omit<Chunk, "headings">[] {
  const page = blocks[0]?.page;
  const groups: Piece[][] = [];
  let size = 0;
  for (const piece of blocks.flatMap((block) => splitBlock(text, block))) {
    const group = groups.at(-1);
    const fits = group && size + piece.words <= GOAL_WORDS && piece.end - startOf(group[0]!) <= LONGEST_CHARACTERS;
    if (fits && piece.prefix === undefined) {
      group.push(piece);
      size += piece.words;
    } else {
      groups.push([piece]);
      size = sizeOf([piece]);
    }
  }
  joinShortEnd(groups);
  return groups.map((group) => {
    const start = startOf(group[0]!);
    const end = group.at(-1)!.end;
    const chunk = { text: (group[0]!.prefix ?? "") + text.slice(start, end), start, end };
    return page === undefined ? chunk : { ...chunk, page };
  });
}

/** A few words left over at the end of a section belong to the passage before them. */
function joinShortEnd(groups: Piece[][]): void {
  const last = groups.at(-1);
  const before = groups.at(-2);
  if (!last || !before || last[0]!.prefix !== undefined) return;
  if (last.at(-1)!.end - startOf(before[0]!) > LONGEST_CHARACTERS) return;
  const own = wordsOf(last);
  if (own < FEW_WORDS && sizeOf(before) + own <= MOST_WORDS) {
    before.push(...last);
    groups.pop();
  }
}

function wordsOf(pieces: readonly Piece[]): number {
  return pieces.reduce((total, { words }) => total + words, 0);
}

/** With what a passage of these pieces repeats of the one before. */
function sizeOf(pieces: readonly Piece[]): number {
  return wordsOf(pieces) + (pieces[0]?.overlap?.words ?? 0);
}
