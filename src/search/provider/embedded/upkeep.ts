import type { Table } from "@lancedb/lancedb";

// Rows written since the last upkeep are searched one by one, and each write leaves a small file and an old version. Joining
// files writes the whole table anew, so a large one waits longer: all upkeep of a table costs some times its size.
const COMMITS = 24;
const ROWS = 4000;
const ROWS_PER_COMMIT = 1000;
const SHARE_OF_ROWS = 0.1;
// A reader in another process finishes its query on the version it began with; none takes this long.
const KEEP_VERSIONS_MS = 10 * 60 * 1000;

export interface Upkeep {
  wrote(rows: number): void;
  /** Whether enough has been written for `run` to be worth its time. */
  due(): Promise<boolean>;
  /** Brings new rows into the full-text index, joins small files and drops old versions. */
  run(): Promise<void>;
}

export function upkeep(table: Table): Upkeep {
  let commits = 0;
  let rows = 0;
  /** Of the table, as it was at the last upkeep or when the first came into question. */
  let size: number | undefined;
  return {
    wrote(count) {
      commits += 1;
      rows += count;
    },
    async due() {
      if (commits < COMMITS && rows < ROWS) return false;
      size ??= await table.countRows();
      return commits >= Math.max(COMMITS, size / ROWS_PER_COMMIT) || rows >= Math.max(ROWS, size * SHARE_OF_ROWS);
    },
    async run() {
      commits = 0;
      rows = 0;
      size = await table.countRows();
      await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
    },
  };
}
