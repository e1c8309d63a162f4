// Several texts in one request of the older completions API: each is a call of its own, so that every provider, limit and
// guard treats it as any other; the answer is one, with the choices numbered as OpenAI does.

import { AsyncQueue } from "../base/queue.ts";
import type { ChatChunk, ChatModel, ChatRequest, ChatUsage } from "../model/chat-model.ts";

/** Calls of one request that run at once. */
const AT_ONCE = 8;

/**
 * The chunks of all texts as they come; each text has `n` choices, and the usage of all stands in the last chunk.
 * The first that fails ends the others, and is what the caller learns.
 */
export async function* completeEach(
  model: ChatModel,
  prompts: readonly string[],
  { request, signal }: { request: ChatRequest; signal: AbortSignal },
): AsyncGenerator<ChatChunk> {
  const stop = new AbortController();
  const queue = new AsyncQueue<ChatChunk>();
  const usages: ChatUsage[] = [];
  const { n } = request.parameters;
  const choices = typeof n === "number" && n > 0 ? n : 1;
  let next = 0;

  async function work(): Promise<void> {
    for (let number = next++; number < prompts.length; number = next++) {
      const one = { ...request, prompt: prompts[number] ?? "" };
      let used: ChatUsage | undefined;
      for await (const chunk of model.chat(one, AbortSignal.any([signal, stop.signal]))) {
        if (chunk.usage) used = chunk.usage;
        if (chunk.choices.length > 0) queue.push(numbered(chunk, number * choices));
      }
      if (used) usages.push(used);
    }
  }

  const workers = Array.from({ length: Math.min(AT_ONCE, prompts.length) }, work);
  const all = Promise.all(workers).then(
    () => queue.end(),
    (thrown: unknown) => {
      stop.abort();
      queue.fail(thrown);
    },
  );
  let head: Pick<ChatChunk, "id" | "created" | "model"> | undefined;
  try {
    for await (const chunk of queue) {
      const { id, created, model: name } = (head ??= chunk);
      yield { ...chunk, id, created, model: name };
    }
    // A sum that leaves one out would be wrong.
    if (head && usages.length === prompts.length) yield { ...head, choices: [], usage: sum(usages) };
  } finally {
    stop.abort();
    await all;
    await Promise.allSettled(workers);
  }
}

function numbered({ usage: _ofOne, ...chunk }: ChatChunk, first: number): ChatChunk {
  return { ...chunk, choices: chunk.choices.map((choice) => ({ ...choice, index: first + choice.index })) };
}

function sum(usages: readonly ChatUsage[]): ChatUsage {
  const of = (name: "prompt_tokens" | "completion_tokens" | "total_tokens"): number =>
    usages.reduce((total, usage) => total + usage[name], 0);
  return {
    prompt_tokens: of("prompt_tokens"),
    completion_tokens: of("completion_tokens"),
    total_tokens: of("total_tokens"),
  };
}
