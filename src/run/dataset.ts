// Data files and folders as rows.

import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";
import { readDelimited } from "./delimited.ts";
import { readLines, readText } from "./line-file.ts";
import type { Source } from "./merge.ts";
import { readParquet } from "./parquet.ts";
import { inlineImages } from "./row-image.ts";

export interface DatasetOptions {
  /** Rows after these are left out. */
  maxRows?: number | undefined;
  warn?(message: string): void;
}

/**
 * A file, or a folder with all files in it, in the order of their names. Image paths in rows are relative to their file.
 * @throws FlowsteadError `InvalidUserData` when there is no such file; while rows are read, for a fault with file:line.
 */
export async function openDataset(location: string, options: DatasetOptions = {}): Promise<Source> {
  const found = await stat(location).catch(() => undefined);
  if (!found) throw new FlowsteadError("InvalidUserData", `There is no data at ${location}. Name a file or folder.`);
  const isFolder = found.isDirectory();
  const files = isFolder ? await filesIn(location) : [location];
  const told = new Set<string>();
  const warn = (message: string): void => {
    if (!told.has(message)) options.warn?.(message);
    told.add(message);
  };
  return { rows: () => limited(allRows(files, warn), options.maxRows) };
}

/** Rows that are there already. */
export function rowsInMemory(rows: readonly ValueMap[]): Source {
  return {
    async *rows() {
      yield* rows;
    },
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

async function* allRows(files: readonly string[], warn: (message: string) => void): AsyncGenerator<ValueMap> {
  for (const file of files) {
    const { size } = await stat(file);
    if (size === 0) continue;
    for await (const row of readRows(file, warn)) yield await inlineImages(row, path.dirname(file));
  }
}

async function* limited(rows: AsyncIterable<ValueMap>, maxRows = Number.POSITIVE_INFINITY): AsyncGenerator<ValueMap> {
  let count = 0;
  if (maxRows <= 0) return;
  for await (const row of rows) {
    yield row;
    if (++count >= maxRows) return;
  }
}

function readRows(file: string, warn: (message: string) => void): AsyncIterable<ValueMap> {
  switch (path.extname(file).toLowerCase()) {
    case ".jsonl":
      return readJsonLines(file);
    case ".json":
      return readJsonTable(file);
    case ".csv":
      return readDelimited(file, ",");
    case ".tsv":
      return readDelimited(file, "\t");
    case ".parquet":
      return readParquet(file);
    default:
      return readUnknown(file, warn);
  }
}

async function* readJsonLines(file: string): AsyncGenerator<ValueMap> {
  for await (const lines of readLines(file)) {
    for (const { text, number } of lines) {
      if (text.trim() !== "") yield parseRow(text, `${file}:${number}`);
    }
  }
}

function parseRow(text: string, place: string): ValueMap {
  let row: Value;
  try {
    row = parseJson(text);
  } catch (thrown) {
    const why = (thrown as Error).message.replace(/ \(line 1, (column \d+)\)/, " ($1)");
    throw new FlowsteadError("InvalidUserData", `${place}: ${why}`, { cause: thrown });
  }
  if (isMap(row)) return row;
  throw new FlowsteadError("InvalidUserData", `${place}: a row must be a JSON object with one key per column.`);
}

/** A list of rows, or an object with a list (or an object with row names) per column. */
async function* readJsonTable(file: string): AsyncGenerator<ValueMap> {
  let table: Value;
  try {
    let text = "";
    for await (const piece of readText(file)) text += piece;
    table = parseJson(text);
  } catch (thrown) {
    if (thrown instanceof FlowsteadError && thrown.code === "InvalidUserData") throw thrown;
    throw new FlowsteadError("InvalidUserData", `${file}: ${(thrown as Error).message}`, { cause: thrown });
  }
  if (Array.isArray(table)) {
    for (const [index, row] of table.entries()) {
      if (!isMap(row)) {
        throw new FlowsteadError("InvalidUserData", `${file}: item ${index} of the list is not a JSON object.`);
      }
      yield row;
    }
    return;
  }
  const columns = isMap(table) ? Object.entries(table).map(([name, cells]) => ({ name, cells: cellsOf(cells) })) : [];
  if (columns.length === 0 || columns.some(({ cells }) => cells === undefined)) {
    throw new FlowsteadError("InvalidUserData", `${file}: the JSON must be a list of objects, one per row.`);
  }
  const keys = [...new Set(columns.flatMap(({ cells }) => [...(cells as Cells).keys()]))];
  for (const key of keys) yield Object.fromEntries(columns.map(({ name, cells }) => [name, cells?.get(key) ?? null]));
}

type Cells = Map<string, Value>;

function cellsOf(cells: Value): Cells | undefined {
  if (Array.isArray(cells)) return new Map(cells.map((cell, index) => [String(index), cell]));
  return isMap(cells) ? new Map(Object.entries(cells)) : undefined;
}

/** A file of another kind counts when its lines are JSON; images and scripts beside the data do not disturb. */
async function* readUnknown(file: string, warn: (message: string) => void): AsyncGenerator<ValueMap> {
  try {
    yield* readJsonLines(file);
  } catch (thrown) {
    if (!(thrown instanceof FlowsteadError) || thrown.code !== "InvalidUserData") throw thrown;
    warn(`File ${path.basename(file)} is not supported format: csv, tsv, json, jsonl, parquet. Ignoring it.`);
  }
}
