// The chat server's routes as functions.

import type {
  ConversationPage,
  FeedbackValue,
  RunSlice,
  Session,
  SourcePassage,
  StoredConversation,
} from "./contract.ts";
import { request, requestJson } from "./request.ts";

export interface Feedback {
  value: FeedbackValue;
  reasons?: string[];
  comment?: string;
}

/** The body of `POST /api/chat`. `messageId`: the message to answer again, or the question that this one replaces. */
export interface ChatRequest {
  id: string;
  messages: { id: string; role: "user"; parts: { type: "text"; text: string }[] }[];
  trigger: "submit-message" | "regenerate-message";
  messageId?: string;
}

const EVENT_STREAM = "text/event-stream";
const segment = encodeURIComponent;

export const api = {
  session: (signal?: AbortSignal) => requestJson<Session>("/api/session", { signal }),

  conversations(query: { q?: string; cursor?: string; limit?: number }, signal?: AbortSignal) {
    const search = new URLSearchParams({ limit: String(query.limit ?? 40) });
    if (query.cursor) search.set("cursor", query.cursor);
    if (query.q) search.set("q", query.q);
    return requestJson<ConversationPage>(`/api/conversations?${search}`, { signal });
  },

  conversation: (id: string, signal?: AbortSignal) =>
    requestJson<StoredConversation>(`/api/conversations/${segment(id)}`, { signal }),

  rename: (id: string, title: string) =>
    requestJson<unknown>(`/api/conversations/${segment(id)}`, { method: "PATCH", body: { title } }),

  /** Shows the branch of a conversation that goes through this message. */
  showBranch: (id: string, activeMessageId: string) =>
    requestJson<unknown>(`/api/conversations/${segment(id)}`, { method: "PATCH", body: { activeMessageId } }),

  remove: (id: string) => requestJson<unknown>(`/api/conversations/${segment(id)}`, { method: "DELETE" }),

  chat: (body: ChatRequest, signal: AbortSignal) =>
    request("/api/chat", { method: "POST", body, signal, accept: EVENT_STREAM }),

  stream: (id: string, after: number, signal: AbortSignal) =>
    request(`/api/chat/${segment(id)}/stream?after=${after}`, { signal, accept: EVENT_STREAM }),

  events: (id: string, after: number, signal: AbortSignal) =>
    requestJson<RunSlice | undefined>(`/api/chat/${segment(id)}/events?after=${after}&wait=20`, { signal }),

  /** `stopped` is false when nothing is being answered. */
  stop: (id: string) => requestJson<{ stopped: boolean }>(`/api/chat/${segment(id)}/stop`, { method: "POST" }),

  feedback: (messageId: string, body: Feedback) =>
    requestJson<unknown>(`/api/messages/${segment(messageId)}/feedback`, { method: "POST", body }),

  source: (messageId: string, n: number, signal?: AbortSignal) =>
    requestJson<SourcePassage>(`/api/sources/${segment(messageId)}/${n}`, { signal }),
};

export type Api = typeof api;
