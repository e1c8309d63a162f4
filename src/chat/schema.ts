// The tables of the chat. Times are milliseconds since the epoch; columns named JSON hold JSON text.

import type { ColumnType } from "kysely";

export type RunStatus = "running" | "completed" | "stopped" | "error" | "interrupted";
export type MessageStatus = "complete" | "stopped" | "error" | "interrupted" | "running";

export interface ConversationTable {
  id: string;
  owner_id: string;
  title: string;
  /** The last message of the branch that is shown. */
  active_leaf_id: string | null;
  /** Rises with every turn over all conversations: the order of a list must not hang on the clock. */
  activity: number;
  created_at: number;
  updated_at: number;
}

export interface MessageTable {
  id: string;
  conversation_id: string;
  /** The message before it; several children of one message are branches. */
  parent_id: string | null;
  /** Position in the conversation by the time of writing, from 1. */
  ordinal: number;
  role: "user" | "assistant";
  status: MessageStatus;
  text: string;
  /** JSON: everything but the text. */
  parts: string;
  /** The id under which the page sent a question. */
  client_id: string | null;
  run_id: string | null;
  /** Last event of the run's log that is contained in the message. */
  materialized_seq: number | null;
  error: string | null;
  created_at: number;
}

export interface RunTable {
  id: string;
  conversation_id: string;
  message_id: string;
  status: RunStatus;
  seq: number;
  /** JSON */
  usage: string | null;
  /** JSON: the error's body. */
  error: string | null;
  duration_ms: number | null;
  started_at: number;
  ended_at: number | null;
}

/** Append-only. A row is a batch of events: `seq` is the number of the first, `last_seq` of the last. */
export interface RunEventTable {
  run_id: string;
  seq: number;
  last_seq: number;
  /** JSON array */
  events: string;
  at: ColumnType<number, number, never>;
}

export interface FeedbackTable {
  message_id: string;
  user_id: string;
  value: number;
  /** JSON array of strings */
  reasons: string;
  comment: string;
  updated_at: number;
}

export interface ChatSchema {
  conversation: ConversationTable;
  message: MessageTable;
  run: RunTable;
  run_event: RunEventTable;
  feedback: FeedbackTable;
}
