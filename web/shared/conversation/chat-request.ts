import type { ChatRequest } from "../wire/api.ts";
import type { ChatMessage } from "./message.ts";

export interface AskOptions {
  /** The stored answer to which another one is wanted. */
  answered?: string;
  /** The stored question that this one replaces. */
  replaced?: string;
}

/** A new question; another answer to an old one; or an old question in new words. */
export function chatRequest(id: string, question: ChatMessage, { answered, replaced }: AskOptions = {}): ChatRequest {
  const messageId = answered ?? replaced;
  return {
    id,
    messages: [{ id: question.id, role: "user", parts: [{ type: "text", text: question.text }] }],
    trigger: answered ? "regenerate-message" : "submit-message",
    ...(messageId ? { messageId } : {}),
  };
}
