// After a crash: answers that nobody is working on any more keep what was logged of them, and say so.

import type { RecordStore } from "../store/record-store.ts";
import { INTERRUPTED_TEXT } from "./error-text.ts";
import { ContentFold } from "./message-content.ts";
import { readLog } from "./run-log.ts";
import type { ChatSchema } from "./schema.ts";
import { runningRow } from "./turn-row.ts";

/**
 * Marks runs as interrupted that the store has as running, of one conversation or of all, and gives how many they were.
 * For runs of a dead process only: the caller knows that none of them is alive in this one, and the state folder has one writer.
 */
export async function interruptDeadRuns(store: RecordStore, conversationId?: string): Promise<number> {
  const db = store.tables<ChatSchema>();
  const runs =
    conversationId === undefined
      ? await db.selectFrom("run").select(["id", "message_id"]).where("status", "=", "running").execute()
      : await runningRow(db, { conversation_id: conversationId });
  for (const run of runs) await interrupt(store, run.id, run.message_id);
  return runs.length;
}

async function interrupt(store: RecordStore, runId: string, messageId: string): Promise<void> {
  const fold = new ContentFold();
  for (const logged of await readLog(store, runId, 0)) fold.push(logged);
  const seq = fold.seq;
  fold.push({ seq, event: { type: "error", text: INTERRUPTED_TEXT, interrupted: true } });
  const { text, parts } = fold.content();
  await store.write<ChatSchema, void>(async (db) => {
    await db
      .updateTable("message")
      .set({
        status: "interrupted",
        text,
        parts: JSON.stringify(parts),
        materialized_seq: seq,
        error: INTERRUPTED_TEXT,
      })
      .where("id", "=", messageId)
      .execute();
    await db
      .updateTable("run")
      .set({ status: "interrupted", seq, ended_at: Date.now() })
      .where("id", "=", runId)
      .execute();
  });
}

/** Logs of runs that ended before this moment are contained in their messages; nobody resumes them any more. */
export async function dropOldLogs(store: RecordStore, endedBefore: number): Promise<void> {
  await store.write<ChatSchema, unknown>((db) =>
    db
      .deleteFrom("run_event")
      .where("run_id", "in", (run) =>
        run.selectFrom("run").select("id").where("status", "!=", "running").where("ended_at", "<", endedBefore),
      )
      .execute(),
  );
}
