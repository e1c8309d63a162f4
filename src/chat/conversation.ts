import type { Kysely, Selectable } from "kysely";
import { sql } from "../store/kysely.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { RecordStore } from "../store/record-store.ts";
import { newestLeaf, treeNodes } from "./message-tree.ts";
import type { ChatSchema, ConversationTable } from "./schema.ts";

export type Conversation = Selectable<ConversationTable>;

export interface ConversationSummary {
  id: string;
  title: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
}

export interface ConversationQuery {
  limit: number;
  /** `next` of the page before. */
  cursor?: number;
  /** Words that must stand in the title or in a message. */
  q?: string;
}

export interface ConversationPage {
  items: ConversationSummary[];
  next?: number;
}

/** The owner's conversations, the one with the latest turn first. */
export async function listConversations(
  db: Kysely<ChatSchema>,
  ownerId: string,
  { limit, cursor, q }: ConversationQuery,
): Promise<ConversationPage> {
  let query = db
    .selectFrom("conversation")
    .select(["id", "title", "activity", "created_at", "updated_at"])
    .where("owner_id", "=", ownerId)
    .orderBy("activity", "desc")
    .limit(limit + 1);
  if (cursor !== undefined) query = query.where("activity", "<", cursor);
  for (const word of q?.split(/\s+/).filter((each) => each !== "") ?? []) {
    const like = `%${word.replace(/[\\%_]/g, "\\$&")}%`;
    query = query.where(
      sql<boolean>`(title like ${like} escape '\\' or exists (
        select 1 from message where message.conversation_id = conversation.id and message.text like ${like} escape '\\'))`,
    );
  }
  const rows = await query.execute();
  const items = rows.slice(0, limit).map((row) => ({
    id: row.id,
    title: row.title,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
  const last = rows[limit - 1];
  return rows.length > limit && last ? { items, next: last.activity } : { items };
}

/** @throws FlowsteadError `NotFound` when it does not exist or belongs to somebody else: the two look the same. */
export async function ownConversation(db: Kysely<ChatSchema>, ownerId: string, id: string): Promise<Conversation> {
  const conversation = await db.selectFrom("conversation").selectAll().where("id", "=", id).executeTakeFirst();
  if (conversation?.owner_id !== ownerId) throw conversationNotFound(id);
  return conversation;
}

export function conversationNotFound(id: string): FlowsteadError {
  return new FlowsteadError("NotFound", `There is no conversation "${id}". It may have been deleted.`);
}

export async function renameConversation(
  store: RecordStore,
  ownerId: string,
  id: string,
  title: string,
): Promise<void> {
  await store.write<ChatSchema, void>(async (db) => {
    await ownConversation(db, ownerId, id);
    await db.updateTable("conversation").set({ title }).where("id", "=", id).execute();
  });
}

/** Shows the newest branch that goes through a message. @throws FlowsteadError `NotFound`. */
export async function showBranch(store: RecordStore, ownerId: string, id: string, messageId: string): Promise<void> {
  await store.write<ChatSchema, void>(async (db) => {
    await ownConversation(db, ownerId, id);
    const nodes = await treeNodes(db, id);
    if (!nodes.some((node) => node.id === messageId)) {
      throw new FlowsteadError("NotFound", `There is no message "${messageId}" in this conversation.`);
    }
    await db
      .updateTable("conversation")
      .set({ active_leaf_id: newestLeaf(nodes, messageId) })
      .where("id", "=", id)
      .execute();
  });
}

export async function removeConversation(store: RecordStore, ownerId: string, id: string): Promise<void> {
  await store.write<ChatSchema, void>(async (db) => {
    await ownConversation(db, ownerId, id);
    await db.deleteFrom("conversation").where("id", "=", id).execute();
  });
}
