// Tables whose cells are parted by lines: which text stands in which cell, however it is wrapped, centred or merged.

import { isRightToLeft } from "./direction.ts";
import { joinLines } from "./join.ts";
import { type Line, type TextRun, toLines } from "./line.ts";
import type { Rule, Rules } from "./rule.ts";
import { type SpannedCell, spreadRows } from "../table.ts";

/** A table of a page; `cellOf` tells where a run stands, undefined outside. */
interface Grid {
  rows: GridCell[][];
  cellOf(run: TextRun): GridCell | undefined;
}

interface GridCell extends Omit<SpannedCell, "text"> {
  runs: TextRun[];
}

// Lines that belong together may miss each other by so much.
const NEAR = 2.5;
const FEWEST_CELLS = 4;
const MOST_LINES = 400;
/** What has more text in one cell parts a page and no table. */
const LONGEST_CELL = 2500;

/** Runs in the order of the page's content, joined to lines; a table with borders stands where the first run of it stands. */
export function toLinesAndTables(runs: readonly TextRun[], { horizontal, vertical }: Rules): Line[] {
  const grids = components(merged(horizontal), merged(vertical)).flatMap(
    ([across, down]) => gridOf(across, down) ?? [],
  );
  const gridOfRun = new Map<TextRun, Grid>();
  for (const run of runs) {
    if (run.str.trim() === "") continue;
    for (const grid of grids) {
      const cell = grid.cellOf(run);
      if (!cell) continue;
      cell.runs.push(run);
      gridOfRun.set(run, grid);
      break;
    }
  }
  const tables = new Set(grids.filter(isTable));
  const lines: Line[] = [];
  const done = new Set<Grid>();
  let loose: TextRun[] = [];
  const flush = (): void => {
    lines.push(...toLines(loose));
    loose = [];
  };
  for (const run of runs) {
    const grid = gridOfRun.get(run);
    if (!grid || !tables.has(grid)) loose.push(run);
    else if (!done.has(grid)) {
      flush();
      done.add(grid);
      const { x, y, width, fontSize } = run;
      const spread = spreadRows(grid.rows.flatMap(rowsOf));
      const rows = isRightToLeft(spread.flat().join("")) ? spread.map((row) => row.toReversed()) : spread;
      lines.push({ text: rows.flat().join(" "), x, y, right: x + width, fontSize, parts: [], rows });
    }
  }
  flush();
  return lines;
}

function isTable({ rows }: Grid): boolean {
  const filled = rows.filter((row) => row.filter(({ runs }) => runs.length > 0).length > 1).length;
  const longest = Math.max(...rows.flat().map(({ runs }) => runs.reduce((sum, { str }) => sum + str.length, 0)));
  return filled > 1 && longest <= LONGEST_CELL;
}

/** One row, or several where lines part groups of them: all cells have as many lines, at the same heights, or none. */
function rowsOf(row: readonly GridCell[]): SpannedCell[][] {
  const cells = row.map(({ columns, rows, runs }) => ({ columns, rows, lines: toLines(runs) }));
  const filled = cells.filter(({ lines }) => lines.length > 0);
  const heights = filled[0]?.lines.map(({ y }) => y) ?? [];
  const isAligned = ({ lines }: { lines: readonly Line[] }): boolean =>
    lines.length === heights.length &&
    lines.every(({ y, fontSize }, at) => Math.abs(y - heights[at]!) < fontSize * 0.3);
  // Two cells of two lines each may be wrapped.
  const isSeveral = heights.length > 1 && filled.length > 1 && filled.length + heights.length > 4;
  const textOf = (lines: readonly Line[]): string =>
    lines.length === 0 ? "" : lines.map(({ text }) => text).reduce(joinLines);
  if (!isSeveral || !filled.every(isAligned) || cells.some(({ rows }) => rows > 1))
    return [cells.map(({ lines, ...cell }) => ({ ...cell, text: textOf(lines) }))];
  return heights.map((_, at) => cells.map(({ lines, ...cell }) => ({ ...cell, text: lines[at]?.text ?? "" })));
}

