// Cuts a growing Markdown text into blocks and looks again only at its end, so that the cost of a new piece of text does not
// grow with the answer.

import { Lexer, type MarkedExtension, Marked } from "marked";

export interface MarkdownBlock {
  /** Stays the same while the text grows. */
  key: number;
  raw: string;
  /** The last block may still change. */
  open: boolean;
}

const LIST = /^ {0,3}(?:[*+-]|\d{1,9}[.)])\s/;
const options = new Marked({ gfm: true } satisfies MarkedExtension).defaults;

export class BlockSplitter {
  #text = "";
  #closed: MarkdownBlock[] = [];
  #closedLength = 0;

  /** All blocks of `text`. Cheap when `text` continues the text of the last call. */
  split(text: string): MarkdownBlock[] {
    const clean = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    if (!clean.startsWith(this.#text)) this.#reset();
    this.#text = clean;
    const raws = rawBlocks(clean.slice(this.#closedLength));
    for (const raw of raws.slice(0, -openCount(raws))) {
      this.#closed = [...this.#closed, { key: this.#closedLength, raw, open: false }];
      this.#closedLength += raw.length;
    }
    let key = this.#closedLength;
    const open = raws.slice(-openCount(raws)).map((raw) => {
      const block = { key, raw, open: true };
      key += raw.length;
      return block;
    });
    return [...this.#closed, ...open];
  }

  #reset(): void {
    this.#closed = [];
    this.#closedLength = 0;
  }
}

/**
 * How many blocks at the end may still change: the last one, and a list before it as long as the last one may yet turn out to
 * be its next item ("1. one", blank line, "2" is a list and a paragraph until the dot has come).
 */
function openCount(raws: readonly string[]): number {
  const [before, last] = [raws.at(-2), raws.at(-1)];
  const mayJoin =
    before !== undefined && last !== undefined && LIST.test(before) && last.length < 12 && !last.includes("\n");
  return mayJoin ? 2 : 1;
}

/** Source texts of the top-level blocks; blank lines stay with the block before them, so that the parts add up to the text. */
function rawBlocks(text: string): string[] {
  const raws: string[] = [];
  for (const token of new Lexer(options).blockTokens(text, [])) {
    if (token.type === "space" && raws.length > 0) raws[raws.length - 1] += token.raw;
    else raws.push(token.raw);
  }
  // The lexer may normalise what it reads (tabs, for one); then the parts would not add up, and the text stays whole.
  return raws.join("") === text ? raws : text === "" ? [] : [text];
}
