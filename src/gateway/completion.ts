// Chunks put together to the body of an answer that is not streamed.

import type { ChatChunk, ChatUsage } from "../model/chat-model.ts";

interface Choice {
  index: number;
  message: Record<string, unknown> & { role: string; content: string | null };
  finish_reason: string | null;
  logprobs: unknown;
  [extra: string]: unknown;
}

const OWN: ReadonlySet<string> = new Set(["index", "delta", "finish_reason", "logprobs"]);
const JOINED: ReadonlySet<string> = new Set(["content", "refusal", "reasoning_content", "reasoning"]);
const PIECED: ReadonlySet<string> = new Set(["function_call", "audio"]);

/** Builds a `chat.completion`; what providers add, such as Azure's filter results, stays in its place. */
export class Completion {
  #head: Record<string, unknown> = {};
  readonly #choices = new Map<number, Choice>();
  usage: ChatUsage | undefined;

  add({ choices, usage, ...head }: ChatChunk): void {
    if (usage) this.usage = usage;
    // Azure's first chunk has empty names: the first that tells wins.
    for (const [name, value] of Object.entries(head)) {
      if (name !== "object" && (!this.#head[name] || this.#head[name] === 0)) this.#head[name] = value;
    }
    for (const one of choices) this.#addChoice(one);
  }

  body(): Record<string, unknown> {
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    return { ...this.#head, object: "chat.completion", choices, ...(this.usage ? { usage: this.usage } : {}) };
  }

  #addChoice(one: ChatChunk["choices"][number]): void {
    let choice = this.#choices.get(one.index);
    if (!choice) {
      choice = {
        index: one.index,
        message: { role: "assistant", content: null },
        finish_reason: null,
        logprobs: null,
      };
      this.#choices.set(one.index, choice);
    }
    if (one.finish_reason) choice.finish_reason = one.finish_reason;
    if (one.logprobs) choice.logprobs = joinLogprobs(choice.logprobs, one.logprobs);
    for (const [name, value] of Object.entries(one)) if (!OWN.has(name) && value !== undefined) choice[name] = value;
    const { message } = choice;
    for (const [name, value] of Object.entries(one.delta ?? {})) {
      if (value === undefined || (value === null && message[name] !== undefined)) continue;
      if (name === "tool_calls") addToolCalls(message, value as ToolCallDelta[]);
      else if (JOINED.has(name) && typeof value === "string")
        message[name] = `${(message[name] as string | null) ?? ""}${value}`;
      else if (PIECED.has(name) && value !== null) message[name] = joinPieces(message[name], value);
      else message[name] = value;
    }
    // A call of a tool comes after an empty text, which the whole answer does not have.
    if (message.content === "" && message.tool_calls) message.content = null;
  }
}

interface ToolCallDelta {
  index: number;
  [field: string]: unknown;
}

/** Calls are of functions, of custom tools, and may hold what a provider adds, such as the signature of a thought. */
function addToolCalls(message: Choice["message"], deltas: readonly ToolCallDelta[]): void {
  const calls = (message.tool_calls ??= []) as Record<string, unknown>[];
  for (const { index, ...fields } of deltas) {
    const call = (calls[index] ??= { id: "", type: "function" });
    for (const [name, value] of Object.entries(fields)) {
      if (name === "function") call[name] = joinPieces(call[name] ?? { name: "", arguments: "" }, value);
      else if (name === "custom") call[name] = joinPieces(call[name], value);
      else if (value || !(name in call)) call[name] = value;
    }
  }
}

/** What comes in pieces; a name and an id come once. */
const IN_PIECES: ReadonlySet<string> = new Set(["arguments", "input", "data", "transcript"]);

function joinPieces(before: unknown, part: unknown): Record<string, unknown> {
  const joined: Record<string, unknown> = { ...(before as object | undefined) };
  for (const [name, value] of Object.entries((part ?? {}) as object)) {
    if (IN_PIECES.has(name)) joined[name] = `${(joined[name] as string | undefined) ?? ""}${value ?? ""}`;
    else if (value) joined[name] = value;
  }
  return joined;
}

function joinLogprobs(before: unknown, part: unknown): unknown {
  const joined: Record<string, unknown> = { ...(before as object | null) };
  for (const [name, value] of Object.entries(part as object)) {
    joined[name] = Array.isArray(value) ? [...((joined[name] as unknown[] | undefined) ?? []), ...value] : value;
  }
  return joined;
}
