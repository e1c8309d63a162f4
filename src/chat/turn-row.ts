// The statements of every turn, built once: what is read before a question is saved, and the rows of its beginning and its end.

import type { Kysely, RawBuilder } from "kysely";
import { sql } from "../store/kysely.ts";
import { statement } from "../store/statement.ts";
import type { ChatSchema, ConversationTable, MessageTable, RunTable } from "./schema.ts";

type Keyed<Key extends string> = Record<Key, string>;

export const conversationRow = statement<
  ChatSchema,
  Keyed<"id">,
  Pick<ConversationTable, "owner_id" | "active_leaf_id">
>((db, place) => db.selectFrom("conversation").select(["owner_id", "active_leaf_id"]).where("id", "=", place("id")));

export const runningRow = statement<ChatSchema, Keyed<"conversation_id">, Pick<RunTable, "id" | "message_id">>(
  (db, place) =>
    db
      .selectFrom("run")
      .select(["id", "message_id"])
      .where("conversation_id", "=", place("conversation_id"))
      .where("status", "=", "running"),
);

type Begun = Omit<ConversationTable, "activity">;

/** At the head of the list. */
export const insertConversation = statement<ChatSchema, Begun, unknown>((db, place) =>
  db.insertInto("conversation").values({
    id: place("id"),
    owner_id: place("owner_id"),
    title: place("title"),
    active_leaf_id: place("active_leaf_id"),
    activity: nextActivity(db),
    created_at: place("created_at"),
    updated_at: place("updated_at"),
  }),
);

/** To the head of the list, showing another leaf. */
export const moveConversation = statement<ChatSchema, Pick<Begun, "id" | "active_leaf_id" | "updated_at">, unknown>(
  (db, place) =>
    db
      .updateTable("conversation")
      .set({
        active_leaf_id: place("active_leaf_id"),
        activity: nextActivity(db),
        updated_at: place("updated_at"),
      })
      .where("id", "=", place("id")),
);

export const touchConversation = statement<ChatSchema, Pick<Begun, "id" | "updated_at">, unknown>((db, place) =>
  db
    .updateTable("conversation")
    .set({ updated_at: place("updated_at") })
    .where("id", "=", place("id")),
);

/** The order of a list must not hang on the clock. */
function nextActivity(db: Kysely<ChatSchema>): RawBuilder<number> {
  return sql<number>`(${db.selectFrom("conversation").select(sql`coalesce(max(activity), 0) + 1`.as("next"))})`;
}

type Said = Omit<MessageTable, "ordinal" | "parts" | "materialized_seq" | "error">;

/** The conversation's newest message, without parts. */
export const insertMessage = statement<ChatSchema, Said, unknown>((db, place) =>
  db.insertInto("message").values({
    id: place("id"),
    conversation_id: place("conversation_id"),
    parent_id: place("parent_id"),
    ordinal: sql<number>`(select coalesce(max(ordinal), 0) + 1 from message where conversation_id = ${place("conversation_id")})`,
    role: place("role"),
    status: place("status"),
    text: place("text"),
    parts: "[]",
    client_id: place("client_id"),
    run_id: place("run_id"),
    created_at: place("created_at"),
  }),
);

type Whole = Pick<MessageTable, "id" | "status" | "text" | "parts" | "materialized_seq" | "error">;

export const finishMessage = statement<ChatSchema, Whole, unknown>((db, place) =>
  db
    .updateTable("message")
    .set({
      status: place("status"),
      text: place("text"),
      parts: place("parts"),
      materialized_seq: place("materialized_seq"),
      error: place("error"),
    })
    .where("id", "=", place("id")),
);

export const insertRun = statement<
  ChatSchema,
  Pick<RunTable, "id" | "conversation_id" | "message_id" | "started_at">,
  unknown
>((db, place) =>
  db.insertInto("run").values({
    id: place("id"),
    conversation_id: place("conversation_id"),
    message_id: place("message_id"),
    status: "running",
    seq: 0,
    started_at: place("started_at"),
  }),
);

type Ended = Pick<RunTable, "id" | "status" | "seq" | "usage" | "error" | "duration_ms" | "ended_at">;

export const finishRun = statement<ChatSchema, Ended, unknown>((db, place) =>
  db
    .updateTable("run")
    .set({
      status: place("status"),
      seq: place("seq"),
      usage: place("usage"),
      error: place("error"),
      duration_ms: place("duration_ms"),
      ended_at: place("ended_at"),
    })
    .where("id", "=", place("id")),
);
