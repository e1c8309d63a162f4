// Tables in text: comma or tab between cells, quotes around cells that hold either, a quote or a line break.

import { FlowsteadError } from "../base/error/error.ts";
import type { ValueMap } from "../base/value.ts";
import { readText } from "./line-file.ts";

/**
 * Rows of a CSV or TSV file under the names of its first row. Every cell is text: the flow's input types decide.
 * @throws FlowsteadError `InvalidUserData` with file:line.
 */
export async function* readDelimited(file: string, separator: "," | "\t"): AsyncGenerator<ValueMap> {
  let names: string[] | undefined;
  for await (const { cells, line } of records(file, separator)) {
    if (!names) {
      names = distinct(cells);
      continue;
    }
    if (cells.length > names.length) {
      throw new FlowsteadError(
        "InvalidUserData",
        `${file}:${line}: this row has ${cells.length} cells and the first row names ${names.length}. Put cells that hold the separator into double quotes.`,
      );
    }
    yield Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
  }
}

/** A name that comes again gets a number, as the original's reader does. */
function distinct(names: string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}.${count}`;
  });
}

interface TableRecord {
  cells: string[];
  /** Where it begins. */
  line: number;
}

async function* records(file: string, separator: string): AsyncGenerator<TableRecord> {
  let cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  let wasQuoted = false;
  let line = 1;
  let begins = 1;
  /** A quote inside quotes is the end of the cell or the first of two; the next character tells. */
  let pending = false;
  const ended: TableRecord[] = [];
  const endCell = (): void => {
    cells.push(cell);
    cell = "";
    wasQuoted = false;
  };
  const endRecord = (): void => {
    if (cell.endsWith("\r") && !wasQuoted) cell = cell.slice(0, -1);
    const isBlank = cells.length === 0 && cell === "" && !wasQuoted;
    endCell();
    if (!isBlank) ended.push({ cells, line: begins });
    cells = [];
    begins = line + 1;
  };
  for await (const text of readText(file)) {
    for (const char of text) {
      if (pending) {
        pending = false;
        if (char === '"') {
          cell += '"';
          continue;
        }
        isQuoted = false;
      }
      if (isQuoted) {
        if (char === '"') pending = true;
        else cell += char;
      } else if (char === '"' && cell === "" && !wasQuoted) isQuoted = wasQuoted = true;
      else if (char === separator) endCell();
      else if (char === "\n") endRecord();
      else if (!(char === "\r" && wasQuoted)) cell += char;
      if (char === "\n") line++;
    }
    yield* ended.splice(0);
  }
  if (isQuoted && !pending) {
    throw new FlowsteadError("InvalidUserData", `${file}:${begins}: a quote is opened in this row and never closed.`);
  }
  if (cell !== "" || cells.length > 0 || wasQuoted) endRecord();
  yield* ended;
}
