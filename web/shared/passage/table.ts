import type { Span } from "../wire/contract.ts";
import type { Line } from "./line.ts";

export interface Table {
  kind: "table";
  /** Missing where a passage begins in the middle of a table. */
  head?: Cell[];
  /** Rows may be shorter than the table is wide. */
  rows: Cell[][];
  columns: ("start" | "center" | "end" | undefined)[];
}

/** Where the words of a cell stand; several stretches where the backslash of `\|` is left out between them. */
export type Cell = Span[];

const RULE = /^\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?$/;
const BAR = /(?<!\\)\|/;

/** The table that begins at a line, and the line after it. */
export function readTable(lines: readonly Line[], at: number): { table: Table; next: number } | undefined {
  const first = lines[at];
  if (!first || !BAR.test(first.text)) return undefined;
  const from = bodyOf(lines, at, first);
  if (from === undefined) return undefined;
  const rows: Cell[][] = [];
  let next = from;
  for (let line = lines[next]; line && isRow(line, first) && !isHead(lines, next); line = lines[++next]) {
    rows.push(cellsOf(line));
  }
  const rule = lines[from - 1];
  const aligned = rule && from > at ? alignments(rule) : [];
  const head = from === at + 2 ? cellsOf(first) : undefined;
  const width = Math.max(head?.length ?? 0, ...rows.map((row) => row.length));
  const columns = Array.from({ length: width }, (_, column) => aligned[column]);
  return { table: { kind: "table", ...(head && { head }), rows, columns }, next };
}

/** The line on which the rows of a table begin: below its head, below a rule whose head was cut off, or at once. */
function bodyOf(lines: readonly Line[], at: number, first: Line): number | undefined {
  if (isHead(lines, at)) return at + 2;
  const second = lines[at + 1];
  if (isRule(first)) return first.text.trim().startsWith("|") && second && isFenced(second) ? at + 1 : undefined;
  return isFenced(first) && cellsOf(first).length > 1 ? at : undefined;
}

function isHead(lines: readonly Line[], at: number): boolean {
  const [first, second] = [lines[at], lines[at + 1]];
  if (!first || !second || !BAR.test(first.text) || isRule(first) || !isRule(second)) return false;
  return cellsOf(first).length === cellsOf(second).length;
}

function isRule({ text }: Line): boolean {
  return text.includes("|") && RULE.test(text.trim());
}

/** Unmistakably a row, also without a rule near it. A formula such as `|x|` is none. */
function isFenced({ text }: Line): boolean {
  const row = text.trim();
  return row.startsWith("| ") && row.endsWith(" |");
}

function isRow(line: Line, first: Line): boolean {
  const begins = ({ text }: Line): boolean => text.trimStart().startsWith("|");
  return BAR.test(line.text) && (begins(line) || !begins(first));
}

function alignments(rule: Line): Table["columns"] {
  return cellsOf(rule).map(([span]) => {
    const mark = span ? rule.text.slice(span.start - rule.start, span.end - rule.start) : "";
    if (mark.endsWith(":")) return mark.startsWith(":") ? "center" : "end";
    return mark.startsWith(":") ? "start" : undefined;
  });
}

function cellsOf({ text, start }: Line): Cell[] {
  const cells: Cell[] = [[]];
  let from = 0;
  const add = (to: number): void => {
    if (to > from) cells.at(-1)?.push({ start: start + from, end: start + to });
  };
  for (const { 0: sign, index } of text.matchAll(/\\?\|/g)) {
    add(index);
    // The bar of `\|` is a word like any other.
    from = index + 1;
    if (sign === "|") cells.push([]);
  }
  add(text.length);
  const trimmed = cells.map((cell) => trim(cell, text, start));
  if (trimmed.length > 1 && trimmed[0]?.length === 0) trimmed.shift();
  if (trimmed.length > 1 && trimmed.at(-1)?.length === 0) trimmed.pop();
  return trimmed;
}

/** A cell without the blanks around its words. */
function trim(cell: Cell, text: string, offset: number): Cell {
  const spans = cell.map((span) => ({ ...span }));
  const first = spans[0];
  const last = spans.at(-1);
  if (first) first.start = first.end - text.slice(first.start - offset, first.end - offset).trimStart().length;
  if (last) last.end = last.start + text.slice(last.start - offset, last.end - offset).trimEnd().length;
  return spans.filter(({ start, end }) => end > start);
}
