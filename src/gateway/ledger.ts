// The usage ledger: one row for every call that used tokens. Rows are written in groups, since a call must not wait for a disk.

import type { Generated } from "kysely";
import { sql } from "../store/kysely.ts";
import type { Logger } from "../base/log.ts";
import type { Migration } from "../store/migration.ts";
import type { RecordStore } from "../store/record-store.ts";
import { dayOf } from "./day.ts";

export interface UsageRow {
  /** Milliseconds since the epoch. */
  at: number;
  principal: string;
  /** Empty for calls that come from no flow. */
  flow: string;
  model: string;
  prompt_tokens: number;
  completion_tokens: number;
  /** 1 when the provider did not tell, as for an answer that was broken off. */
  estimated: number;
  cost_micros: number;
}

interface UsageTable extends UsageRow {
  id: Generated<number>;
  /** In UTC, such as 2026-11-22. */
  day: string;
}

interface Schema {
  usage_record: UsageTable;
}

export interface UsageSum {
  principal: string;
  flow: string;
  model: string;
  day: string;
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
  /** Requests whose tokens are estimated. */
  estimated: number;
  cost_micros: number;
}

export type UsageField = "principal" | "flow" | "model" | "day";

export interface Ledger {
  add(row: UsageRow): void;
  /** Settles when everything added so far is durable. */
  flush(): Promise<void>;
  /** Sums by the fields named, from the day `since` on, which is written as 2026-11-22. */
  sums(fields: readonly UsageField[], since?: string): Promise<UsageSum[]>;
  close(): Promise<void>;
}

const bigint = sql`bigint`;
const PAUSE_MS = 250;
const MOST_WAITING = 50_000;
const GROUP = 500;

const MIGRATIONS: readonly Migration[] = [
  {
    id: "0001-usage",
    async up(db) {
      await db.schema
        .createTable("usage_record")
        .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("at", bigint, (column) => column.notNull())
        .addColumn("day", "text", (column) => column.notNull())
        .addColumn("principal", "text", (column) => column.notNull())
        .addColumn("flow", "text", (column) => column.notNull())
        .addColumn("model", "text", (column) => column.notNull())
        .addColumn("prompt_tokens", bigint, (column) => column.notNull())
        .addColumn("completion_tokens", bigint, (column) => column.notNull())
        .addColumn("estimated", "integer", (column) => column.notNull())
        .addColumn("cost_micros", bigint, (column) => column.notNull())
        .execute();
      await db.schema.createIndex("usage_by_day").on("usage_record").columns(["day", "principal"]).execute();
    },
  },
];

/** One statement whatever the number of rows, compiled once: built value by value it costs more than the call it tells of. */
function insertion(rows: readonly UsageRow[]): ReturnType<typeof sql> {
  const values = rows.map((row) => [
    row.at,
    dayOf(row.at),
    row.principal,
    row.flow,
    row.model,
    row.prompt_tokens,
    row.completion_tokens,
    row.estimated,
    row.cost_micros,
  ]);
  return sql`insert into usage_record
    (at, day, principal, flow, model, prompt_tokens, completion_tokens, estimated, cost_micros)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
    from json_each(${JSON.stringify(values)})`;
}

export async function openLedger(store: RecordStore, log: Logger): Promise<Ledger> {
  await store.migrate("usage", MIGRATIONS);
  let waiting: UsageRow[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    if (rows.length === 0) return;
    try {
      await store.write<Schema, void>(async (transaction) => {
        for (let from = 0; from < rows.length; from += GROUP) {
          await insertion(rows.slice(from, from + GROUP)).execute(transaction);
        }
      });
    } catch (thrown) {
      // Kept for the next try, as far as there is room: a full disk must not stop the calls.
      waiting = [...rows, ...waiting].slice(-MOST_WAITING);
      log.error({ err: thrown, rows: rows.length }, "usage could not be saved; it is kept and tried again");
      later();
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  };
  const later = (): void => {
    timer ??= setTimeout(() => void flush(), PAUSE_MS).unref();
  };

  return {
    add(row) {
      waiting.push(row);
      later();
    },
    flush,
    async sums(fields, since) {
      await flush();
      let query = store
        .tables<Schema>()
        .selectFrom("usage_record")
        .select(({ fn }) => [
          fn.countAll<number>().as("requests"),
          fn.sum<number>("prompt_tokens").as("prompt_tokens"),
          fn.sum<number>("completion_tokens").as("completion_tokens"),
          fn.sum<number>("estimated").as("estimated"),
          fn.sum<number>("cost_micros").as("cost_micros"),
        ]);
      if (since !== undefined) query = query.where("day", ">=", since);
      const rows =
        fields.length === 0
          ? await query.execute()
          : await query
              .select([...fields])
              .groupBy([...fields])
              .orderBy(fields[0] as UsageField)
              .execute();
      return rows.map((row) => ({ principal: "", flow: "", model: "", day: "", ...numbers(row) })) as UsageSum[];
    },
    async close() {
      await flush();
      clearTimeout(timer);
    },
  };
}

/** Databases give sums of large columns as text. */
function numbers(row: Record<string, unknown>): Record<string, unknown> {
  const names = ["requests", "prompt_tokens", "completion_tokens", "estimated", "cost_micros"];
  return { ...row, ...Object.fromEntries(names.map((name) => [name, Number(row[name] ?? 0)])) };
}
