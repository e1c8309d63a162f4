// Tables without borders: texts that stand side by side in several rows, one beneath another, are its cells. A cell may be
// wrapped; content comes cell by cell, so that what stands beside a cell follows it, however many lines that has.

import { isRightToLeft } from "./direction.ts";
import { joinLines } from "./join.ts";
import type { Line, LinePart } from "./line.ts";

interface Fragment extends LinePart {
  y: number;
  size: number;
}

/** A column of one row. */
interface Cell {
  x: number;
  right: number;
  fragments: Fragment[];
}

/** What stands side by side: the lines of a paragraph, or the cells of a row. */
interface Band {
  lines: Line[];
  cells: Cell[];
}

// In font sizes.
const STEP = 1.6;
const ASCENT = 0.8;
const DESCENT = 0.25;
/** In lines: a taller cell is a column of a page. */
const TALLEST = 8;
/** In lines, on average over the cells of a table. */
const TALL = 4;

/** A page's lines with tables in place of the lines they are made of; a heading is in none. */
export function withTables(lines: readonly Line[], isHeading: (line: Line) => boolean): Line[] {
  const found: Line[] = [];
  const isTurned = isRightToLeft(lines.map(({ text }) => text).join(""));
  let rows: Band[] = [];
  const endTable = (): void => {
    found.push(...(tableOf(rows) ?? rows.flatMap((band) => band.lines)));
    rows = [];
  };
  for (const band of bandsOf(lines, { isHeading, isTurned })) {
    if (band.cells.length < 2) {
      endTable();
      found.push(...band.lines);
      continue;
    }
    const [before, row] = parted(band);
    if (before.length > 0) endTable();
    found.push(...before);
    rows.push(row);
  }
  endTable();
  return found;
}

interface Reading {
  isHeading(line: Line): boolean;
  /** From right to left: columns are taken in that order. */
  isTurned: boolean;
}

function bandsOf(lines: readonly Line[], { isHeading, isTurned }: Reading): Band[] {
  const bands: Band[] = [];
  for (const line of lines) {
    if (isHeading(line) || line.rows) {
      bands.push({ lines: [line], cells: [] });
      continue;
    }
    const fragments = line.parts.map((part) => {
      const place = isTurned ? { x: -part.right, right: -part.x } : {};
      return { ...part, ...place, y: line.y, size: line.fontSize };
    });
    const band = bands.at(-1);
    const first = fragments[0];
    const last = band?.cells.at(-1);
    // A line with several parts is a row of its own, unless the row above it, before its next cell, is still short of some.
    const mayGoOn = fragments.length === 1 || (bands.at(-2)?.cells.length ?? 0) > (band?.cells.length ?? 0);
    if (band && last && first && mayGoOn && goesOn(band, last, first)) {
      last.fragments.push(first);
      last.x = Math.min(last.x, first.x);
      last.right = Math.max(last.right, first.right);
      fragments.shift();
    } else if (!(band && last && first && isBeside(band, last, first))) bands.push({ lines: [], cells: [] });
    const into = bands.at(-1)!;
    into.lines.push(line);
    for (const one of fragments) into.cells.push({ x: one.x, right: one.right, fragments: [one] });
  }
  return bands;
}

/** The next line of the same cell. */
function goesOn({ cells }: Band, cell: Cell, { x, right, y, size }: Fragment): boolean {
  const above = cell.fragments.at(-1)!;
  const step = above.y - y;
  if (step <= size * 0.5 || step > size * STEP || Math.abs(size - above.size) > 1.5) return false;
  const before = cells.at(-2);
  return x < cell.right && right > cell.x && (!before || x >= before.right);
}

/** The first line of the next cell of the row. */
function isBeside({ cells }: Band, last: Cell, { x, y, size }: Fragment): boolean {
  if (x < last.right + size * 0.5) return false;
  const all = cells.flatMap(({ fragments }) => fragments);
  const top = Math.max(...all.map((one) => one.y + one.size * ASCENT));
  const bottom = Math.min(...all.map((one) => one.y - one.size * DESCENT));
  return y + size * ASCENT > bottom && y < top + size * TALLEST;
}

/** Lines that stand above the row and have come to its first cell: a paragraph close to the table. */
function parted(band: Band): [before: Line[], row: Band] {
  const [first, ...rest] = band.cells;
  const others = rest.flatMap(({ fragments }) => fragments);
  const top = Math.max(...others.map(({ y }) => y));
  const bottom = Math.min(...others.map(({ y }) => y));
  const above = first!.fragments.filter(({ y, size }) => y > top + size * 0.5);
  const below = first!.fragments.filter(({ y, size }) => y < bottom - size * 0.5);
  if (above.length <= below.length + 1 && !(above.length > 0 && below.length === 0)) return [[], band];
  const fragments = first!.fragments.filter((one) => !above.includes(one));
  if (fragments.length === 0) return [[], band];
  const before = band.lines.filter(({ y }) => above.some((one) => one.y === y));
  const own = { x: Math.min(...fragments.map(({ x }) => x)), right: Math.max(...fragments.map(({ right }) => right)) };
  const lines = band.lines.filter((line) => !before.includes(line));
  return [before, { lines, cells: [{ ...own, fragments }, ...rest] }];
}

function tableOf(rows: readonly Band[]): Line[] | undefined {
  if (rows.length < 2) return undefined;
  const cells = rows.flatMap((row) => row.cells);
  const height = cells.reduce((sum, { fragments }) => sum + fragments.length, 0);
  if (height > cells.length * TALL) return undefined;
  const widest = rows.reduce((most, row) => (row.cells.length > most.cells.length ? row : most));
  const columns = widest.cells.map(({ x, right }) => ({ x, right }));
  const texts = rows.map((row) => {
    const own = columns.map(() => "");
    for (const cell of row.cells) {
      const column = nearest(columns, cell);
      const text = cell.fragments.map((one) => one.text).reduce(joinLines);
      own[column] = own[column] ? `${own[column]} ${text}` : text;
      // What reaches over several columns says nothing of where one ends.
      if (columns.filter(({ x, right }) => x < cell.right && cell.x < right).length > 1) continue;
      columns[column]!.x = Math.min(columns[column]!.x, cell.x);
      columns[column]!.right = Math.max(columns[column]!.right, cell.right);
    }
    return own;
  });
  const [{ x, y, right, fontSize }] = rows[0]!.lines as [Line];
  return [{ text: texts.flat().join(" "), x, y, right, fontSize, parts: [], rows: texts }];
}

/** The column that a cell overlaps most, else the one next to it. */
function nearest(columns: readonly { x: number; right: number }[], { x, right }: Cell): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  columns.forEach((column, at) => {
    // Negative where they do not overlap: the gap between them.
    const overlap = Math.min(right, column.right) - Math.max(x, column.x);
    if (overlap > most) [best, most] = [at, overlap];
  });
  return best;
}
