// Chunks from the wire, and a whole answer as the chunks that a stream would have had.

import type { ChatChunk, ChatDelta, ChatUsage, ToolCall } from "../../chat-model.ts";

interface WholeMessage {
  role?: ChatDelta["role"];
  content?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCall[];
  function_call?: { name: string; arguments: string };
  [extra: string]: unknown;
}

interface WholeChoice {
  index?: number;
  text?: unknown;
  message?: WholeMessage;
  finish_reason?: string | null;
  [extra: string]: unknown;
}

/** A parsed `data:` line as a chunk, or undefined when it is none. Fields that servers leave out are filled in. */
export function asChunk(value: unknown): ChatChunk | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const chunk = value as Partial<ChatChunk>;
  if (chunk.choices !== undefined && chunk.choices !== null && !Array.isArray(chunk.choices)) return undefined;
  if (chunk.choices && !chunk.choices.every(isChoice)) return undefined;
  chunk.choices = (chunk.choices ?? []).map(asChat);
  chunk.id ??= "";
  chunk.created ??= 0;
  chunk.model ??= "";
  return chunk as ChatChunk;
}

export function isChoice(choice: unknown): boolean {
  return typeof choice === "object" && choice !== null;
}

/** A choice of the completions API, whose text stands where a chat has its message. */
function asChat<T extends { index?: number; [extra: string]: unknown }>(choice: T): T {
  if (typeof choice?.["text"] !== "string") return choice;
  const { text, ...rest } = choice;
  return { ...rest, delta: { content: text } } as unknown as T;
}

/**
 * The chunks of one `chat.completion` or `text_completion` body, or undefined when it is none.
 * @param asStream the text, its end and its usage each in a chunk of its own, instead of one with everything
 */
export function chunksOfWhole(body: unknown, asStream: boolean): ChatChunk[] | undefined {
  const { choices, usage, ...top } = (body ?? {}) as { choices?: WholeChoice[]; usage?: ChatUsage };
  if (!Array.isArray(choices) || choices.length === 0) return undefined;
  const contents: ChatChunk["choices"] = [];
  for (const [at, choice] of choices.entries()) {
    const { index = at, text, message = wholeText(text), finish_reason = "stop", ...extra } = choice;
    if (typeof message !== "object" || message === null) return undefined;
    const { tool_calls, ...rest } = message;
    const delta: ChatDelta = { ...rest, role: message.role ?? "assistant" };
    if (tool_calls) delta.tool_calls = tool_calls.map((call, position) => ({ index: position, ...call }));
    contents.push({ ...extra, index, delta, finish_reason });
  }
  const chunk = { id: "", created: 0, model: "", ...top, object: "chat.completion.chunk", choices: contents };
  if (!asStream) return [usage ? { ...chunk, usage } : chunk];
  const { id, created, model, object } = chunk;
  const ends = contents.map(({ index, finish_reason }) => ({ index, delta: {}, finish_reason }));
  for (const content of contents) content.finish_reason = null;
  const chunks: ChatChunk[] = [chunk, { id, created, model, object, choices: ends }];
  if (usage) chunks.push({ id, created, model, object, choices: [], usage });
  return chunks;
}

function wholeText(text: unknown): WholeMessage | undefined {
  return typeof text === "string" ? { role: "assistant", content: text } : undefined;
}
