// Chunks of the port as an answer of OpenAI's Responses API: its events one by one, and the whole at the end.

import { secretToken } from "../base/id.ts";
import type { ChatChunk, ChatDelta, ChatUsage } from "../model/chat-model.ts";
import type { ResponseFields } from "./response-request.ts";

type Fields = Record<string, unknown>;

export interface ResponseEvent extends Fields {
  type: string;
}

interface TextPart {
  type: "output_text";
  text: string;
  annotations: [];
  /** Where the caller has asked for them. */
  logprobs?: unknown[];
}

interface MessageItem {
  id: string;
  type: "message";
  role: "assistant";
  status: "in_progress" | "completed" | "incomplete";
  content: (TextPart | { type: "refusal"; refusal: string })[];
}

interface CallItem {
  id: string;
  type: "function_call";
  status: "in_progress" | "completed" | "incomplete";
  call_id: string;
  name: string;
  arguments: string;
}

export class ResponseAnswer {
  readonly #fields: ResponseFields;
  readonly #id = `resp_${secretToken()}`;
  readonly #createdAt = Math.floor(Date.now() / 1000);
  readonly #output: (MessageItem | CallItem)[] = [];
  /** Calls by their place in the chunks. */
  readonly #calls = new Map<number, CallItem>();
  #events: ResponseEvent[] = [];
  #count = 0;
  #model: string;
  #finish: string | null | undefined;
  /** Of the chunk at hand: what hides the length of its text from who sees only how much is sent. */
  #obfuscation: unknown;
  #usage: ChatUsage | undefined;

  constructor(fields: ResponseFields, model: string) {
    this.#fields = fields;
    this.#model = model;
  }

  /** @returns the events that this chunk makes. */
  add({ choices, usage, model, obfuscation }: ChatChunk): ResponseEvent[] {
    if (model) this.#model = model;
    this.#obfuscation = obfuscation;
    if (this.#count === 0) {
      this.#tell("response.created", { response: this.#body("in_progress") });
      this.#tell("response.in_progress", { response: this.#body("in_progress") });
    }
    if (usage) this.#usage = usage;
    for (const { index, delta, finish_reason: finish, logprobs } of choices) {
      if (index !== 0) continue;
      if (delta) this.#addDelta(delta, (logprobs as { content?: unknown[] | null } | undefined)?.content ?? []);
      this.#finish = finish ?? this.#finish;
    }
    return this.#taken();
  }

  end(): ResponseEvent[] {
    const isWhole = this.#finish !== "length" && this.#finish !== "content_filter";
    const status = isWhole ? "completed" : "incomplete";
    for (const item of this.#output) this.#close(item, status);
    this.#tell(`response.${status}`, { response: this.#body(status) });
    return this.#taken();
  }

  /** After `end`. */
  body(): Fields {
    const isCut = this.#finish === "length" || this.#finish === "content_filter";
    return this.#body(isCut ? "incomplete" : "completed");
  }

  #addDelta({ content, refusal, tool_calls: calls }: ChatDelta, logprobs: unknown[]): void {
    if (content) this.#addText("output_text", content, logprobs);
    if (refusal) this.#addText("refusal", refusal);
    for (const { index, id, function: called } of calls ?? []) {
      let item = this.#calls.get(index);
      if (!item) {
        const call_id = id || `call_${secretToken()}`;
        const name = called?.name ?? "";
        item = {
          id: `fc_${secretToken()}`,
          type: "function_call",
          status: "in_progress",
          call_id,
          name,
          arguments: "",
        };
        this.#calls.set(index, item);
        this.#open(item);
      }
      const delta = called?.arguments;
      if (!delta) continue;
      item.arguments += delta;
      this.#tellDelta("response.function_call_arguments.delta", { ...this.#place(item), delta });
    }
  }

  #addText(type: "output_text" | "refusal", delta: string, logprobs: unknown[] = []): void {
    let item = this.#output.find((one): one is MessageItem => one.type === "message");
    if (!item) {
      item = { id: `msg_${secretToken()}`, type: "message", role: "assistant", status: "in_progress", content: [] };
      this.#open(item);
    }
    let at = item.content.findIndex((part) => part.type === type);
    if (at < 0) {
      at = item.content.length;
      item.content.push(type === "refusal" ? { type, refusal: "" } : { type, text: "", annotations: [] });
      const place = { ...this.#place(item), content_index: at };
      this.#tell("response.content_part.added", { ...place, part: { ...item.content[at] } });
    }
    const part = item.content[at];
    if (part?.type === "refusal") part.refusal += delta;
    else if (part) {
      part.text += delta;
      if (logprobs.length > 0) (part.logprobs ??= []).push(...logprobs);
    }
    const more = type === "refusal" ? {} : { logprobs };
    this.#tellDelta(`response.${type}.delta`, { ...this.#place(item), content_index: at, delta, ...more });
  }

  #open(item: MessageItem | CallItem): void {
    this.#output.push(item);
    const { output_index } = this.#place(item);
    this.#tell("response.output_item.added", { output_index, item: structuredClone(item) });
  }

  #close(item: MessageItem | CallItem, status: "completed" | "incomplete"): void {
    const place = this.#place(item);
    item.status = status;
    if (item.type === "function_call") {
      const { arguments: values, name } = item;
      this.#tell("response.function_call_arguments.done", { ...place, name, arguments: values });
    } else {
      for (const [at, part] of item.content.entries()) {
        const told =
          part.type === "refusal" ? { refusal: part.refusal } : { text: part.text, logprobs: part.logprobs ?? [] };
        this.#tell(`response.${part.type}.done`, { ...place, content_index: at, ...told });
        this.#tell("response.content_part.done", { ...place, content_index: at, part });
      }
    }
    this.#tell("response.output_item.done", { output_index: place.output_index, item });
  }

  #place(item: MessageItem | CallItem): { item_id: string; output_index: number } {
    return { item_id: item.id, output_index: this.#output.indexOf(item) };
  }

  #tell(type: string, more: Fields): void {
    this.#events.push({ type, sequence_number: this.#count++, ...more });
  }

  #tellDelta(type: string, more: Fields): void {
    this.#tell(type, this.#obfuscation === undefined ? more : { ...more, obfuscation: this.#obfuscation });
  }

  #taken(): ResponseEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #body(status: "in_progress" | "completed" | "incomplete"): Fields {
    const fields = this.#fields;
    const reason = this.#finish === "length" ? "max_output_tokens" : "content_filter";
    return {
      id: this.#id,
      object: "response",
      created_at: this.#createdAt,
      status,
      error: null,
      incomplete_details: status === "incomplete" ? { reason } : null,
      instructions: fields.instructions ?? null,
      max_output_tokens: fields.max_output_tokens ?? null,
      metadata: fields.metadata ?? {},
      model: this.#model,
      output: structuredClone(this.#output),
      parallel_tool_calls: fields.parallel_tool_calls ?? true,
      previous_response_id: null,
      reasoning: { effort: fields.reasoning?.effort ?? null, summary: null },
      store: false,
      temperature: fields.temperature ?? null,
      text: { ...fields.text, format: fields.text?.format ?? { type: "text" } },
      tool_choice: fields.tool_choice ?? "auto",
      tools: fields.tools ?? [],
      top_p: fields.top_p ?? null,
      truncation: "disabled",
      usage: status === "in_progress" ? null : usageOf(this.#usage),
      user: fields.user ?? null,
    };
  }
}

function usageOf(usage: ChatUsage | undefined): Fields | null {
  if (!usage) return null;
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: { cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0 },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? 0 },
    total_tokens: usage.total_tokens,
  };
}
