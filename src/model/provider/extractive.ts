// The built-in default: NOT a language model. It answers with whole sentences of the documents in the prompt, word for
// word and with citations, so that the system works, and can be trusted, before any model is configured.

import { setImmediate as nextTurn } from "node:timers/promises";
import { throwIfAborted } from "../../base/abort.ts";
import { uuid } from "../../base/id.ts";
import type { ChatChunk, ChatMessage, ChatModel, ChatRequest } from "../chat-model.ts";

const ID = "extractive";
const WORDS_PER_TURN = 8;

/**
 * Documents stand in any message as `<document id="1" title="...">` blocks, best first; the question is the last user
 * message. Without evidence it says `Not found in the documents.`
 */
export function extractiveModel(): ChatModel {
  return {
    id: ID,
    async *chat(request, signal): AsyncGenerator<ChatChunk> {
      throwIfAborted(signal);
      // The rules of its languages are loaded by those who use it.
      const { answerTo } = await import("./extractive/compose.ts");
      const base = {
        id: `chatcmpl-${uuid()}`,
        object: "chat.completion.chunk",
        created: Math.floor(Date.now() / 1000),
        model: request.model || ID,
      };
      yield { ...base, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] };
      const words = answerTo(messagesOf(request)).match(/\S+\s*/g) ?? [];
      for (const [at, content] of words.entries()) {
        if (at % WORDS_PER_TURN === 0) await nextTurn();
        throwIfAborted(signal);
        yield { ...base, choices: [{ index: 0, delta: { content }, finish_reason: null }] };
      }
      yield { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
      const prompt_tokens = countWords(request);
      const usage = { prompt_tokens, completion_tokens: words.length, total_tokens: prompt_tokens + words.length };
      yield { ...base, choices: [], usage };
    },
    async probe(signal) {
      throwIfAborted(signal);
    },
    async close() {},
  };
}

/** The text of a completion counts as what a user said. */
function messagesOf({ prompt, messages }: ChatRequest): ChatMessage[] {
  return prompt === undefined ? messages : [{ role: "user", content: prompt }];
}

/** It has no tokens: words stand for them. */
function countWords(request: ChatRequest): number {
  let count = 0;
  for (const { content } of messagesOf(request)) {
    const texts =
      typeof content === "string" ? [content] : (content ?? []).map((part) => ("text" in part ? part.text : ""));
    for (const text of texts) count += text.match(/\S+/g)?.length ?? 0;
  }
  return count;
}
