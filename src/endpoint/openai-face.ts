// A deployed chat flow as an OpenAI chat model: requests to flow inputs, and one run's events to completion chunks.

import { z } from "zod";
import type { ErrorBody } from "../base/error/error.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, pyStr } from "../base/value.ts";
import { type ChatFlow, type Exchange, answerOf, chatFlow, flowInputs } from "../flow/chat-flow.ts";
import type { FlowEvent } from "../flow/event.ts";
import { NO_USAGE } from "../flow/usage.ts";
import type { FlowSignature } from "../flow/target.ts";

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });
const imagePart = z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string() }) });
const content = z.union([z.string(), z.array(z.union([textPart, imagePart])), z.null()]);

export const completionRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: content.optional() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  /** Further inputs of the flow, as the `openai` clients' extra body. */
  inputs: z.record(z.string(), z.unknown()).optional(),
});
export type CompletionRequest = z.output<typeof completionRequest>;

/** @throws FlowsteadError `NotAChatFlow`, or `InvalidRequest` when the messages do not fit a chat. */
export function completionInputs(
  signature: FlowSignature,
  request: CompletionRequest,
): { inputs: ValueMap; flow: ChatFlow } {
  refuseForModels(request);
  const flow = chatFlow(signature);
  const turns = request.messages.filter(({ role }) => role === "user" || role === "assistant");
  const last = turns.at(-1);
  if (last?.role !== "user") throw new FlowsteadError("InvalidRequest", "The last message must have the role user.");
  const inputs: ValueMap = {
    ...(request.inputs as ValueMap | undefined),
    ...flowInputs(flow, asValue(last.content), pairs(turns.slice(0, -1))),
  };
  const system = request.messages.find(({ role }) => role === "system" || role === "developer");
  if (system && flow.system !== undefined) inputs[flow.system] = asValue(system.content);
  return { inputs, flow };
}

/** Fields that would change the form of an answer, and mean nothing for a flow. Left out in silence, they would mislead. */
function refuseForModels(request: CompletionRequest): void {
  const { data_sources: sources, n, logprobs } = request;
  const refuse = (param: string, why: string): never => {
    const advice = "Leave the field out, or ask a model of the gateway, with a key of the gateway.";
    throw new FlowsteadError("InvalidRequest", `${param}: is not taken here: ${why}. ${advice}`, {
      details: { param },
    });
  };
  if (sources !== undefined && sources !== null) refuse("data_sources", "a deployed flow finds its documents itself");
  if (typeof n === "number" && n > 1) refuse("n", "a run of a flow gives one answer");
  if (logprobs === true) refuse("logprobs", "an answer of a flow is no model's alone");
}

type Turn = CompletionRequest["messages"][number];

/** Earlier messages as questions with answers; a question without an answer keeps an empty one. */
function pairs(turns: readonly Turn[]): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const turn of turns) {
    const open = exchanges.at(-1);
    if (turn.role === "user") exchanges.push({ question: asValue(turn.content), answer: "" });
    else if (open)
      open.answer =
        open.answer === ""
          ? asValue(turn.content)
          : `${pyStr(open.answer)}
${pyStr(asValue(turn.content))}`;
  }
  return exchanges;
}

/** Plain text, or with images the original's list of parts. */
function asValue(value: Turn["content"]): Value {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (value.every((part) => part.type === "text")) return value.map((part) => part.text).join("\n");
  return value.map((part) => (part.type === "text" ? part.text : { "data:image/*;url": part.image_url.url }));
}

export interface CompletionIdentity {
  id: string;
  /** Seconds since the epoch. */
  created: number;
  model: string;
}

/** Encodes the events of one run as chunks; documents come as Azure's `context.citations` with the first chunk that follows them. */
export class CompletionEncoder {
  readonly #identity: CompletionIdentity;
  readonly #flow: ChatFlow;
  #citations: unknown[] = [];
  text = "";
  usage = NO_USAGE;
  error: ErrorBody | undefined;

  constructor(identity: CompletionIdentity, flow: ChatFlow) {
    this.#identity = identity;
    this.#flow = flow;
  }

  /** The chunk that an event becomes, if any. */
  chunk(event: FlowEvent): object | undefined {
    if (event.type === "restart") this.#citations = [];
    else if (event.type === "output" && event.name === this.#flow.documents) {
      this.#citations = citations(event.value);
      if (this.#citations.length > 0)
        return this.#frame({ role: "assistant", content: "", context: { citations: this.#citations } });
    } else if (event.type === "text-delta" && event.output === this.#flow.answer) {
      this.text += event.text;
      return this.#frame({ content: event.text });
    } else if (event.type === "flow-end") {
      this.usage = event.usage;
      const whole = answerOf(this.#flow, event.outputs);
      const text = typeof whole === "string" ? whole : whole === null ? "" : JSON.stringify(plain(whole));
      const rest = text.slice(this.text.length);
      this.text = text;
      if (rest !== "") return this.#frame({ content: rest });
    } else if (event.type === "error") this.error = event.error;
    return undefined;
  }

  first(): object {
    return this.#frame({ role: "assistant", content: "" });
  }

  last(): object {
    return this.#frame({}, "stop");
  }

  usageChunk(): object {
    return { ...this.#head("chat.completion.chunk"), choices: [], usage: this.#usage() };
  }

  completion(): object {
    const message: Record<string, unknown> = { role: "assistant", content: this.text, refusal: null };
    if (this.#citations.length > 0) message.context = { citations: this.#citations };
    return {
      ...this.#head("chat.completion"),
      choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
      usage: this.#usage(),
    };
  }

  #frame(delta: object, finish: string | null = null): object {
    return { ...this.#head("chat.completion.chunk"), choices: [{ index: 0, delta, finish_reason: finish }] };
  }

  #head(object: string): object {
    const { id, created, model } = this.#identity;
    return { id, object, created, model };
  }

  #usage(): object {
    const { promptTokens, completionTokens, totalTokens } = this.usage;
    return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens };
  }
}

function citations(value: Value): unknown[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => {
    const entry = plain(item) as {
      text?: string;
      metadata?: { title?: string; page?: number; source?: { url?: string; filename?: string } };
    };
    const { text, metadata } = entry;
    return {
      content: text ?? "",
      title: metadata?.title ?? null,
      url: metadata?.source?.url ?? null,
      filepath: metadata?.source?.filename ?? null,
    };
  });
}

/** An error in OpenAI's form. */
export function completionError(error: ErrorBody): { error: Record<string, unknown> } {
  return {
    error: {
      message: error.message,
      type: error.actor === "caller" ? "invalid_request_error" : "server_error",
      param: null,
      code: error.code,
    },
  };
}
