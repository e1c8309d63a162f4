// A chat answer put together from its chunks.

import type { ChatChunk, ChatDelta, ChatUsage, ToolCall } from "../model/chat-model.ts";
import type { Value } from "../base/value.ts";

/** The first choice of an answer as it grows. */
export class ChatAnswer {
  content: string | null = null;
  usage: ChatUsage | undefined;
  /** The model that answers, by its own name. */
  model: string | undefined;
  finishReason: string | undefined;
  #role = "assistant";
  #refusal: string | null = null;
  #functionCall: { name: string; arguments: string } | undefined;
  readonly #toolCalls: ToolCall[] = [];

  /** Takes a chunk and returns the text that it adds. */
  add(chunk: ChatChunk): string {
    if (chunk.usage) this.usage = chunk.usage;
    const choice = chunk.choices.find(({ index }) => index === 0);
    if (!choice) return "";
    this.model ??= chunk.model || undefined;
    if (choice.finish_reason) this.finishReason = choice.finish_reason;
    const { delta } = choice;
    if (!delta) return "";
    if (delta.role) this.#role = delta.role;
    if (delta.refusal) this.#refusal = (this.#refusal ?? "") + delta.refusal;
    this.#addCalls(delta);
    if (typeof delta.content !== "string") return "";
    this.content = (this.content ?? "") + delta.content;
    return delta.content;
  }

  /** The whole message, as nodes with functions or tools return it. */
  message(): Value {
    return {
      content: this.content,
      role: this.#role,
      function_call: this.#functionCall ? { ...this.#functionCall } : null,
      tool_calls: this.#toolCalls.length > 0 ? this.#toolCalls.map((call) => ({ ...call })) : null,
      ...(this.#refusal === null ? {} : { refusal: this.#refusal }),
    };
  }

  #addCalls(delta: ChatDelta): void {
    if (delta.function_call) {
      this.#functionCall ??= { name: "", arguments: "" };
      this.#functionCall.name += delta.function_call.name ?? "";
      this.#functionCall.arguments += delta.function_call.arguments ?? "";
    }
    for (const part of delta.tool_calls ?? []) {
      const call = (this.#toolCalls[part.index] ??= {
        id: "",
        type: "function",
        function: { name: "", arguments: "" },
      });
      if (part.id) call.id = part.id;
      call.function.name += part.function?.name ?? "";
      call.function.arguments += part.function?.arguments ?? "";
    }
  }
}
