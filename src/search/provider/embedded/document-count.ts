// How many documents the rows of a table belong to. The engine counts rows, not what differs in them, and reading a million
// names takes a second: what was counted is known until the table has another version, also by the next process.

import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Table } from "@lancedb/lancedb";
import { z } from "zod";
import { writeFileAtomic } from "../../../store/atomic-file.ts";

const FILE = "documents.json";
/** Fewer rows are read sooner than a file would be. */
const LEAST_STORED = 2000;
/** Of one version; a caller's groups are one condition. */
const MOST_CONDITIONS = 100;

const shape = z.object({ format: z.literal(1), version: z.int(), documents: z.int().min(0) });

export interface DocumentCount {
  /** Of the rows that `where` describes; of all when it is undefined. */
  of(where: string | undefined): Promise<number>;
}

export function documentCount(table: Table, folder: string): DocumentCount {
  let known: { version: number; counts: Map<string, Promise<number>> } | undefined;

  const count = async (where: string | undefined, version: number): Promise<number> => {
    if (where !== undefined) return read(table, where);
    const stored = await readStored(folder);
    if (stored?.version === version) return stored.documents;
    const documents = await read(table);
    // What was written meanwhile may have been counted or not.
    const isOfVersion = (await table.version()) === version;
    if (!isOfVersion) known = undefined;
    else if ((await table.countRows()) >= LEAST_STORED) {
      const text = JSON.stringify({ format: 1, version, documents } satisfies z.input<typeof shape>);
      // A folder that this process may only read has none.
      await writeFileAtomic(path.join(folder, FILE), text).catch(() => undefined);
    }
    return documents;
  };

  return {
    async of(where) {
      const version = await table.version();
      if (known?.version !== version || known.counts.size >= MOST_CONDITIONS) known = { version, counts: new Map() };
      const { counts } = known;
      const condition = where ?? "";
      const found = counts.get(condition) ?? count(where, version);
      counts.set(condition, found);
      found.catch(() => counts.delete(condition));
      return found;
    },
  };
}

async function read(table: Table, where?: string): Promise<number> {
  const ids = new Set<string>();
  let last: string | undefined;
  const query = table.query().select(["document_id"]);
  for await (const batch of where === undefined ? query : query.where(where)) {
    for (const { values, valueOffsets, length } of batch.getChild("document_id")?.data ?? []) {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      for (let at = 0; at < length; at++) {
        // One character for each byte tells names apart as well as their text does, and is made sooner.
        const id = bytes.toString("latin1", valueOffsets[at], valueOffsets[at + 1]);
        if (id !== last) ids.add(id);
        last = id;
      }
    }
  }
  return ids.size;
}

async function readStored(folder: string): Promise<z.output<typeof shape> | undefined> {
  const text = await readFile(path.join(folder, FILE), "utf8").catch(() => undefined);
  try {
    return text === undefined ? undefined : shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
