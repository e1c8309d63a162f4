// Rows of Parquet files, one row group at a time.

import { type FileHandle, open } from "node:fs/promises";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type AsyncBuffer, type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, float } from "../base/value.ts";

/** Rows that are decoded together; a row group may hold a million. */
const ROWS_AT_ONCE = 2000;
// Snappy, which is what files have unless asked otherwise, is built in.
const COMPRESSORS: Compressors = {
  GZIP: (input) => new Uint8Array(gunzipSync(input)),
  BROTLI: (input) => new Uint8Array(brotliDecompressSync(input)),
};

/** @throws FlowsteadError `InvalidUserData` for a file that is no Parquet, or compressed in a way that cannot be read. */
export async function* readParquet(location: string): AsyncGenerator<ValueMap> {
  const handle = await open(location, "r");
  try {
    const file = await asyncBuffer(handle);
    const metadata = await parquetMetadataAsync(file);
    const floats = new Set(
      metadata.schema.filter(({ type }) => type === "DOUBLE" || type === "FLOAT").map(({ name }) => name),
    );
    const total = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < total; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(total, rowStart + ROWS_AT_ONCE);
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors: COMPRESSORS });
      for (const row of rows) {
        yield Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cellValue(cell, floats.has(name))]));
      }
    }
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    throw new FlowsteadError(
      "InvalidUserData",
      `${location}: it cannot be read as Parquet: ${(thrown as Error).message}.`,
      {
        cause: thrown,
      },
    );
  } finally {
    await handle.close();
  }
}

async function asyncBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size: byteLength } = await handle.stat();
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** Times become text, bytes base64, as JSON has no words for them. */
function cellValue(cell: unknown, isFloat: boolean): Value {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "bigint") return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell;
  if (typeof cell === "number") return isFloat ? float(cell) : cell;
  if (cell instanceof Date) return cell.toISOString();
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString("base64");
  if (Array.isArray(cell) || ArrayBuffer.isView(cell))
    return Array.from(cell as ArrayLike<unknown>, (item) => cellValue(item, isFloat));
  if (typeof cell === "object")
    return Object.fromEntries(Object.entries(cell).map(([name, item]) => [name, cellValue(item, false)]));
  return cell as Value;
}
