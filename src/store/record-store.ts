// The port `RecordStore`: tables that survive a crash. A part of the system (chat, and later runs and identity) owns
// its tables and the migrations that make them; the store owns the file, the transactions and the errors.

import type { Kysely, Transaction } from "kysely";
import type { Migration } from "./migration.ts";

export interface RecordStore {
  /** Names the database in messages, such as its path. */
  readonly name: string;
  /**
   * For reading the tables of one part, and for one statement whose change has to outlive this process but not a power cut;
   * all else that changes rows goes through `write`. Inside `write` use the transaction it hands out: waiting for this one
   * would never end.
   */
  tables<Schema>(): Kysely<Schema>;
  /**
   * Does `work` in one transaction: all of it is durable when the promise resolves, none of it when it rejects.
   * Transactions run one after another, so keep anything slow out of `work`.
   * @throws FlowsteadError `StoreLocked`, `StoreFull`, `StoreDamaged` or `StoreUnavailable`.
   */
  write<Schema, Result>(work: (transaction: Transaction<Schema>) => Promise<Result>): Promise<Result>;
  /**
   * As `write`, but resolves as soon as the change outlives this process, while the disk is still waited for. What follows
   * from it may begin then; nobody may be told of it before `durable` resolves.
   */
  commit<Schema, Result>(work: (transaction: Transaction<Schema>) => Promise<Result>): Promise<Committed<Result>>;
  /**
   * Brings the tables of `part` to the last of `migrations`; those already applied are left out.
   * @throws FlowsteadError `StoreTooNew` when the database holds migrations that the list does not.
   */
  migrate(part: string, migrations: readonly Migration[]): Promise<void>;
  /** What is wrong with the database file, in the engine's words; empty when it is sound. Reads all of it. */
  check(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Committed<Result> {
  result: Result;
  /** Resolves when the change outlives a power cut, too. @throws FlowsteadError `StoreUnavailable`. */
  durable: Promise<void>;
}
