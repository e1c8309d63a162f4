// The run log as the AI SDK's UI message stream, version 1: the wire format, without the package.

import type { Citation, Logged, RunEvent, Step } from "./event.ts";

export const UI_STREAM_HEADERS = { "x-vercel-ai-ui-message-stream": "v1" } as const;
export const UI_STREAM_DONE = "data: [DONE]\n\n";

export type UiPart =
  | { type: "start"; messageId: string; messageMetadata: { runId: string; conversationId: string; questionId: string } }
  | { type: "start-step" }
  | { type: "data-node"; id: string; data: Step }
  | { type: "data-restart"; data: { reason: string }; transient: true }
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "text-end"; id: string }
  | { type: "data-citation"; id: string; data: Citation }
  | { type: "source-document"; sourceId: string; mediaType: string; title: string; filename?: string }
  | { type: "data-title"; data: { title: string }; transient: true }
  | { type: "finish-step" }
  | { type: "error"; errorText: string }
  | { type: "abort" }
  | { type: "finish"; messageMetadata: { usage: object; durationMs: number } };

/** An answer has one text. */
const TEXT_ID = "answer";

export function uiPart(event: RunEvent): UiPart {
  switch (event.type) {
    case "start": {
      const { runId, conversationId, messageId, questionId } = event;
      return { type: "start", messageId, messageMetadata: { runId, conversationId, questionId } };
    }
    case "title":
      return { type: "data-title", data: { title: event.title }, transient: true };
    case "step-start":
      return { type: "start-step" };
    case "node":
      return { type: "data-node", id: event.step.node, data: event.step };
    case "restart":
      return { type: "data-restart", data: { reason: event.reason }, transient: true };
    case "text-start":
    case "text-end":
      return { type: event.type, id: TEXT_ID };
    case "text-delta":
      return { type: "text-delta", id: TEXT_ID, delta: event.text };
    case "source": {
      const { documentId, ...document } = event.document;
      return { type: "source-document", sourceId: documentId, ...document };
    }
    case "citation":
      return { type: "data-citation", id: `citation-${event.citation.n}`, data: event.citation };
    case "step-end":
      return { type: "finish-step" };
    case "end":
      return { type: "finish", messageMetadata: { usage: event.usage, durationMs: event.durationMs } };
    case "stop":
      return { type: "abort" };
    default:
      return { type: "error", errorText: event.text };
  }
}

/** One server-sent event whose id is the event's number. */
export function uiFrame({ seq, event }: Logged): string {
  return `id: ${seq}\ndata: ${JSON.stringify(uiPart(event))}\n\n`;
}
