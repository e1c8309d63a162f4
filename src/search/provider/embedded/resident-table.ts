// Keeps the passages of a table in memory, as long as they are few enough, and up to date: own writes are applied as they
// are made; what another process has written is read when the table has a version that is not known.

import { setImmediate } from "node:timers/promises";
import type { Table } from "@lancedb/lancedb";
import { ResidentPassages } from "../../resident/passages.ts";
import { rowsOf } from "./column.ts";
import { termsOf } from "./row.ts";

/** Of an index that is kept in memory, and whose vectors are compared one by one. */
export const MOST_PASSAGES = 50_000;
const MOST_VECTOR_BYTES = 256 * 2 ** 20;

/** Whether so many passages are kept in memory. */
export function fitsInMemory(count: number, dimensions: number, most: number): boolean {
  return count <= most && count * dimensions * Float32Array.BYTES_PER_ELEMENT <= MOST_VECTOR_BYTES;
}

export interface ResidentTable {
  /** The passages as they are now, or undefined where the engine has to be asked. */
  current(): Promise<ResidentPassages | undefined>;
  /** As `current`, but tells `reading` where passages have to be read first and that takes a while; reading has begun. */
  atHand(): Promise<ResidentPassages | "reading" | undefined>;
  /** Writes through `work` and then applies `change`, unless another process has written too. */
  writing<T>(work: () => Promise<T>, change: (passages: ResidentPassages) => void): Promise<T>;
  /** Stops what is being read. */
  settle(): Promise<void>;
}

/** So many passages are read at once: a question waits for them no longer than it would take elsewhere. */
const READ_AT_ONCE = 2000;

interface ResidentEvents {
  /** Once for each version of the table that is not kept in memory. */
  tooLarge(): void;
  /** All passages of a version have been read. */
  wasRead(passages: ResidentPassages, version: number): void;
}

export function residentTable(table: Table, fits: (count: number) => boolean, events: ResidentEvents): ResidentTable {
  let known: { version: number; passages: ResidentPassages } | undefined;
  let tooMany: number | undefined;
  let looking: Promise<ResidentPassages | undefined> | undefined;
  let waiting: Promise<ResidentPassages | undefined> | undefined;
  let isStopped = false;

  const look = async (): Promise<ResidentPassages | undefined> => {
    const version = await table.version();
    if (known?.version === version) return known.passages;
    if (tooMany === version) return undefined;
    if (!fits(await table.countRows())) {
      known = undefined;
      tooMany = version;
      events.tooLarge();
      return undefined;
    }
    const passages = new ResidentPassages();
    for await (const batch of table.query()) {
      for (const { passage, body, field } of rowsOf(batch)) {
        passages.put(passage, termsOf({ body_terms: body, field_terms: field }));
      }
      // Whoever else waits for this process gets a turn between two batches.
      await setImmediate();
      if (isStopped) return undefined;
    }
    // When it was written to meanwhile, the next query reads again.
    if ((await table.version()) === version) {
      known = { version, passages };
      events.wasRead(passages, version);
    }
    return passages;
  };

  const resident: ResidentTable = {
    async atHand() {
      const version = await table.version();
      if (known?.version === version) return known.passages;
      if (tooMany === version) return undefined;
      const count = await table.countRows();
      const found = resident.current();
      if (!fits(count) || count <= READ_AT_ONCE) return found;
      // Whoever waits for it hears why it failed.
      found.catch(() => undefined);
      return "reading";
    },
    current() {
      // A look that is under way may be older than a write that this caller has seen: the next one serves all who wait.
      if (!looking) return (looking = look().finally(() => (looking = undefined)));
      waiting ??= looking
        .catch(() => undefined)
        .then(() => {
          waiting = undefined;
          return (looking ??= look().finally(() => (looking = undefined)));
        });
      return waiting;
    },
    async writing(work, change) {
      const before = known?.version;
      const result = await work();
      if (known && before !== undefined && known.version === before) {
        const version = await table.version();
        if (version === before + 1) {
          change(known.passages);
          known.version = version;
        }
      }
      return result;
    },
    async settle() {
      isStopped = true;
      await Promise.allSettled([looking, waiting]);
    },
  };
  return resident;
}
