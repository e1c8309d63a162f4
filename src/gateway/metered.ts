// Limits and accounts as functions on the ports: a metered model is a model.

import {
  type Caller,
  type ChatChunk,
  type ChatModel,
  type ChatRequest,
  type ChatUsage,
  partOf,
  partsOf,
  type RelayPart,
} from "../model/chat-model.ts";
import type { Embedder, EmbeddingInput } from "../model/embedder.ts";
import type { Admission, Meter } from "./meter.ts";
import type { Usage } from "./rule.ts";

const CHARS_PER_TOKEN = 4;
/** What an answer is taken to cost until it is known, when nobody says how long it may be. */
const USUAL_ANSWER = 256;
/** Work of the system itself, such as indexing. */
export const SYSTEM: Pick<Usage, "principal"> = { principal: "system" };

/** Counts and limits the calls of `model` under the name that callers know it by. */
export function meteredModel<Model extends ChatModel>(model: Model, name: string, meter: Meter): Model {
  return {
    ...model,
    async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
      const opened = openAccount(request, name, meter);
      const account = opened instanceof Promise ? await opened : opened;
      try {
        for await (const chunk of model.chat(account.request, signal)) {
          account.add(partOf(chunk));
          yield chunk;
        }
      } finally {
        account.close();
      }
    },
    relay:
      model.relay && ((request: ChatRequest, signal: AbortSignal) => relayed(model, { request, signal, name, meter })),
  };
}

async function* relayed(
  model: ChatModel,
  { request, signal, name, meter }: { request: ChatRequest; signal: AbortSignal; name: string; meter: Meter },
): AsyncGenerator<RelayPart> {
  const opened = openAccount(request, name, meter);
  const account = opened instanceof Promise ? await opened : opened;
  try {
    for await (const part of model.relay?.(account.request, signal) ?? partsOf(model.chat(account.request, signal))) {
      account.add(part);
      yield part;
    }
  } finally {
    account.close();
  }
}

/** @throws FlowsteadError when a limit or a budget is used up. */
function openAccount(asked: ChatRequest, name: string, meter: Meter): Account | Promise<Account> {
  const { principal, flow }: Caller = asked.caller ?? SYSTEM;
  const usage: Usage = { principal, flow, model: name };
  const request = clamped(asked, meter.maxTokens(usage));
  const promptTokens = estimate(asked);
  const admission = meter.admit(usage, promptTokens + (limitOf(request) ?? USUAL_ANSWER));
  // Only limits that are kept elsewhere are waited for.
  if (admission instanceof Promise) return admission.then((admitted) => new Account(request, promptTokens, admitted));
  return new Account(request, promptTokens, admission);
}

/** What one call used, until it is over. */
class Account {
  /** As it may be asked. */
  readonly request: ChatRequest;
  readonly #promptTokens: number;
  readonly #admission: Admission;
  #told: ChatUsage | undefined;
  #pieces = 0;
  #chars = 0;

  constructor(request: ChatRequest, promptTokens: number, admission: Admission) {
    this.request = request;
    this.#promptTokens = promptTokens;
    this.#admission = admission;
  }

  add(part: RelayPart): void {
    if (part.usage) this.#told = part.usage;
    this.#pieces += part.pieces;
    this.#chars += part.chars;
  }

  /** Also when the reader left or the stream broke: what was generated has been paid for. */
  close(): void {
    if (this.#told) {
      const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = this.#told;
      this.#admission.settle({ promptTokens, completionTokens, isEstimated: false });
    } else if (this.#pieces > 0) {
      // Streams give about a token with each chunk; a whole answer is one chunk.
      const completionTokens = this.request.stream
        ? this.#pieces
        : Math.max(this.#pieces, Math.ceil(this.#chars / CHARS_PER_TOKEN));
      this.#admission.settle({ promptTokens: this.#promptTokens, completionTokens, isEstimated: true });
    } else this.#admission.release();
  }
}

export function meteredEmbedder(embedder: Embedder, name: string, meter: Meter, caller = SYSTEM): Embedder {
  return {
    ...embedder,
    onBehalfOf: (other) => meteredEmbedder(embedder, name, meter, other),
    async embed(texts, kind, signal, call) {
      const guess = texts.reduce((sum, text) => sum + tokensIn(text), 0);
      const admission = await meter.admit({ ...caller, model: name }, guess);
      let told = 0;
      try {
        const onUsage = (tokens: number): void => {
          told += tokens;
        };
        const vectors = await embedder.embed(texts, kind, signal, { ...call, onUsage });
        call?.onUsage?.(told || guess);
        admission.settle({ promptTokens: told || guess, completionTokens: 0, isEstimated: told === 0 });
        return vectors;
      } catch (thrown) {
        if (told > 0) admission.settle({ promptTokens: told, completionTokens: 0, isEstimated: true });
        else admission.release();
        throw thrown;
      }
    },
  };
}

function tokensIn(input: EmbeddingInput): number {
  return typeof input === "string" ? Math.ceil(input.length / CHARS_PER_TOKEN) : input.length;
}

function clamped(request: ChatRequest, most: number | undefined): ChatRequest {
  if (most === undefined) return request;
  const { parameters } = request;
  const wanted = limitOf(request);
  if (wanted !== undefined && wanted <= most) return request;
  // Newer models know only the newer name; who uses it is asked in it.
  const name = "max_completion_tokens" in parameters ? "max_completion_tokens" : "max_tokens";
  return { ...request, parameters: { ...parameters, [name]: most } };
}

function limitOf({ parameters }: ChatRequest): number | undefined {
  const limit = parameters.max_completion_tokens ?? parameters.max_tokens;
  return typeof limit === "number" && limit > 0 ? limit : undefined;
}

function estimate({ messages, prompt = "" }: ChatRequest): number {
  let chars = prompt.length;
  for (const { content } of messages) {
    if (typeof content === "string") chars += content.length;
    else for (const part of content ?? []) chars += part.type === "text" ? part.text.length : IMAGE_CHARS;
  }
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** An image of usual size is about 800 tokens. */
const IMAGE_CHARS = 800 * CHARS_PER_TOKEN;
