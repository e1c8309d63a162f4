// The vectors of a table that is too large to be compared one by one get an index: a graph of neighbours (HNSW) over numbers
// of one byte. It lies in the table's files, so it opens with them; the engine compares what was written since one by one,
// and what the graph finds is weighed anew by the whole numbers. It is made behind the queries, by one process at a time, as
// soon as writing rests; then rows that no index holds get into those of words and vectors too.

import path from "node:path";
import type { Table } from "@lancedb/lancedb";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import { lockState } from "../../../store/lock.ts";
import type { Engine } from "./engine.ts";

const NAME = "vector_idx";
// Of what the engine offers these keep recall@10 above 0.98 on clustered vectors, at half the work of its own choice.
const GRAPH = { numPartitions: 1, m: 16, efConstruction: 100 } as const;
/** Above this share of vectors beside the index, or that came to it since, it is made anew. */
const MOST_BESIDE = 0.2;
/**
 * Joining files writes the graph anew as well, and what is written waits for it. Above this share an index is being filled,
 * and does without one until that has come to its end.
 */
const MOST_BESIDE_AT_JOINING = 0.05;
/** What came since lies in graphs of its own, each of which is searched. */
const MOST_GRAPHS = 4;
const MOST_GRAPHS_OF_OTHERS = 16;
/** So many rows are searched one by one, for a few milliseconds of each question. */
const MOST_UNINDEXED = 500;
const WORDS = "body_terms_idx";
const LEAST_QUIET_MS = 3_000;
const MOST_QUIET_MS = 60_000;
/** Making it takes about so long, and is in vain when writing has not come to its end. */
const QUIET_MS_PER_ROW = 0.1;

export interface NearestIndexParts {
  /** The index's own folder. */
  folder: string;
  engine: Engine;
  table: Table;
  log: Logger;
  /** Whether the vectors are compared one by one, as the index is now. */
  isExact(): Promise<boolean>;
  /** Whether all rows are searched in memory. */
  isResident(): Promise<boolean>;
  /** Whether files are being joined, which soon() is called after. */
  isJoining(): boolean;
  /** Brings all rows into the indexes that there are. */
  tidy(): Promise<void>;
}

export interface NearestIndex {
  readonly isBuilding: boolean;
  kind(): Promise<"exact" | "approximate">;
  /** Makes the index, if it is needed, when nobody has called this, nor `writing`, for some seconds. */
  soon(): void;
  /** A write or its upkeep has begun, and may take longer than a rest; `soon` is called at its end. */
  writing(): void;
  /**
   * Small files are about to be joined, which costs as much as making an index: one that is to be made anew goes first, and
   * with `isUnwanted` any. Tells whether one is left.
   */
  beforeJoining(isUnwanted: boolean): Promise<boolean>;
  /** Nothing is begun any more; what the engine is making goes on and is whole or not there. */
  close(): void;
}

export function nearestIndex(parts: NearestIndexParts): NearestIndex {
  const { folder, engine, table, log, isExact, isResident, isJoining, tidy } = parts;
  let timer: NodeJS.Timeout | undefined;
  let building: Promise<void> | undefined;
  let isClosed = false;
  /** How many rows the graph had that this process made. */
  let made: number | undefined;

  const isBeside = async (most = MOST_BESIDE): Promise<boolean> => {
    const stats = await table.indexStats(NAME);
    return stats !== undefined && stats.numUnindexedRows > most * stats.numIndexedRows;
  };
  /** Whether it has come to be too many graphs. */
  const isScattered = async (): Promise<boolean> => {
    const found = (await table.listIndices()).find(({ name }) => name === NAME);
    const { numSegments = 1, numIndexedRows = 0 } = found ?? {};
    if (made === undefined) return numSegments > MOST_GRAPHS_OF_OTHERS;
    return numSegments > MOST_GRAPHS && numIndexedRows > (1 + MOST_BESIDE) * made;
  };
  const isNeeded = async (): Promise<boolean> =>
    !(await isExact()) && ((await table.indexStats(NAME)) === undefined || (await isBeside()) || (await isScattered()));
  const isUntidy = async (): Promise<boolean> =>
    !(await isResident()) && ((await table.indexStats(WORDS))?.numUnindexedRows ?? 0) > MOST_UNINDEXED;

  const make = async (): Promise<void> => {
    if (isClosed || isJoining() || !((await isNeeded()) || (await isUntidy()))) return;
    const lock = await lockState(path.join(folder, "vectors")).catch((thrown: unknown) => {
      if (thrown instanceof FlowsteadError && thrown.code === "StateLocked") return undefined;
      throw thrown;
    });
    if (!lock) return;
    try {
      if (await isUntidy()) await tidy();
      if (isClosed || !(await isNeeded())) return;
      const started = performance.now();
      const config = engine.lance.Index.hnswSq({ distanceType: "cosine", ...GRAPH });
      await table.createIndex("vector", { config, name: NAME, replace: true });
      made = await table.countRows();
      log.info({ seconds: Math.round((performance.now() - started) / 1000) }, "the index of vectors is made");
    } finally {
      await lock.release();
    }
  };

  const build = (): Promise<void> => (building ??= make().finally(() => (building = undefined)));

  return {
    get isBuilding() {
      return building !== undefined;
    },
    kind: async () => ((await isExact()) || !(await table.indexStats(NAME)) ? "exact" : "approximate"),
    soon() {
      clearTimeout(timer);
      if (isClosed) return;
      const begin = (): void => {
        build().catch((thrown: unknown) => log.warn({ err: thrown }, "the index of vectors could not be made"));
      };
      const rest = (ms: number): void => {
        if (!isClosed) timer = setTimeout(begin, ms).unref();
      };
      timer = setTimeout(() => {
        const since = timer;
        table
          .countRows()
          .catch(() => 0)
          .then((rows) => {
            const left = Math.min(MOST_QUIET_MS, rows * QUIET_MS_PER_ROW) - LEAST_QUIET_MS;
            // Nothing has been written meanwhile.
            if (timer === since) rest(Math.max(0, left));
          })
          .catch(() => undefined);
      }, LEAST_QUIET_MS).unref();
    },
    writing: () => clearTimeout(timer),
    async beforeJoining(isUnwanted) {
      if ((await table.indexStats(NAME)) === undefined) return false;
      if (!isUnwanted && !(await isBeside(MOST_BESIDE_AT_JOINING))) return true;
      await table.dropIndex(NAME);
      return false;
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
