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
    for (const raw of raws.slice(0, -1)) {
      this.#closed = [...this.#closed, { key: this.#closedLength, raw, open: false }];
      this.#closedLength += raw.length;
    }
    const last = raws.at(-1);
    return last === undefined ? this.#closed : [...this.#closed, { key: this.#closedLength, raw: last, open: true }];
  }

  #reset(): void {
    this.#closed = [];
    this.#closedLength = 0;
  }
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
