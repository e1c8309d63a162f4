// The log of runs. Events are collected for a moment and written for all runs in one statement, so that a hundred answers
// at once cost little more than one.

import type { Kysely, Transaction } from "kysely";
import type { Logger } from "../base/log.ts";
import { sql } from "../store/kysely.ts";
import type { RecordStore } from "../store/record-store.ts";
import { statement } from "../store/statement.ts";
import type { Logged, RunEvent } from "./event.ts";
import type { ChatSchema } from "./schema.ts";

export interface RunLog {
  /** Outlives this process within about 100 ms; a power cut when the run has ended. */
  append(runId: string, logged: Logged): void;
  /** Writes what is left of a run together with `last` and with what `commit` does, in one transaction. */
  finish(runId: string, last: Logged, commit: (db: Transaction<ChatSchema>) => Promise<void>): Promise<void>;
  /** Events after number `after` that are in the store. */
  read(runId: string, after: number): Promise<Logged[]>;
  /** Writes what is left of all runs. */
  close(): Promise<void>;
}

const FLUSH_MS = 100;
const RETRY_MS = 1_000;

export function createRunLog(store: RecordStore, log: Logger): RunLog {
  let pending = new Map<string, Logged[]>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = writing.then(flush);
    }, delayMs);
  }

  async function flush(): Promise<void> {
    const batch = pending;
    pending = new Map();
    if (batch.size === 0 || (await isWritten(batch))) return;
    // One run that cannot be written must not hold up the others.
    for (const [runId, events] of batch) {
      if (batch.size > 1 && (await isWritten(new Map([[runId, events]])))) continue;
      // The answer goes on, and what could not be written waits for the next attempt or for the end of its run.
      pending.set(runId, [...events, ...(pending.get(runId) ?? [])]);
      schedule(RETRY_MS);
    }
  }

  async function isWritten(batch: ReadonlyMap<string, readonly Logged[]>): Promise<boolean> {
    try {
      await insert(store.tables<ChatSchema>(), batch);
      return true;
    } catch (thrown) {
      log.error({ err: thrown, runs: [...batch.keys()] }, "the run log cannot be written");
      return false;
    }
  }

  return {
    append(runId, logged) {
      const events = pending.get(runId);
      if (events) events.push(logged);
      else pending.set(runId, [logged]);
      schedule(FLUSH_MS);
    },
    async finish(runId, last, commit) {
      await writing;
      const events = [...(pending.get(runId) ?? []), last];
      pending.delete(runId);
      await store.write<ChatSchema, void>(async (db) => {
        await insert(db, new Map([[runId, events]]));
        await commit(db);
      });
    },
    read: (runId, after) => readLog(store, runId, after),
    async close() {
      clearTimeout(timer);
      timer = undefined;
      writing = writing.then(flush);
      await writing;
      clearTimeout(timer);
    },
  };
}

const insertEvents = statement<ChatSchema, { rows: string }, unknown>(
  (_, place) => sql`insert into run_event (run_id, seq, last_seq, events, at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(${place("rows")})`,
);

async function insert(db: Kysely<ChatSchema>, batch: ReadonlyMap<string, readonly Logged[]>): Promise<void> {
  const at = Date.now();
  const rows: unknown[] = [];
  for (const [runId, events] of batch) {
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) continue;
    rows.push([runId, first.seq, last.seq, JSON.stringify(events.map((logged) => logged.event)), at]);
  }
  await insertEvents(db, { rows: JSON.stringify(rows) });
}

/** Stored events of a run after number `after`. */
export async function readLog(store: RecordStore, runId: string, after: number): Promise<Logged[]> {
  const rows = await store
    .tables<ChatSchema>()
    .selectFrom("run_event")
    .select(["seq", "events"])
    .where("run_id", "=", runId)
    .where("last_seq", ">", after)
    .orderBy("seq")
    .execute();
  return rows.flatMap((row) => {
    const events = JSON.parse(row.events) as RunEvent[];
    return events.map((event, index) => ({ seq: row.seq + index, event })).filter((logged) => logged.seq > after);
  });
}
