import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { headerOf } from "./table.ts";

const SEPARATORS = [",", ";", "\t", "|"];
const LOOKED_CHARACTERS = 16_384;
const LOOKED_ROWS = 20;

/** Rows between commas, semicolons, tabs or bars; the first row is kept with the others when it names columns. */
export function parseDelimited(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const builder = new DocumentBuilder(limits);
  builder.title(name);
  // Excel says in a first line of its own what it puts between cells.
  const told = /^sep=(.)\r?\n/.exec(source);
  const text = told ? source.slice(told[0].length) : source;
  const separator = told?.[1] ?? sniffSeparator(text);
  const { rows, isOpen } = readRows(text, separator);
  if (isOpen) builder.note("a quote is opened and never closed: what follows it was read as one cell");
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  builder.checkTable(rows.length, width);
  builder.table(rows, headerOf(rows));
  return builder.finish(MEDIA_TYPES.csv, name);
}

/** What gives the first rows the most cells while giving most of them equally many. */
function sniffSeparator(text: string): string {
  const front = text.slice(0, LOOKED_CHARACTERS);
  let best = { separator: ",", worth: 0 };
  for (const separator of SEPARATORS) {
    // The last row may have been cut by the look.
    const all = readRows(front, separator).rows;
    const rows = (front.length < text.length ? all.slice(0, -1) : all).slice(0, LOOKED_ROWS);
    const width = rows[0]?.length ?? 0;
    if (width < 2) continue;
    const worth = (rows.filter((row) => row.length === width).length / rows.length) * 100 + Math.min(width, 50);
    if (worth > best.worth) best = { separator, worth };
  }
  return best.separator;
}

/** RFC 4180, with any end of line; blank rows are left out. `isOpen` tells of a quote without an end. */
function readRows(text: string, separator: string): { rows: string[][]; isOpen: boolean } {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  let isOpen = false;
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      const quoted = readQuoted(text, at + 1);
      ({ cell } = quoted);
      isOpen ||= quoted.isOpen;
      at = quoted.end;
    } else cell = "";
    // Whatever stands between a closing quote and the next separator belongs to the cell.
    const from = at;
    while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
    row.push(cell + text.slice(from, at));
    if (text[at] === separator) {
      at++;
      if (at === text.length) row.push("");
      continue;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    if (row.some((one) => one.trim() !== "")) rows.push(row);
    row = [];
  }
  if (row.some((one) => one.trim() !== "")) rows.push(row);
  return { rows, isOpen };
}

function readQuoted(text: string, from: number): { cell: string; end: number; isOpen: boolean } {
  const parts: string[] = [];
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { cell: parts.join("") + text.slice(at), end: text.length, isOpen: true };
    parts.push(text.slice(at, quote));
    if (text[quote + 1] !== '"') return { cell: parts.join(""), end: quote + 1, isOpen: false };
    parts.push('"');
    at = quote + 2;
  }
}
