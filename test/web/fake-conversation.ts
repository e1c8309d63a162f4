// Conversations as the chat server keeps them: a tree of messages of which one branch is shown. Questions get an id of the
// server's; the id that the page gave is only remembered.

import { randomUUID } from "node:crypto";
import type { StoredMessage } from "../../web/shared/wire/contract.ts";
import type { FakeRun } from "./fake-run.ts";

interface FakeNode {
  message: StoredMessage;
  parent?: string;
  clientId?: string;
}

export interface FakeConversation {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  nodes: FakeNode[];
  leaf?: string;
  run?: FakeRun;
}

export interface Asked {
  text: string;
  clientId?: string;
  regenerate: boolean;
  messageId?: string;
}

export function newConversation(id: string, title: string, at = new Date().toISOString()): FakeConversation {
  return { id, title, createdAt: at, updatedAt: at, nodes: [] };
}

/** Puts a message at the end of the branch. */
export function append(conversation: FakeConversation, message: StoredMessage, parent = conversation.leaf): void {
  conversation.nodes.push({ message, parent });
  conversation.leaf = message.id;
}

/** The stored question for what was asked, new or old; undefined when there is nothing to answer again. */
export function questionFor(conversation: FakeConversation, asked: Asked): StoredMessage | undefined {
  const find = (id: string | undefined) =>
    conversation.nodes.find((node) => node.message.id === id || (id !== undefined && node.clientId === id));
  const named = find(asked.messageId);
  if (asked.regenerate) {
    const question = named?.message.role === "assistant" ? find(named.parent) : named;
    conversation.leaf = question?.message.id;
    return question?.message;
  }
  const again = find(asked.clientId);
  if (again && !named) {
    conversation.leaf = again.message.id;
    return again.message;
  }
  const message: StoredMessage = {
    id: `question-${randomUUID().slice(0, 8)}`,
    role: "user",
    createdAt: new Date().toISOString(),
    status: "complete",
    parts: [{ type: "text", text: asked.text }],
  };
  const parent = named ? named.parent : conversation.leaf;
  conversation.nodes.push({ message, parent, clientId: asked.clientId });
  conversation.leaf = message.id;
  return message;
}

/** Shows the newest branch through a message. */
export function showBranch(conversation: FakeConversation, messageId: string): void {
  let leaf: string | undefined = messageId;
  for (let next: string | undefined = messageId; next !== undefined;) {
    leaf = next;
    const at: string = next;
    next = conversation.nodes.findLast((node) => node.parent === at)?.message.id;
  }
  conversation.leaf = leaf;
}

/** The messages of the branch that is shown, each with its versions. */
export function branch(conversation: FakeConversation): StoredMessage[] {
  const messages: StoredMessage[] = [];
  for (let id = conversation.leaf; id !== undefined;) {
    const at: string = id;
    const node = conversation.nodes.find((each) => each.message.id === at);
    if (!node) break;
    const ids = conversation.nodes
      .filter((each) => each.parent === node.parent && each.message.role === node.message.role)
      .map((each) => each.message.id);
    const siblings = ids.length > 1 ? { siblings: { index: ids.indexOf(at), count: ids.length, ids } } : {};
    messages.unshift({ ...node.message, ...siblings });
    id = node.parent;
  }
  return messages;
}
