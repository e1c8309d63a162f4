import { FlowsteadError } from "../../../base/error/error.ts";
import type { Block, BlockKind, ParsedDocument } from "../document.ts";
import type { IngestLimits } from "../limit.ts";
import { tableText } from "./table.ts";

/** Gathers the text and blocks of a document while a file is read from front to back. */
export class DocumentBuilder {
  readonly #limits: IngestLimits;
  readonly #parts: string[] = [];
  readonly #blocks: Block[] = [];
  readonly #notes: string[] = [];
  #length = 0;
  #page: number | undefined;
  #pages = 0;
  #title = "";
  #firstHeading = "";

  constructor(limits: IngestLimits) {
    this.#limits = limits;
  }

  /** The name the document gives itself; the first one counts. */
  title(text: string): void {
    this.#title ||= oneLine(text);
  }

  heading(level: number, text: string): void {
    const line = oneLine(text);
    if (line === "") return;
    this.#firstHeading ||= line;
    this.#add("heading", line, { level: Math.min(9, Math.max(1, level)) });
  }

  paragraph(text: string): void {
    this.#add("paragraph", lines(text));
  }

  /** A list item of a depth from 1. `marker` is its number, as in `2.`, or a hyphen. */
  item(text: string, depth = 1, marker = "-"): void {
    const body = lines(text);
    if (body === "") return;
    const indent = "  ".repeat(Math.max(0, depth - 1));
    this.#add("item", `${indent}${marker} ${body.replaceAll("\n", `\n${indent}  `)}`, { level: depth });
  }

  code(text: string): void {
    this.#add("code", text.replace(/^\n+/, "").trimEnd());
  }

  /** The first row is the header when `header` says so. */
  table(rows: readonly (readonly string[])[], header: boolean): void {
    const { text, headerLength } = tableText(rows, header);
    this.#add("table", text, headerLength > 0 ? { headerEnd: headerLength } : {});
  }

  /** Refuses a table whose blank cells alone would be too much, before it is built. @throws FlowsteadError `DocumentTooLarge`. */
  checkTable(rows: number, columns: number): void {
    if (rows * columns * 3 <= this.#limits.characters) return;
    throw new FlowsteadError("DocumentTooLarge", `It holds a table of ${rows} rows and ${columns} columns.`);
  }

  /** What follows stands on this page. @throws FlowsteadError `DocumentTooLarge`. */
  page(number: number): void {
    if (number > this.#limits.pages) {
      throw new FlowsteadError("DocumentTooLarge", `It has more than ${this.#limits.pages} pages.`);
    }
    this.#page = number;
    this.#pages = Math.max(this.#pages, number);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** @throws FlowsteadError `DocumentEmpty` when no text was found. */
  finish(mediaType: string, fileName: string): ParsedDocument {
    if (!this.#blocks.some(({ kind }) => kind !== "heading")) {
      // Headings alone are text too, as in a list of titles: they become what the document says.
      for (const block of this.#blocks) block.kind = "paragraph";
    }
    if (this.#blocks.length === 0) {
      throw new FlowsteadError("DocumentEmpty", "It holds no text.");
    }
    const document: ParsedDocument = {
      title: (this.#title || this.#firstHeading || fileName).slice(0, 300),
      mediaType,
      text: this.#parts.join(""),
      blocks: this.#blocks,
      notes: this.#notes,
    };
    if (this.#pages > 0) document.pages = this.#pages;
    return document;
  }

  #add(kind: BlockKind, text: string, rest: { level?: number; headerEnd?: number } = {}): void {
    if (text.trim() === "") return;
    const last = this.#blocks.at(-1);
    const gap = !last ? "" : last.kind === "item" && kind === "item" ? "\n" : "\n\n";
    const start = this.#length + gap.length;
    this.#parts.push(gap, text);
    this.#length = start + text.length;
    if (this.#length > this.#limits.characters) {
      throw new FlowsteadError("DocumentTooLarge", `It holds more than ${this.#limits.characters} characters of text.`);
    }
    const block: Block = { kind, start, end: this.#length };
    if (rest.level !== undefined) block.level = rest.level;
    if (rest.headerEnd !== undefined) block.headerEnd = start + rest.headerEnd;
    if (this.#page !== undefined) block.page = this.#page;
    this.#blocks.push(block);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Keeps line breaks, and makes one blank of other white space. */
function lines(text: string): string {
  return text
    .split("\n")
    .map(oneLine)
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
