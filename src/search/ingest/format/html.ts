import { Parser } from "htmlparser2";
import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import { type SpannedCell, spreadRows } from "./table.ts";
import type { IngestLimits } from "../limit.ts";

// What a reader of the page does not read.
const SILENT = new Set(
  "script style noscript template svg math object iframe canvas nav button select textarea form audio video".split(" "),
);
const BLOCK = new Set(
  (
    "address article aside blockquote body caption center details dd div dl dt fieldset figcaption figure footer " +
    "header hgroup hr li main ol p pre section summary table td th tr ul"
  ).split(" "),
);
const HEADING = /^h([1-6])$/;

interface OpenTable {
  rows: SpannedCell[][];
  header: boolean;
  columns: number;
  height: number;
  /** It only puts blocks side by side: what stands in it is read as if it were not there. */
  isLayout: boolean;
}

export function parseHtml(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const builder = new DocumentBuilder(limits);
  readHtml(source, builder);
  return builder.finish(MEDIA_TYPES.html, name);
}

/** Streams a page into a builder that may hold text already. */
export function readHtml(source: string, builder: DocumentBuilder): void {
  const reader = new HtmlReader(builder);
  const parser = new Parser(
    {
      onopentag: (tag, attributes) => reader.open(tag, attributes),
      ontext: (text) => reader.text(text),
      onclosetag: (tag) => reader.close(tag),
    },
    { decodeEntities: true },
  );
  parser.write(source);
  parser.end();
  reader.finish();
}

