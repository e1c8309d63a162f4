// A message as the page shows it, and how each part of the stream changes it. Pure.

import type {
  Citation,
  FeedbackValue,
  MessageStatus,
  NodeData,
  StoredMessage,
  StoredPart,
  StreamPart,
} from "../wire/contract.ts";

export interface ChatMessage {
  id: string;
  /** Stays the same when the server gives the message another id. */
  key: string;
  role: "user" | "assistant";
  createdAt: number;
  status: MessageStatus;
  text: string;
  nodes: NodeData[];
  citations: Citation[];
  error?: string;
  durationMs?: number;
  feedback?: FeedbackValue;
  /** The versions of this message, itself included: other answers, or earlier wordings of a question. */
  siblings?: { index: number; ids: string[] };
  /** The text part that the next delta continues; unknown after a reload. */
  textId?: string;
}

export function fromStored(stored: StoredMessage): ChatMessage {
  let message: ChatMessage = {
    id: stored.id,
    key: stored.id,
    role: stored.role === "user" ? "user" : "assistant",
    createdAt: stored.createdAt === undefined ? Date.now() : new Date(stored.createdAt).getTime(),
    status: stored.status ?? "complete",
    text: "",
    nodes: [],
    citations: [],
  };
  if (stored.error) message.error = stored.error;
  if (stored.durationMs !== undefined) message.durationMs = stored.durationMs;
  if (stored.feedback) message.feedback = stored.feedback.value;
  if (stored.siblings && stored.siblings.ids.length > 1) message.siblings = stored.siblings;
  for (const part of stored.parts) message = withStoredPart(message, part);
  return message;
}

function withStoredPart(message: ChatMessage, part: StoredPart): ChatMessage {
  if (part.type === "text" && typeof part.text === "string") {
    return { ...message, text: message.text ? `${message.text}\n\n${part.text}` : part.text };
  }
  if (part.type === "data-node" || part.type === "data-citation") return reduce(message, part as StreamPart);
  return message;
}

export function questionOf(text: string): ChatMessage {
  return { ...awaitedAnswer(), role: "user", status: "complete", text };
}

/** The empty answer that stands in the page from the moment of asking. */
export function awaitedAnswer(id: string = crypto.randomUUID()): ChatMessage {
  return {
    id,
    key: id,
    role: "assistant",
    createdAt: Date.now(),
    status: "running",
    text: "",
    nodes: [],
    citations: [],
  };
}

export function reduce(message: ChatMessage, part: StreamPart): ChatMessage {
  switch (part.type) {
    case "start":
      return part.messageId ? { ...message, id: part.messageId } : message;
    case "data-node":
      return { ...message, nodes: upsert(message.nodes, part.data, (node) => node.node === part.data.node) };
    case "data-restart":
      return { ...message, text: "", nodes: [], citations: [], textId: undefined };
    case "text-delta":
      return { ...message, text: joined(message, part), textId: part.id };
    case "data-citation":
      return {
        ...message,
        citations: upsert(message.citations, part.data, (citation) => citation.n === part.data.n),
      };
    case "error":
      return { ...settled(message), status: "error", error: part.errorText };
    case "abort":
      return { ...settled(message), status: "stopped" };
    case "finish": {
      const durationMs = part.messageMetadata?.durationMs;
      return {
        ...settled(message),
        status: message.status === "running" ? "complete" : message.status,
        ...(durationMs === undefined ? {} : { durationMs }),
      };
    }
    default:
      return message;
  }
}

/** No node is left running in an answer that has ended. */
export function settled(message: ChatMessage): ChatMessage {
  if (!message.nodes.some((node) => node.status === "running")) return message;
  const nodes = message.nodes.map((node) =>
    node.status === "running" ? { ...node, status: "canceled" as const } : node,
  );
  return { ...message, nodes };
}

function joined(message: ChatMessage, part: { id: string; delta: string }): string {
  const isNewPart = message.textId !== undefined && message.textId !== part.id && message.text !== "";
  return isNewPart ? `${message.text}\n\n${part.delta}` : message.text + part.delta;
}

function upsert<T>(items: T[], item: T, same: (other: T) => boolean): T[] {
  const at = items.findIndex(same);
  return at < 0 ? [...items, item] : items.with(at, item);
}
