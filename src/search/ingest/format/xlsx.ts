import { addComments } from "./comment.ts";
import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { type OfficePackage, readOffice } from "./office-package.ts";
import { readDrawings } from "./drawing-part.ts";
import { readSlide } from "./pptx-slide.ts";
import { readFormats } from "./xlsx-format.ts";
import { readSheet, readSharedStrings } from "./xlsx-sheet.ts";
import { headerOf } from "./table.ts";
import { readXml } from "./xml.ts";

const BOOK = "xl/workbook.xml";
const WANTED =
  /^xl\/(?:workbook\.xml|_rels\/workbook\.xml\.rels|sharedStrings\.xml|styles\.xml|worksheets\/(?:_rels\/)?[^/]+\.(?:xml|rels)|(?:comments|threadedComments\/threadedComment|charts\/chart)\d*\.xml|comments\/[^/]+\.xml|persons\/person\.xml|drawings\/(?:_rels\/)?drawing\d*\.xml(?:\.rels)?)$/;

/** Sheets in order, each under its name, as tables whose first row is kept with the others.
 * @throws FlowsteadError `DocumentDamaged`, `DocumentEmpty` or `DocumentTooLarge`. */
export function parseXlsx(bytes: Uint8Array, name: string, limits: IngestLimits): ParsedDocument {
  return readOffice(
    bytes,
    (part) => WANTED.test(part),
    limits,
    (office) => {
      const builder = new DocumentBuilder(limits);
      builder.title(office.title ?? name);
      const { sheets, since1904 } = readBook(office);
      const relations = [...office.relations(BOOK).values()];
      const partOf = (kind: string): string | undefined => relations.find((relation) => relation.kind === kind)?.part;
      const strings = readSharedStrings(office.xml(partOf("sharedStrings") ?? "xl/sharedStrings.xml"));
      const formats = readFormats(office.xml(partOf("styles") ?? "xl/styles.xml"), since1904);
      for (const sheet of sheets) {
        if (sheet.isHidden) {
          builder.note(`the hidden sheet "${sheet.name}" was left out`);
          continue;
        }
        const xml = office.xml(sheet.part);
        // A sheet of charts has no cells.
        if (xml === undefined) continue;
        const rows = readSheet(xml, { strings, formats, limits });
        const drawn = readDrawn(office, sheet.part);
        if (rows.length === 0 && drawn.length === 0) continue;
        builder.heading(1, sheet.name);
        addTables(rows, builder);
        for (const text of drawn) builder.paragraph(text);
        addComments(office, sheet.part, builder);
      }
      return builder.finish(MEDIA_TYPES.xlsx, name);
    },
  );
}

/** Text boxes of a sheet, and the titles of its charts, whose numbers are those of cells. */
function readDrawn(office: OfficePackage, sheet: string): string[] {
  const parts = [...office.relations(sheet).values()].filter(({ kind }) => kind === "drawing");
  const shapes = parts.flatMap(({ part }) => [
    ...readSlide(office.xml(part) ?? "<none/>"),
    ...readDrawings(office, part),
  ]);
  return shapes.map(({ lines }) => lines.map(({ text }) => text).join("\n")).filter((text) => text !== "");
}

interface Sheet {
  name: string;
  part: string;
  isHidden: boolean;
}

function readBook(office: OfficePackage): { sheets: Sheet[]; since1904: boolean } {
  const relations = office.relations(BOOK);
  const sheets: Sheet[] = [];
  let since1904 = false;
  readXml(office.required(BOOK), {
    open(tag, attributes) {
      if (tag === "workbookPr") since1904 = /^(?:1|true)$/.test(attributes["date1904"] ?? "");
      if (tag !== "sheet") return;
      const relation = relations.get(attributes["r:id"] ?? "");
      if (!relation) return;
      const isHidden = (attributes["state"] ?? "visible") !== "visible";
      sheets.push({ name: attributes["name"] ?? "Sheet", part: relation.part, isHidden });
    },
  });
  return { sheets, since1904 };
}

/** A row of blanks parts tables; lines of a single cell above one are its title. */
function addTables(rows: readonly string[][], builder: DocumentBuilder): void {
  let block: string[][] = [];
  const flush = (): void => {
    const width = block.reduce((most, row) => Math.max(most, filled(row)), 0);
    let from = 0;
    for (; width > 1 && from < block.length && filled(block[from]!) === 1; from++) {
      builder.paragraph(block[from]!.join(" "));
    }
    const table = withoutEmptyColumns(block.slice(from), builder);
    builder.table(table, headerOf(table));
    block = [];
  };
  for (const row of rows) {
    if (filled(row) > 0) block.push(row);
    else if (block.length > 0) flush();
  }
  if (block.length > 0) flush();
}

function filled(row: readonly string[]): number {
  return row.reduce((sum, cell) => sum + (cell === undefined || cell.trim() === "" ? 0 : 1), 0);
}

/** Cells may stand far to the right of the others, and the columns between are worth nothing. */
function withoutEmptyColumns(rows: readonly string[][], builder: DocumentBuilder): string[][] {
  const used = new Set<number>();
  for (const row of rows) {
    row.forEach((cell, at) => {
      if (cell.trim() !== "") used.add(at);
    });
  }
  const columns = [...used].sort((a, b) => a - b);
  builder.checkTable(rows.length, columns.length);
  return rows.map((row) => columns.map((at) => row[at] ?? ""));
}
