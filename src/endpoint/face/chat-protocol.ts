// A deployed chat flow in Microsoft's chat protocol: `/chat` answers with one object, `/chat/stream` with a line per piece.

import { z } from "zod";
import { plain } from "../../base/json.ts";
import type { Value } from "../../base/value.ts";
import { type ChatFlow, answerOf } from "../../flow/chat-flow.ts";
import type { FlowEvent } from "../../flow/event.ts";
import { type FaceEncoder, faceError, messages } from "./face.ts";

export const chatRequest = z.looseObject({
  messages,
  /** Handed back as it came: a flow holds nothing between calls. Clients write it either way. */
  session_state: z.unknown().optional(),
  sessionState: z.unknown().optional(),
});

/** One line per piece; what the answer rests on comes in `context` before the text. */
export function chatLineEncoder(flow: ChatFlow, sessionState: unknown): FaceEncoder {
  let sent = 0;
  const line = (delta: object, context?: object): string =>
    `${JSON.stringify({ delta, ...(context ? { context } : {}), ...stateOf(sessionState) })}\n`;
  return {
    contentType: "application/jsonl; charset=utf-8",
    encode(event: FlowEvent) {
      if (event.type === "error") return `${JSON.stringify(faceError(event.error))}\n`;
      if (event.type === "output" && event.name === flow.documents)
        return line({ role: "assistant" }, { data_points: dataPoints(event.value) });
      if (event.type === "text-delta" && event.output === flow.answer) {
        sent += event.text.length;
        return line({ role: "assistant", content: event.text });
      }
      if (event.type !== "flow-end") return "";
      const rest = textOf(answerOf(flow, event.outputs)).slice(sent);
      return rest === "" ? "" : line({ role: "assistant", content: rest });
    },
  };
}

/** The whole answer once the run has ended. */
export function chatObjectEncoder(flow: ChatFlow, sessionState: unknown): FaceEncoder {
  return {
    contentType: "application/json",
    encode(event: FlowEvent) {
      if (event.type === "error") return JSON.stringify(faceError(event.error));
      if (event.type !== "flow-end") return "";
      const documents = flow.documents === undefined ? undefined : event.outputs[flow.documents];
      return JSON.stringify({
        message: { role: "assistant", content: textOf(answerOf(flow, event.outputs)) },
        ...(documents === undefined ? {} : { context: { data_points: dataPoints(documents) } }),
        ...stateOf(sessionState),
      });
    },
  };
}

function stateOf(sessionState: unknown): object {
  return sessionState === undefined ? {} : { session_state: sessionState, sessionState };
}

function textOf(value: Value | undefined): string {
  const whole = plain(value ?? "");
  return typeof whole === "string" ? whole : JSON.stringify(whole);
}

/** As the demos of that protocol show them: `file: passage`. */
function dataPoints(value: Value): { text: string[] } {
  const documents = plain(value);
  if (!Array.isArray(documents)) return { text: [] };
  return {
    text: documents.map((item) => {
      const { text, metadata } = (item ?? {}) as {
        text?: string;
        metadata?: { title?: string; source?: { filename?: string } };
      };
      const name = metadata?.source?.filename ?? metadata?.title;
      return name === undefined ? (text ?? "") : `${name}: ${text ?? ""}`;
    }),
  };
}
