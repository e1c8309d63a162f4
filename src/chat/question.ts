// Where a question goes in the tree, and the rows that are written before anything is called.

import type { Kysely, Transaction } from "kysely";
import { FlowsteadError } from "../base/error/error.ts";
import { sortableId, uuid } from "../base/id.ts";
import { conversationNotFound } from "./conversation.ts";
import type { RunIds } from "./live-run.ts";
import type { ChatSchema } from "./schema.ts";
import { titleOf } from "./title.ts";
import {
  conversationRow,
  insertConversation,
  insertMessage,
  insertRun,
  moveConversation,
  runningRow,
} from "./turn-row.ts";

export interface Question {
  conversationId: string;
  text: string;
  /** The id under which the page knows the question; the same id and text again is the same question. */
  clientId?: string;
  /** Another answer to the question that this message is, or answers. */
  regenerate?: boolean;
  /** The message to answer again, or the question that this one replaces (an edit). */
  messageId?: string;
  requestId?: string;
}

export interface SavedQuestion {
  ids: RunIds;
  text: string;
  /** The answer before the question: where the history ends. */
  leaf: string | null;
  /** Set when the conversation is new. */
  title?: string;
}

interface Place {
  text: string;
  parentId: string | null;
  /** The stored question, where there is one already. */
  questionId?: string;
}

/** Saves the question, its answer to come, and the run. @throws FlowsteadError `NotFound`, `InvalidRequest` or `RunActive`. */
export async function saveQuestion(
  db: Transaction<ChatSchema>,
  ownerId: string,
  question: Question,
): Promise<SavedQuestion> {
  const { conversationId } = question;
  const now = Date.now();
  const [found] = await conversationRow(db, { id: conversationId });
  if (found ? found.owner_id !== ownerId : question.regenerate) throw conversationNotFound(conversationId);
  if (found) await refuseSecondRun(db, conversationId);
  const place = found ? await placeOf(db, question, found.active_leaf_id) : { text: question.text, parentId: null };
  const title = found ? undefined : titleOf(place.text);
  const questionId = place.questionId ?? sortableId();
  const ids: RunIds = { runId: uuid(), conversationId, questionId, messageId: sortableId() };
  const row = { id: conversationId, active_leaf_id: ids.messageId, updated_at: now };
  if (title === undefined) await moveConversation(db, row);
  else await insertConversation(db, { ...row, owner_id: ownerId, title, created_at: now });
  await insertMessages(db, ids, place, question.clientId ?? null);
  await insertRun(db, {
    id: ids.runId,
    conversation_id: conversationId,
    message_id: ids.messageId,
    started_at: now,
  });
  return { ids, text: place.text, leaf: place.parentId, ...(title !== undefined && { title }) };
}

async function refuseSecondRun(db: Kysely<ChatSchema>, conversationId: string): Promise<void> {
  const running = await runningRow(db, { conversation_id: conversationId });
  if (running.length > 0) throw runActive();
}

export function runActive(): FlowsteadError {
  return new FlowsteadError("RunActive", "This conversation is still being answered. Wait for the answer, or stop it.");
}

async function placeOf(db: Kysely<ChatSchema>, question: Question, leaf: string | null): Promise<Place> {
  if (question.regenerate) return askedBefore(db, question.conversationId, question.messageId ?? leaf);
  const edited = question.messageId && (await messageOf(db, question.conversationId, question.messageId));
  if (edited) return { text: question.text, parentId: edited.parent_id };
  const again = question.clientId && (await messageOf(db, question.conversationId, question.clientId));
  // The page sends a question again when it does not know whether it has arrived.
  if (again && again.role === "user" && again.text === question.text) {
    return { text: again.text, parentId: again.parent_id, questionId: again.id };
  }
  return { text: question.text, parentId: leaf };
}

/** The question that a message is, or answers. */
async function askedBefore(db: Kysely<ChatSchema>, conversationId: string, messageId: string | null): Promise<Place> {
  const message = messageId === null ? undefined : await messageOf(db, conversationId, messageId);
  const asked = message?.role === "assistant" ? await parentOf(db, message) : message;
  if (!asked) {
    throw new FlowsteadError(
      "NotFound",
      `There is no message "${messageId}" to answer again. Reload the conversation.`,
    );
  }
  return { text: asked.text, parentId: asked.parent_id, questionId: asked.id };
}

type Row = { id: string; parent_id: string | null; role: "user" | "assistant"; text: string };

const COLUMNS = ["id", "parent_id", "role", "text"] as const;

/** By our id or by the page's. */
function messageOf(db: Kysely<ChatSchema>, conversationId: string, id: string): Promise<Row | undefined> {
  return db
    .selectFrom("message")
    .select(COLUMNS)
    .where("conversation_id", "=", conversationId)
    .where((where) => where.or([where("id", "=", id), where("client_id", "=", id)]))
    .orderBy("ordinal", "desc")
    .executeTakeFirst();
}

async function parentOf(db: Kysely<ChatSchema>, message: Row): Promise<Row | undefined> {
  if (message.parent_id === null) return undefined;
  return db.selectFrom("message").select(COLUMNS).where("id", "=", message.parent_id).executeTakeFirst();
}

async function insertMessages(
  db: Kysely<ChatSchema>,
  ids: RunIds,
  place: Place,
  clientId: string | null,
): Promise<void> {
  const base = { conversation_id: ids.conversationId, created_at: Date.now() };
  if (place.questionId === undefined) {
    await insertMessage(db, {
      ...base,
      id: ids.questionId,
      parent_id: place.parentId,
      role: "user",
      status: "complete",
      text: place.text,
      client_id: clientId,
      run_id: null,
    });
  }
  await insertMessage(db, {
    ...base,
    id: ids.messageId,
    parent_id: ids.questionId,
    role: "assistant",
    status: "running",
    text: "",
    client_id: null,
    run_id: ids.runId,
  });
}
