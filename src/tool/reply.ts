// A model's whole reply, put together from its chunks in the form of OpenAI's API.

import type { Value } from "../base/value.ts";
import type { ChatChunk, ChatModel } from "../model/chat-model.ts";
import { ChatAnswer } from "./collect-chat.ts";

/** All choices of a reply as they grow. */
export class Reply {
  readonly first = new ChatAnswer();
  readonly #kind: "chat" | "text";
  readonly #choices = new Map<number, ChatAnswer>();
  #head: Pick<ChatChunk, "id" | "created" | "model"> | undefined;

  constructor(kind: "chat" | "text") {
    this.#kind = kind;
  }

  add(chunk: ChatChunk): void {
    this.#head ??= { id: chunk.id, created: chunk.created, model: chunk.model };
    if (chunk.usage) this.first.usage = chunk.usage;
    for (const choice of chunk.choices) {
      const answer = choice.index === 0 ? this.first : (this.#choices.get(choice.index) ?? new ChatAnswer());
      this.#choices.set(choice.index, answer);
      answer.add({ ...chunk, choices: [{ ...choice, index: 0 }] });
    }
  }

  whole(): Value {
    const choices = [...this.#choices].toSorted(([one], [other]) => one - other);
    return {
      ...this.#head,
      object: this.#kind === "chat" ? "chat.completion" : "text_completion",
      choices: choices.map(([index, answer]) => ({
        index,
        finish_reason: answer.finishReason ?? null,
        ...(this.#kind === "chat" ? { message: answer.message() } : { text: answer.content ?? "" }),
      })),
      usage: this.first.usage ? { ...this.first.usage } : null,
    };
  }
}

/** The same model; what it says is also added to the reply. */
export function recorded(model: ChatModel, reply: Reply): ChatModel {
  return {
    id: model.id,
    async *chat(request, signal) {
      for await (const chunk of model.chat(request, signal)) {
        reply.add(chunk);
        yield chunk;
      }
    },
    probe: (signal) => model.probe(signal),
    close: () => model.close(),
  };
}
