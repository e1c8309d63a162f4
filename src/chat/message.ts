// Messages as the page reads them.

import type { Kysely } from "kysely";
import { FlowsteadError } from "../base/error/error.ts";
import { ownConversation } from "./conversation.ts";
import type { Citation } from "./event.ts";
import type { LiveRun } from "./live-run.ts";
import { type ContentPart, allParts } from "./message-content.ts";
import { branchTo, siblingsOf, treeNodes } from "./message-tree.ts";
import type { ChatSchema, MessageStatus } from "./schema.ts";

export interface ChatMessage {
  id: string;
  role: "user" | "assistant";
  /** Milliseconds since the epoch. */
  createdAt: number;
  status: MessageStatus;
  error?: string;
  parts: ContentPart[];
  /** How long the flow took for a complete answer. */
  durationMs?: number;
  /** Present when there are several messages at this place. */
  siblings?: { index: number; count: number; ids: string[] };
  /** What the reader thinks of it. */
  feedback?: { value: number };
}

export interface ConversationView {
  id: string;
  title: string;
  createdAt: number;
  /** The branch that is shown. */
  messages: ChatMessage[];
  /** A run that is going on, and the number of its last event that `messages` contains. */
  activeRun?: { runId: string; seq: number };
}

/** @throws FlowsteadError `NotFound`. */
export async function viewConversation(
  db: Kysely<ChatSchema>,
  ownerId: string,
  id: string,
  live: () => LiveRun | undefined,
): Promise<ConversationView> {
  const conversation = await ownConversation(db, ownerId, id);
  const nodes = await treeNodes(db, id);
  const branch = branchTo(nodes, conversation.active_leaf_id);
  const siblings = siblingsOf(nodes);
  const rows = await db
    .selectFrom("message")
    .leftJoin("feedback", (join) =>
      join.onRef("feedback.message_id", "=", "message.id").on("feedback.user_id", "=", ownerId),
    )
    .leftJoin("run", "run.id", "message.run_id")
    .select(["message.id", "role", "message.created_at", "message.status", "message.error", "text", "parts", "value"])
    .select("run.duration_ms")
    .where("message.conversation_id", "=", id)
    .execute();
  // Read last and without waiting after it: the content and its number belong together.
  const run = live();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const messages = branch.flatMap((messageId): ChatMessage[] => {
    const row = byId.get(messageId);
    if (!row) return [];
    const isLive = run?.ids.messageId === messageId;
    const content = isLive ? run.content : { text: row.text, parts: JSON.parse(row.parts) as ContentPart[] };
    const ids = siblings(messageId);
    return [
      {
        id: row.id,
        role: row.role,
        createdAt: row.created_at,
        status: isLive ? "running" : row.status,
        ...(row.error !== null && { error: row.error }),
        parts: allParts(content),
        ...(!isLive && row.status === "complete" && row.duration_ms !== null && { durationMs: row.duration_ms }),
        ...(ids.length > 1 && { siblings: { index: ids.indexOf(messageId), count: ids.length, ids } }),
        ...(row.value !== null && { feedback: { value: row.value } }),
      },
    ];
  });
  return {
    id,
    title: conversation.title,
    createdAt: conversation.created_at,
    messages,
    // A run on another branch, or one that began after the branch was read, is not this page's.
    ...(run && branch.includes(run.ids.messageId) && { activeRun: { runId: run.ids.runId, seq: run.seq } }),
  };
}

/** An answer of the owner's, its conversation and its stored parts. @throws FlowsteadError `NotFound`. */
export async function ownAnswer(
  db: Kysely<ChatSchema>,
  ownerId: string,
  messageId: string,
): Promise<{ conversationId: string; parts: ContentPart[] }> {
  const row = await db
    .selectFrom("message")
    .innerJoin("conversation", "conversation.id", "message.conversation_id")
    .select(["message.parts", "message.role", "conversation.id", "conversation.owner_id"])
    .where("message.id", "=", messageId)
    .executeTakeFirst();
  if (row?.owner_id !== ownerId || row.role !== "assistant") {
    throw new FlowsteadError("NotFound", `There is no answer "${messageId}".`);
  }
  return { conversationId: row.id, parts: JSON.parse(row.parts) as ContentPart[] };
}

/** @throws FlowsteadError `NotFound`. */
export function citationIn(parts: readonly ContentPart[], n: number): Citation {
  for (const part of parts) if (part.type === "data-citation" && part.data.n === n) return part.data;
  throw new FlowsteadError("NotFound", `This answer has no citation [${n}].`);
}
