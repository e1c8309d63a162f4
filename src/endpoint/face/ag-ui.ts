// A deployed chat flow as an AG-UI agent: nodes are steps, the answer is a message, other outputs are custom events.

import { z } from "zod";
import { uuid } from "../../base/id.ts";
import { plain } from "../../base/json.ts";
import { sseData } from "../../base/sse.ts";
import { type ChatFlow, answerOf } from "../../flow/chat-flow.ts";
import type { FlowEvent } from "../../flow/event.ts";
import { type FaceEncoder, messages } from "./face.ts";

export const agUiRequest = z.looseObject({ threadId: z.string().min(1), runId: z.string().min(1), messages });

export interface AgUiRun {
  threadId: string;
  runId: string;
}

export function agUiEncoder({ threadId, runId }: AgUiRun, flow: ChatFlow): FaceEncoder {
  const messageId = uuid();
  const running = new Set<string>();
  let text: string | undefined;
  let hasStarted = false;

  const frame = (event: object): string => sseData(JSON.stringify(event));
  const content = (delta: string): string => {
    const start = text === undefined ? frame({ type: "TEXT_MESSAGE_START", messageId, role: "assistant" }) : "";
    text = (text ?? "") + delta;
    return start + (delta === "" ? "" : frame({ type: "TEXT_MESSAGE_CONTENT", messageId, delta }));
  };
  const endSteps = (): string => {
    const ends = [...running].map((stepName) => frame({ type: "STEP_FINISHED", stepName }));
    running.clear();
    return ends.join("");
  };
  const endMessage = (): string => (text === undefined ? "" : frame({ type: "TEXT_MESSAGE_END", messageId }));

  return {
    contentType: "text/event-stream; charset=utf-8",
    encode(event: FlowEvent) {
      switch (event.type) {
        case "flow-start":
          return started(frame({ type: "RUN_STARTED", threadId, runId }));
        case "restart":
          return endSteps();
        case "node-start":
          running.add(event.node);
          return frame({ type: "STEP_STARTED", stepName: event.node });
        case "node-end":
          return running.delete(event.node) ? frame({ type: "STEP_FINISHED", stepName: event.node }) : "";
        case "output":
          if (event.name === flow.answer) return "";
          return frame({ type: "CUSTOM", name: event.name, value: plain(event.value) });
        case "text-delta":
          return event.output === flow.answer && event.text !== "" ? content(event.text) : "";
        case "flow-end": {
          const whole = plain(answerOf(flow, event.outputs) ?? "");
          const rest = (typeof whole === "string" ? whole : JSON.stringify(whole)).slice(text?.length ?? 0);
          const last = rest === "" ? "" : content(rest);
          return last + endSteps() + endMessage() + frame({ type: "RUN_FINISHED", threadId, runId });
        }
        case "error":
          return (
            endSteps() +
            endMessage() +
            frame({ type: "RUN_ERROR", message: event.error.message, code: event.error.code })
          );
        default:
          return "";
      }
    },
  };

  /** A run starts once, however often its flow is started anew. */
  function started(first: string): string {
    if (hasStarted) return "";
    hasStarted = true;
    return first;
  }
}
