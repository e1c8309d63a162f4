import type { Kysely } from "kysely";
import { sql } from "./kysely.ts";
import { FlowsteadError } from "../base/error/error.ts";

/** One step of a part's schema. A step that has been released is never changed: a new one is added behind it. */
export interface Migration {
  /** Unique in its part; shows in the database which steps it has seen. */
  id: string;
  up(schema: Kysely<unknown>): Promise<void>;
}

interface MigrationSchema {
  schema_migration: { part: string; position: number; id: string; applied_at: number };
}

type Write = <Result>(work: (transaction: Kysely<unknown>) => Promise<Result>) => Promise<Result>;

/** Applies what is missing, each step with its record in one transaction. @throws FlowsteadError `StoreTooNew`. */
export async function applyMigrations(write: Write, part: string, migrations: readonly Migration[]): Promise<void> {
  const applied = await write(async (transaction) => {
    await createRecord(transaction);
    const rows = await record(transaction)
      .selectFrom("schema_migration")
      .select("id")
      .where("part", "=", part)
      .orderBy("position")
      .execute();
    return rows.map((row) => row.id);
  });
  applied.forEach((id, position) => {
    if (migrations[position]?.id !== id) throw tooNew(part, id);
  });
  for (const [position, migration] of migrations.entries()) {
    if (position < applied.length) continue;
    await write(async (transaction) => {
      await migration.up(transaction);
      await record(transaction)
        .insertInto("schema_migration")
        .values({ part, position, id: migration.id, applied_at: Date.now() })
        .execute();
    });
  }
}

async function createRecord(transaction: Kysely<unknown>): Promise<void> {
  await transaction.schema
    .createTable("schema_migration")
    .ifNotExists()
    .addColumn("part", "text", (column) => column.notNull())
    .addColumn("position", "integer", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("applied_at", sql`bigint`, (column) => column.notNull())
    .addPrimaryKeyConstraint("schema_migration_key", ["part", "position"])
    .execute();
}

function record(transaction: Kysely<unknown>): Kysely<MigrationSchema> {
  return transaction;
}

function tooNew(part: string, id: string): FlowsteadError {
  return new FlowsteadError(
    "StoreTooNew",
    `The database has the step "${id}" of ${part}, which this version does not know. Start the version that wrote it, or another state folder with --home.`,
    { details: { part, migration: id } },
  );
}
