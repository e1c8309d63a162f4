import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Kysely as Builder, Transaction } from "kysely";
import { FlowsteadError } from "../../../base/error/error.ts";
import { Kysely, sql } from "../../kysely.ts";
import { applyMigrations } from "../../migration.ts";
import type { Committed, RecordStore } from "../../record-store.ts";
import { type SqliteDatabase, openDatabase } from "./database.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { sqliteError } from "./sqlite-error.ts";
import { WalSync } from "./wal-sync.ts";

export interface SqliteStoreOptions {
  file: string;
  /** How long a statement waits for another program that holds the file. */
  busyTimeoutMs?: number;
  /** For tests; the default takes Node's own SQLite where there is one. */
  engine?: "any" | "node" | "libsql";
}

/** Records in one SQLite file. @throws FlowsteadError `StoreUnavailable`, `StoreDamaged` or `StoreLocked`. */
export async function sqliteStore(options: SqliteStoreOptions): Promise<RecordStore> {
  const { file, busyTimeoutMs = 2_000, engine } = options;
  let database: SqliteDatabase | undefined;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    database = openDatabase(file, engine);
    prepareDatabase(database, busyTimeoutMs);
  } catch (thrown) {
    database?.close();
    throw sqliteError(thrown, file);
  }
  return overDatabase(database, file);
}

function prepareDatabase(database: SqliteDatabase, busyTimeoutMs: number): void {
  database.exec(`pragma busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
  database.exec("pragma journal_mode = wal");
  // A commit outlives the death of the process; that it outlives a power cut too is the work of WalSync.
  database.exec("pragma synchronous = normal");
  database.exec("pragma foreign_keys = on");
}

function overDatabase(database: SqliteDatabase, file: string): RecordStore {
  const kysely = new Kysely<unknown>({ dialect: sqliteDialect(database, file) });
  const wal = new WalSync(file);
  const commit = async <Schema, Result>(
    work: (transaction: Transaction<Schema>) => Promise<Result>,
  ): Promise<Committed<Result>> => {
    const result = await kysely
      .transaction()
      .execute((transaction) => work(transaction as unknown as Transaction<Schema>));
    const durable = wal.sync().catch((thrown: unknown) => {
      throw sqliteError(thrown, file);
    });
    // Who does not wait for it is not told, and the process goes on.
    durable.catch(() => undefined);
    return { result, durable };
  };
  const write = async <Schema, Result>(
    work: (transaction: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> => {
    const { result, durable } = await commit(work);
    await durable;
    return result;
  };
  let closed: Promise<void> | undefined;
  return {
    name: file,
    tables: <Schema>() => kysely as unknown as Builder<Schema>,
    write,
    commit,
    migrate: (part, migrations) => applyMigrations(write, part, migrations),
    async check() {
      try {
        const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(kysely);
        const broken = await sql<{ table: string }>`pragma foreign_key_check`.execute(kysely);
        const faults = rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
        return [...faults, ...broken.rows.map((row) => `a row of ${row.table} refers to a row that is not there`)];
      } catch (thrown) {
        if (thrown instanceof FlowsteadError && thrown.code === "StoreDamaged") return [thrown.message];
        throw thrown;
      }
    },
    close() {
      closed ??= closeAll(kysely, wal);
      return closed;
    },
  };
}

/** Folds the write-ahead log into the file, so that a copy of the one file is a whole backup. */
async function closeAll(kysely: Builder<unknown>, wal: WalSync): Promise<void> {
  await wal.close();
  await sql`pragma wal_checkpoint(truncate)`.execute(kysely).catch(() => undefined);
  await kysely.destroy();
}
