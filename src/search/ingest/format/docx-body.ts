import { SaxesParser, type SaxesTagPlain } from "saxes";
import type { DocumentBuilder } from "./document-builder.ts";
import type { DocxStyles } from "./docx-style.ts";
import { addShape } from "./drawing-part.ts";
import type { Shape } from "./pptx-slide.ts";
import { headerOf, type SpannedCell, spreadRows } from "./table.ts";

// Deleted or moved text, field codes, and the second form of what is given twice.
const SILENT = new Set(["w:del", "w:moveFrom", "w:instrText", "mc:Fallback", "w:delText"]);

interface OpenParagraph {
  text: string;
  style: string;
  /** Depth in a list from 1, when it is in one. */
  list?: number;
  outline?: number;
  /** Of the run that is open: it is not shown. */
  isHidden?: boolean;
}

interface OpenTable {
  rows: SpannedCell[][];
  cell: string[];
  header: boolean;
  columns: number;
  /** Whether the cell goes on from the row above it. */
  goesOn: boolean;
  /** The lowest cell of each column so far, and the column of the next cell. */
  lowest: (SpannedCell | undefined)[];
  column: number;
}

/** What a chart or diagram shows, by the id of its relation. */
type Drawings = (id: string) => Shape[];

/** Streams `word/document.xml` (or a part of the same build) into a builder. */
export function readBody(xml: string, styles: DocxStyles, builder: DocumentBuilder, drawings?: Drawings): void {
  const reader = new BodyReader(styles, builder, drawings);
  const parser = new SaxesParser();
  parser.on("opentag", (tag) => reader.open(tag));
  parser.on("text", (text) => reader.text(text));
  parser.on("closetag", ({ name }) => reader.close(name));
  parser.write(xml).close();
}

class BodyReader {
  readonly #styles: DocxStyles;
  readonly #builder: DocumentBuilder;
  readonly #paragraphs: OpenParagraph[] = [];
  readonly #tables: OpenTable[] = [];
  readonly #drawings: Drawings | undefined;
  /** Of the paragraph or table that is open. */
  #drawn: Shape[] = [];
  #silent = 0;
  #inText = false;

  constructor(styles: DocxStyles, builder: DocumentBuilder, drawings: Drawings | undefined) {
    this.#styles = styles;
    this.#builder = builder;
    this.#drawings = drawings;
  }

  open({ name, attributes }: SaxesTagPlain): void {
    if (SILENT.has(name)) this.#silent += 1;
    if (this.#silent > 0) return;
    const paragraph = this.#paragraphs.at(-1);
    const value = attributes["w:val"] ?? "";
    if (name === "w:p") this.#paragraphs.push({ text: "", style: "" });
    else if (name === "w:tbl") this.#openTable();
    else if (name === "w:tr") this.#openRow();
    else if (name === "w:tblHeader" && this.#tables.at(-1)?.rows.length === 1) this.#tables.at(-1)!.header = true;
    else if (name === "w:tc" && this.#tables.length > 0) this.#openCell();
    else if (name === "w:gridSpan") this.#tables.at(-1)!.columns = Number(value) || 1;
    else if (name === "w:vMerge") this.#tables.at(-1)!.goesOn = value !== "restart";
    else if (name === "c:chart") this.#draw(attributes["r:id"]);
    else if (name === "dgm:relIds") this.#draw(attributes["r:dm"]);
    else if (!paragraph) return;
    else if (name === "w:pStyle") paragraph.style = value;
    else if (name === "w:numPr") paragraph.list = this.#styles.listDepth(paragraph.style) ?? 1;
    else if (name === "w:ilvl" && paragraph.list !== undefined) paragraph.list = Number(value) + 1 || 1;
    else if (name === "w:outlineLvl" && Number(value) < 9) paragraph.outline = Number(value) + 1;
    else if (name === "w:r") paragraph.isHidden = false;
    else if (name === "w:vanish") paragraph.isHidden = !/^(?:0|false|off)$/.test(value);
    else if (name === "w:t" || name === "m:t") this.#inText = true;
    else if (name === "w:tab") paragraph.text += "\t";
    else if (name === "w:br" || name === "w:cr") paragraph.text += "\n";
    else if (name === "w:noBreakHyphen") paragraph.text += "-";
  }

  text(text: string): void {
    const paragraph = this.#paragraphs.at(-1);
    if (this.#inText && this.#silent === 0 && paragraph && !paragraph.isHidden) paragraph.text += text;
  }

  close(name: string): void {
    if (SILENT.has(name)) this.#silent = Math.max(0, this.#silent - 1);
    if (this.#silent > 0) return;
    if (name === "w:t" || name === "m:t") this.#inText = false;
    else if (name === "w:p") this.#closeParagraph();
    else if (name === "w:tc") this.#closeCell();
    else if (name === "w:tbl") this.#closeTable();
  }

  #draw(id: string | undefined): void {
    if (id !== undefined) this.#drawn.push(...(this.#drawings?.(id) ?? []));
  }

  /** Behind what they stand in. */
  #showDrawn(): void {
    for (const shape of this.#drawn) addShape(shape, this.#builder);
    this.#drawn = [];
  }

  #closeParagraph(): void {
    const paragraph = this.#paragraphs.pop();
    if (!paragraph) return;
    const { text, style, list, outline } = paragraph;
    const table = this.#tables.at(-1);
    if (table) {
      table.cell.push(text);
      return;
    }
    const level = outline ?? this.#styles.level(style);
    const depth = list ?? this.#styles.listDepth(style);
    if (level === 0) {
      this.#builder.title(text);
      this.#builder.heading(1, text);
    } else if (level !== undefined) this.#builder.heading(level, text);
    else if (depth !== undefined) this.#builder.item(text, depth);
    else this.#builder.paragraph(text);
    if (this.#paragraphs.length === 0) this.#showDrawn();
  }

  #openTable(): void {
    this.#tables.push({ rows: [], cell: [], header: false, columns: 1, goesOn: false, lowest: [], column: 0 });
  }

  #openRow(): void {
    const table = this.#tables.at(-1);
    table?.rows.push([]);
    if (table) table.column = 0;
  }

  #openCell(): void {
    Object.assign(this.#tables.at(-1)!, { cell: [], columns: 1, goesOn: false });
  }

  #closeCell(): void {
    const table = this.#tables.at(-1);
    if (!table) return;
    const { columns, column, goesOn, lowest } = table;
    const above = goesOn ? lowest[column] : undefined;
    if (above) above.rows += 1;
    else {
      const cell = { text: table.cell.join(" "), columns, rows: 1 };
      table.rows.at(-1)?.push(cell);
      lowest[column] = cell;
    }
    table.column += columns;
    table.cell = [];
  }

  /** A table inside a table counts as text of the cell it stands in. */
  #closeTable(): void {
    const table = this.#tables.pop();
    if (!table) return;
    const outer = this.#tables.at(-1);
    if (outer) outer.cell.push(table.rows.map((row) => row.map(({ text }) => text).join(" ")).join(" "));
    else {
      const rows = spreadRows(table.rows);
      this.#builder.table(rows, table.header || headerOf(rows));
      this.#showDrawn();
    }
  }
}