/** Pieces of one line as one. */
function merged(rules: readonly Rule[]): Rule[] {
  const found: Rule[] = [];
  const sorted = rules.toSorted((a, b) => a.at - b.at);
  for (let first = 0; first < sorted.length;) {
    let next = first + 1;
    while (next < sorted.length && sorted[next]!.at - sorted[next - 1]!.at < 1) next += 1;
    const same = sorted.slice(first, next).sort((a, b) => a.from - b.from);
    const { at } = sorted[first]!;
    for (const { from, to } of same) {
      const last = found.at(-1);
      if (last && last.at === at && from <= last.to + NEAR) last.to = Math.max(last.to, to);
      else found.push({ at, from, to });
    }
    first = next;
  }
  return found;
}

type Component = [across: Rule[], down: Rule[]];

/** Lines that touch one another, directly or by others. */
function components(across: readonly Rule[], down: readonly Rule[]): Component[] {
  if (across.length > MOST_LINES || down.length > MOST_LINES) return [];
  const open = new Set(down);
  const left = new Set(across);
  const found: Component[] = [];
  const touches = (row: Rule, column: Rule): boolean =>
    column.at >= row.from - NEAR &&
    column.at <= row.to + NEAR &&
    row.at >= column.from - NEAR &&
    row.at <= column.to + NEAR;
  for (const first of across) {
    if (!left.delete(first)) continue;
    const component: Component = [[first], []];
    const queue: { rule: Rule; isRow: boolean }[] = [{ rule: first, isRow: true }];
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { rule, isRow } = next;
      for (const other of isRow ? open : left) {
        if (!(isRow ? touches(rule, other) : touches(other, rule))) continue;
        (isRow ? open : left).delete(other);
        component[isRow ? 1 : 0].push(other);
        queue.push({ rule: other, isRow: !isRow });
      }
    }
    found.push(component);
  }
  return found;
}

function gridOf(across: readonly Rule[], down: readonly Rule[]): Grid | undefined {
  // From top to bottom, and from left to right.
  const ys = places(across).toReversed();
  const xs = places(down);
  const rowCount = ys.length - 1;
  const columnCount = xs.length - 1;
  if (rowCount < 1 || columnCount < 1 || rowCount * columnCount < FEWEST_CELLS) return undefined;
  const isParted = (rules: readonly Rule[], at: number, middle: number): boolean =>
    rules.some((rule) => Math.abs(rule.at - at) <= NEAR && rule.from <= middle && rule.to >= middle);
  const middleX = (column: number): number => (xs[column]! + xs[column + 1]!) / 2;
  const middleY = (row: number): number => (ys[row]! + ys[row + 1]!) / 2;
  const owner: (GridCell | undefined)[][] = Array.from({ length: rowCount }, () => []);
  const rows: GridCell[][] = Array.from({ length: rowCount }, () => []);
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) {
      if (owner[row]![column]) continue;
      let columns = 1;
      while (column + columns < columnCount && !isParted(down, xs[column + columns]!, middleY(row))) columns += 1;
      let height = 1;
      while (row + height < rowCount && !isParted(across, ys[row + height]!, middleX(column))) height += 1;
      const cell: GridCell = { columns, rows: height, runs: [] };
      for (let y = row; y < row + height; y++) for (let x = column; x < column + columns; x++) owner[y]![x] ??= cell;
      rows[row]!.push(cell);
    }
  }
  if (rows.flat().length < FEWEST_CELLS) return undefined;
  return {
    rows,
    cellOf({ x, y, width, fontSize }) {
      const column = xs.findLastIndex((at) => at <= x + width / 2);
      const row = ys.findLastIndex((at) => at >= y + fontSize * 0.3);
      return owner[row]?.[column];
    },
  };
}

/** Where lines stand, those of nearly the same place once, in order. */
function places(rules: readonly Rule[]): number[] {
  const found: number[] = [];
  for (const { at } of rules.toSorted((a, b) => a.at - b.at)) {
    if (found.length === 0 || at - found.at(-1)! > NEAR) found.push(at);
  }
  return found;
}
