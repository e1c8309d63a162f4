// Several sources of rows become lines: rows of one line are those with one `line_number`, or with one position.

import { FlowsteadError } from "../base/error/error.ts";
import { Float, type ValueMap, pyRepr } from "../base/value.ts";
import { LINE_NUMBER } from "./mapping.ts";

/** Rows that can be read more than once, always in the same order. */
export interface Source {
  rows(): AsyncIterable<ValueMap>;
}

export interface SourceFacts {
  count: number;
  /** Whether any row has a `line_number`; rows without one are then left out. */
  numbered: boolean;
  /** Whether the line numbers only grow, so that sources can be joined without holding them. */
  ascending: boolean;
  /** Columns that any row has. */
  columns: Set<string>;
}

/**
 * Reads a source once, to know what joining it needs.
 * @param origin where its rows come from, for messages
 * @throws FlowsteadError `InvalidUserData` for a line number that is none.
 */
export async function examine(source: Source, origin: string): Promise<SourceFacts> {
  const facts: SourceFacts = { count: 0, numbered: false, ascending: true, columns: new Set() };
  let last = -1;
  for await (const row of source.rows()) {
    facts.count++;
    for (const column of Object.keys(row)) facts.columns.add(column);
    const line = lineNumber(row);
    if (line === undefined) continue;
    if (Number.isNaN(line)) {
      throw new FlowsteadError(
        "InvalidUserData",
        `${origin}: row ${facts.count} has the ${LINE_NUMBER} ${pyRepr(row[LINE_NUMBER] ?? null)}; it must be a whole number from 0, by which rows of several sources are joined. Give the column another name if it is something else.`,
      );
    }
    facts.numbered = true;
    if (line <= last) facts.ascending = false;
    last = line;
  }
  return facts;
}

/**
 * Checks that sources can be joined.
 * @throws FlowsteadError `InputMappingError` for an empty source, or sources without line numbers of different lengths.
 */
export function checkAligned(facts: ReadonlyMap<string, SourceFacts>): void {
  for (const [name, { count }] of facts) {
    if (count === 0) {
      throw new FlowsteadError(
        "InputMappingError",
        `The input for batch run is incorrect. Input from key '${name}' is an empty list, which means we cannot generate a single line input for the flow run. Please rectify the input and try again.`,
      );
    }
  }
  const lengths = Object.fromEntries(
    [...facts].filter(([, { numbered }]) => !numbered).map(([name, { count }]) => [name, count]),
  );
  if (new Set(Object.values(lengths)).size > 1) {
    throw new FlowsteadError(
      "InputMappingError",
      `The input for batch run is incorrect. Line numbers are not aligned. Some lists have dictionaries missing the 'line_number' key, and the lengths of these lists are different. List lengths are: ${pyRepr(lengths)}. Please make sure these lists have the same length or add 'line_number' key to each dictionary.`,
    );
  }
}

/**
 * The lines that every source has a row for: `{<source>: row, ..., line_number}`. Sources in ascending order are read
 * side by side and never held in memory.
 */
export async function* mergeByLine(
  sources: ReadonlyMap<string, Source>,
  facts: ReadonlyMap<string, SourceFacts>,
): AsyncIterable<ValueMap> {
  const names = [...sources.keys()];
  if (names.length === 0) return;
  const readers = names.map((name) => {
    const { numbered = false, ascending = true } = facts.get(name) ?? {};
    const rows = numberedRows(sources.get(name) as Source, numbered);
    return (ascending ? rows : sorted(rows))[Symbol.asyncIterator]();
  });
  try {
    const heads = await Promise.all(readers.map((reader) => reader.next()));
    for (;;) {
      const rows: NumberedRow[] = [];
      for (const head of heads) {
        if (head.done) return;
        rows.push(head.value);
      }
      const line = Math.max(...rows.map((row) => row.line));
      const isWhole = rows.every((row) => row.line === line);
      if (isWhole) {
        yield {
          ...Object.fromEntries(rows.map(({ row }, index) => [names[index] as string, row])),
          [LINE_NUMBER]: line,
        };
      }
      for (const [index, reader] of readers.entries()) {
        if (isWhole || (rows[index] as NumberedRow).line < line) heads[index] = await reader.next();
      }
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.return?.(undefined)));
  }
}

interface NumberedRow {
  line: number;
  row: ValueMap;
}

async function* numberedRows(source: Source, numbered: boolean): AsyncGenerator<NumberedRow> {
  let index = 0;
  for await (const row of source.rows()) {
    const line = numbered ? lineNumber(row) : index++;
    if (line !== undefined) yield { line, row };
  }
}

/** Undefined where a row has none, NaN where what it has is no line's number. Cells of a CSV file are text. */
function lineNumber({ [LINE_NUMBER]: given }: ValueMap): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string") return /^\d{1,15}$/.test(given.trim()) ? Number(given) : NaN;
  const line = given instanceof Float ? given.value : given;
  return Number.isSafeInteger(line) && (line as number) >= 0 ? (line as number) : NaN;
}

/** Holds all rows; of two with one number the later counts. */
async function* sorted(rows: AsyncIterable<NumberedRow>): AsyncGenerator<NumberedRow> {
  const held = new Map<number, NumberedRow>();
  for await (const row of rows) held.set(row.line, row);
  yield* [...held.values()].sort((a, b) => a.line - b.line);
}
