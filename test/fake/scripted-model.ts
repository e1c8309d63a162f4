// A chat model inside the test's own process, for tests of what stands above the model. The wire has its own fake.

import { abortable } from "../../src/base/abort.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "../../src/model/chat-model.ts";

export interface ScriptedModel extends ChatModel {
  readonly requests: ChatRequest[];
  /** Calls that were stopped before their end. */
  readonly stopped: number;
  /** Calls under way. */
  readonly active: number;
}

export interface Script {
  /** The pieces of the answer. By default the last message, word by word. */
  pieces?: (request: ChatRequest) => string[];
  /** Awaited before the piece of this index; a promise that never settles makes the model hang. */
  before?: (index: number, signal: AbortSignal) => Promise<unknown> | undefined;
  finishReason?: string;
}

export function scriptedModel({ pieces = words, before, finishReason = "stop" }: Script = {}): ScriptedModel {
  const requests: ChatRequest[] = [];
  let stopped = 0;
  let active = 0;
  return {
    id: "scripted",
    requests,
    get stopped() {
      return stopped;
    },
    get active() {
      return active;
    },
    async *chat(request, signal) {
      requests.push(request);
      active++;
      let ended = false;
      try {
        for (const [index, text] of pieces(request).entries()) {
          const wait = before?.(index, signal);
          if (wait) await abortable(wait, signal);
          yield chunk({ content: text });
        }
        ended = true;
        yield { ...chunk({}), choices: [{ index: 0, delta: {}, finish_reason: finishReason }] };
        yield { ...chunk({}), choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } };
      } finally {
        active--;
        if (!ended) stopped++;
      }
    },
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function words(request: ChatRequest): string[] {
  const { content } = request.messages.at(-1) ?? { content: "" };
  return typeof content === "string" ? content.split(/(?<= )/) : [];
}

function chunk(delta: { content?: string }): ChatChunk {
  return { id: "x", created: 1, model: "scripted", choices: [{ index: 0, delta }] };
}
