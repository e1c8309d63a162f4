// Events and whole answers of the Messages API as chunks of the port.

import type { ChatChunk, ChatDelta, ChatUsage } from "../../chat-model.ts";
import type { ChatDialect } from "../openai-wire/dialect.ts";
import { JSON_TOOL } from "./tool.ts";

interface WireUsage {
  input_tokens?: number;
  output_tokens?: number;
  cache_creation_input_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  output_tokens_details?: { thinking_tokens?: number } | null;
}

interface WireBlock {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  thinking?: string;
}

interface WireMessage {
  id: string;
  model: string;
  content?: WireBlock[];
  stop_reason?: string | null;
  usage?: WireUsage;
}

interface WireEvent {
  type: string;
  index?: number;
  message?: WireMessage;
  content_block?: WireBlock;
  delta?: { type?: string; text?: string; partial_json?: string; thinking?: string; stop_reason?: string | null };
  usage?: WireUsage;
}

const FINISH: Record<string, string> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

/** One answer's reader; `isJson` turns the call of the schema's tool back into the text that the caller asked for. */
export function messagesDialect(isJson: boolean): ChatDialect {
  const answer = new Answer(isJson);
  return {
    name: "Anthropic message",
    event: (value) => answer.event(value as WireEvent),
    whole: (value) => answer.whole(value as WireMessage),
  };
}

class Answer {
  readonly #isJson: boolean;
  #id = "";
  #model = "";
  readonly #created = Math.floor(Date.now() / 1000);
  #usage: WireUsage = {};
  #calls = 0;
  /** Number of the call that each content block is. */
  readonly #callOf = new Map<number, number>();
  /** Blocks of calls that have not been given anything yet. */
  readonly #empty = new Set<number>();

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  event(event: WireEvent): ChatChunk[] | undefined {
    switch (event.type) {
      case "message_start":
        this.#begin(event.message);
        return [this.#chunk({ role: "assistant", content: "" })];
      case "content_block_start":
        return this.#blockStart(event.index ?? 0, event.content_block);
      case "content_block_delta":
        return this.#blockDelta(event.index ?? 0, event.delta);
      case "content_block_stop":
        return this.#blockStop(event.index ?? 0);
      case "message_delta":
        this.#count(event.usage);
        return event.delta?.stop_reason ? this.#end(event.delta.stop_reason) : [];
      default:
        return typeof event.type === "string" ? [] : undefined;
    }
  }

  whole(message: WireMessage): ChatChunk[] | undefined {
    if (!Array.isArray(message?.content)) return undefined;
    this.#begin(message);
    const chunks = [this.#chunk({ role: "assistant", content: "" })];
    for (const [index, block] of message.content.entries()) {
      chunks.push(...this.#blockStart(index, block));
      if (block.type === "text")
        chunks.push(...this.#blockDelta(index, { type: "text_delta", text: block.text ?? "" }));
      else if (block.type === "thinking")
        chunks.push(...this.#blockDelta(index, { type: "thinking_delta", thinking: block.thinking ?? "" }));
      else if (block.type === "tool_use") {
        const partial_json = JSON.stringify(block.input ?? {});
        chunks.push(...this.#blockDelta(index, { type: "input_json_delta", partial_json }));
      }
    }
    return [...chunks, ...this.#end(message.stop_reason ?? "end_turn")];
  }

  #begin(message: WireMessage | undefined): void {
    this.#id = message?.id ?? "";
    this.#model = message?.model ?? "";
    this.#count(message?.usage);
  }

  #count(usage: WireUsage | undefined): void {
    // What a later event does not tell stays as it was.
    for (const [name, value] of Object.entries(usage ?? {})) {
      if (value !== null && value !== undefined) this.#usage = { ...this.#usage, [name]: value as unknown };
    }
  }

  #blockStart(index: number, block: WireBlock | undefined): ChatChunk[] {
    if (block?.type !== "tool_use") return [];
    this.#empty.add(index);
    if (this.#isJson && block.name === JSON_TOOL) return [];
    const call = this.#calls++;
    this.#callOf.set(index, call);
    return [
      this.#chunk({
        tool_calls: [
          { index: call, id: block.id ?? "", type: "function", function: { name: block.name, arguments: "" } },
        ],
      }),
    ];
  }

  #blockDelta(index: number, delta: WireEvent["delta"]): ChatChunk[] {
    if (delta?.type === "text_delta" && delta.text) return [this.#chunk({ content: delta.text })];
    if (delta?.type === "thinking_delta" && delta.thinking) return [this.#chunk({ reasoning_content: delta.thinking })];
    if (delta?.type !== "input_json_delta" || !delta.partial_json) return [];
    this.#empty.delete(index);
    const call = this.#callOf.get(index);
    return [
      this.#chunk(
        call === undefined
          ? { content: delta.partial_json }
          : { tool_calls: [{ index: call, function: { arguments: delta.partial_json } }] },
      ),
    ];
  }

  /** Clients parse what a call is given, also where that is nothing. */
  #blockStop(index: number): ChatChunk[] {
    return this.#empty.has(index) ? this.#blockDelta(index, { type: "input_json_delta", partial_json: "{}" }) : [];
  }

  #end(reason: string): ChatChunk[] {
    const isJsonCall = reason === "tool_use" && this.#calls === 0;
    const finish = isJsonCall ? "stop" : (FINISH[reason] ?? "stop");
    return [this.#chunk({}, finish), { ...this.#head(), choices: [], usage: this.#total() }];
  }

  /** What was read from or written to its cache was sent too. */
  #total(): ChatUsage {
    const { input_tokens = 0, output_tokens = 0, cache_read_input_tokens: cached, output_tokens_details } = this.#usage;
    const prompt_tokens = input_tokens + (cached ?? 0) + (this.#usage.cache_creation_input_tokens ?? 0);
    const thought = output_tokens_details?.thinking_tokens;
    return {
      prompt_tokens,
      completion_tokens: output_tokens,
      total_tokens: prompt_tokens + output_tokens,
      ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached ?? 0 } }),
      ...(thought === undefined ? {} : { completion_tokens_details: { reasoning_tokens: thought } }),
    };
  }

  #chunk(delta: ChatDelta, finish: string | null = null): ChatChunk {
    return { ...this.#head(), choices: [{ index: 0, delta, finish_reason: finish }] };
  }

  #head(): { id: string; object: string; created: number; model: string } {
    return { id: this.#id, object: "chat.completion.chunk", created: this.#created, model: this.#model };
  }
}