/** The encoding that a page names for itself, when it is not UTF-8. */
export function htmlCharset(bytes: Uint8Array): string | undefined {
  const front = new TextDecoder("latin1").decode(bytes.subarray(0, 2048));
  const named = /<meta[^>]{1,200}charset\s*=\s*["']?\s*([a-z0-9_-]{2,40})/i.exec(front)?.[1]?.toLowerCase();
  return named === undefined || named === "utf-8" || named === "utf8" ? undefined : named;
}

class HtmlReader {
  readonly #builder: DocumentBuilder;
  #silent = 0;
  /** Tags that are open since one that is not shown, with it. */
  #hidden = 0;
  /** How many `main` and `article` are open; a footer outside of them is the site's and not the text's. */
  #articles = 0;
  #inTitle = false;
  #title = "";
  #text = "";
  #preformatted = 0;
  readonly #lists: { ordered: boolean; count: number }[] = [];
  /** Whether the text now gathered belongs to a list item, and to which. */
  #item: { depth: number; marker: string } | undefined;
  #term = "";
  #isDefined = false;
  readonly #tables: OpenTable[] = [];

  constructor(builder: DocumentBuilder) {
    this.#builder = builder;
  }

  open(tag: string, attributes: Record<string, string>): void {
    if (this.#hidden > 0 || isHidden(attributes)) {
      this.#hidden += 1;
      return;
    }
    if (tag === "main" || tag === "article") this.#articles += 1;
    if (this.#isSilent(tag) || (this.#silent > 0 && tag !== "title")) {
      this.#silent += this.#isSilent(tag) ? 1 : 0;
      return;
    }
    if (tag === "title") this.#inTitle = true;
    else if (this.#tables.at(-1)?.isLayout === false && tag !== "table") this.#openInTable(tag, attributes);
    else if (tag === "br") this.#text += "\n";
    else if (tag === "img" && attributes["alt"]) this.#text += ` ${attributes["alt"]} `;
    else if (BLOCK.has(tag) || HEADING.test(tag)) this.#openBlock(tag, attributes);
  }

  text(text: string): void {
    if (this.#inTitle) this.#title += text;
    else if (this.#silent === 0 && this.#hidden === 0)
      this.#text += this.#preformatted > 0 ? text : text.replaceAll(/\s+/g, " ");
  }

  close(tag: string): void {
    if (this.#hidden > 0) {
      this.#hidden -= 1;
      return;
    }
    if (tag === "main" || tag === "article") this.#articles = Math.max(0, this.#articles - 1);
    if (this.#isSilent(tag) && this.#silent > 0) {
      this.#silent -= 1;
      return;
    }
    if (this.#silent > 0 && tag !== "title") return;
    if (tag === "title") this.#inTitle = false;
    else if (tag === "table") this.#closeTable();
    else if (this.#tables.at(-1)?.isLayout === false) this.#closeInTable(tag);
    else this.#closeBlock(tag);
  }

  finish(): void {
    while (this.#tables.length > 0) this.#closeTable();
    this.#flush();
    this.#builder.title(this.#title);
  }

  #isSilent(tag: string): boolean {
    return SILENT.has(tag) || (tag === "footer" && this.#articles === 0);
  }

  #openBlock(tag: string, { start, value, role = "" }: Record<string, string>): void {
    // A table in a table: the outer one is there to place things.
    if (tag === "table") this.#asLayout();
    this.#flush();
    if (tag === "table") {
      const isLayout = role === "presentation" || role === "none";
      this.#tables.push({ rows: [], header: false, columns: 1, height: 1, isLayout });
    } else if (tag === "ul" || tag === "ol")
      this.#lists.push({ ordered: tag === "ol", count: (Number(start) || 1) - 1 });
    else if (tag === "pre") this.#preformatted += 1;
    else if (tag === "li") {
      const list = this.#lists.at(-1);
      if (list) list.count = Number(value) || list.count + 1;
      const marker = list?.ordered ? `${list.count}.` : "-";
      this.#item = { depth: Math.max(1, this.#lists.length), marker };
    }
  }

  #closeBlock(tag: string): void {
    const heading = HEADING.exec(tag)?.[1];
    if (heading) {
      this.#builder.heading(Number(heading), this.#text);
      this.#text = "";
    } else if (tag === "pre") {
      this.#preformatted = Math.max(0, this.#preformatted - 1);
      this.#builder.code(this.#text);
      this.#text = "";
    } else if (tag === "dt") {
      // Several terms may share what is said of them.
      this.#term = [this.#isDefined ? "" : this.#term, this.#text.trim()].filter(Boolean).join(", ");
      this.#isDefined = false;
      this.#text = "";
    } else if (tag === "dd") {
      this.#isDefined = true;
      if (this.#text.trim() !== "") this.#builder.item(this.#term ? `${this.#term}: ${this.#text.trim()}` : this.#text);
      this.#text = "";
    } else if (BLOCK.has(tag)) {
      this.#flush();
      if (tag === "li") this.#item = undefined;
      if (tag === "ul" || tag === "ol") this.#lists.pop();
    }
  }

  #flush(): void {
    if (this.#text.trim() !== "") {
      if (this.#item) this.#builder.item(this.#text, this.#item.depth, this.#item.marker);
      else this.#builder.paragraph(this.#text);
      this.#item = undefined;
    }
    this.#text = "";
  }

  /** What has been read of a table that turns out to be none, as blocks. */
  #asLayout(): void {
    const table = this.#tables.at(-1);
    if (!table || table.isLayout) return;
    table.isLayout = true;
    const now = this.#text;
    for (const { text } of table.rows.flat()) this.#builder.paragraph(text);
    this.#text = now;
  }

  #openInTable(tag: string, { colspan, rowspan }: Record<string, string>): void {
    const table = this.#tables.at(-1)!;
    if (tag === "tr") {
      this.#text = "";
      table.rows.push([]);
    } else if (tag === "td" || tag === "th") {
      this.#text = "";
      table.columns = Number(colspan) || 1;
      table.height = Number(rowspan) || 1;
      if (table.rows.length === 0) table.rows.push([]);
      if (tag === "th" && table.rows.length === 1) table.header = true;
    } else if (tag === "caption") this.#text = "";
    else if (tag === "br" || BLOCK.has(tag)) this.#text += " ";
  }

  #closeInTable(tag: string): void {
    if (tag === "td" || tag === "th") {
      const { rows, columns, height } = this.#tables.at(-1)!;
      rows.at(-1)?.push({ text: this.#text, columns, rows: height });
      this.#text = "";
    } else if (tag === "caption") this.#flush();
  }

  #closeTable(): void {
    const table = this.#tables.pop();
    if (!table) return;
    if (table.isLayout) {
      this.#flush();
      return;
    }
    this.#text = "";
    const rows = spreadRows(table.rows);
    const columns = rows.reduce((most, { length }) => Math.max(most, length), 0);
    this.#builder.checkTable(rows.length, columns);
    // One column is a frame around text more often than a table.
    if (columns > 1 || table.header) this.#builder.table(rows, table.header);
    else for (const [text = ""] of rows) this.#builder.paragraph(text);
  }
}

function isHidden({ hidden, style = "" }: Record<string, string>): boolean {
  return (hidden !== undefined && hidden !== "until-found") || /(?:^|;)\s*display\s*:\s*none/i.test(style);
}
