// OpenAI's and Azure OpenAI's bodies: what callers send, and the errors that their clients understand.

import { FlowsteadError } from "../base/error/error.ts";
import type { ChatMessage, ChatRequest } from "../model/chat-model.ts";
import type { EmbeddingInput } from "../model/embedder.ts";

export interface ChatBody {
  model: string;
  request: ChatRequest;
  /** Of the older API: several texts in place of the request's own, each to be gone on with. */
  prompts?: readonly string[];
  /** Whether the caller wants the usage chunk of a stream. */
  includeUsage: boolean;
}

export interface EmbeddingBody {
  model: string;
  inputs: EmbeddingInput[];
  /** The size of vectors that is asked for. */
  dimensions: number | undefined;
  isBase64: boolean;
  user: string | undefined;
}

type Fields = Record<string, unknown>;

/** @throws FlowsteadError `InvalidRequest` with the field's name. */
export function readChat(text: string, deployment?: string): ChatBody {
  const { model, messages, stream, stream_options: options, ...parameters } = readFields(text);
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid("messages", "must be a list of objects with a role");
  for (let at = 0; at < messages.length; at++) checkMessage(messages[at], at);
  const includeUsage = readStream(stream, options, parameters);
  return {
    model: deployment ?? readModel(model),
    request: { messages: messages as ChatMessage[], stream: stream === true, parameters },
    includeUsage,
  };
}

/** As many as embeddings may have. */
const MOST_PROMPTS = 2048;

/** The older API: a text to be gone on with, or several. @throws FlowsteadError `InvalidRequest`. */
export function readCompletion(text: string, deployment?: string): ChatBody {
  const { model, prompt, stream, stream_options: options, ...parameters } = readFields(text);
  const [one, ...more] = (Array.isArray(prompt) ? prompt : [prompt]) as unknown[];
  if (typeof one !== "string" || !more.every((other) => typeof other === "string"))
    throw invalid("prompt", "must be a text or a list of texts; numbers of tokens are not taken");
  const includeUsage = readStream(stream, options, parameters);
  if (more.length >= MOST_PROMPTS) throw invalid("prompt", `must be ${MOST_PROMPTS} texts at most`);
  return {
    model: deployment ?? readModel(model),
    request: { messages: [], prompt: one, stream: stream === true, parameters },
    ...(more.length === 0 ? {} : { prompts: [one, ...(more as string[])] }),
    includeUsage,
  };
}

/** @throws FlowsteadError `InvalidRequest`. */
export function readEmbedding(text: string, deployment?: string): EmbeddingBody {
  const { model, input, encoding_format: format, dimensions, user, ...others } = readFields(text);
  const inputs = typeof input === "string" || isTokens(input) ? [input] : input;
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every((one) => typeof one === "string" || isTokens(one)))
    throw invalid("input", "must be a text, a list of texts, or the same as numbers of tokens");
  if (dimensions !== undefined && dimensions !== null && !(Number.isInteger(dimensions) && Number(dimensions) > 0))
    throw invalid("dimensions", "must be a whole number above 0");
  if (format !== undefined && format !== null && format !== "float" && format !== "base64")
    throw invalid("encoding_format", 'must be "float" or "base64"');
  if (user !== undefined && user !== null && typeof user !== "string") throw invalid("user", "must be a text");
  const unknown = Object.keys(others).find((name) => others[name] !== null);
  if (unknown !== undefined)
    throw invalid(unknown, "is not taken: there are model, input, dimensions, encoding_format and user");
  return {
    model: deployment ?? readModel(model),
    inputs: inputs as EmbeddingInput[],
    dimensions: typeof dimensions === "number" ? dimensions : undefined,
    isBase64: format === "base64",
    user: user ?? undefined,
  };
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one) && Number(one) >= 0);
}

/** A body as an object. @throws FlowsteadError `InvalidJson`, `InvalidRequest`. */
export function readFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FlowsteadError("InvalidJson", `The body is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid("body", "must be a JSON object");
  return value as Fields;
}

function readModel(model: unknown): string {
  if (typeof model === "string" && model !== "") return model;
  throw invalid("model", "must be the name of a model; GET /v1/models lists them");
}

/** What every provider reads; kinds of parts that only some know are theirs to refuse. */
function checkMessage(value: unknown, at: number): void {
  const place = `messages[${at}]`;
  if (!isObject(value) || typeof value.role !== "string") throw invalid(place, "must be an object with a role");
  const { content, tool_calls: calls } = value;
  if (Array.isArray(content)) content.forEach((part, number) => checkPart(part, `${place}.content[${number}]`));
  else if (typeof content !== "string" && content !== undefined && content !== null)
    throw invalid(`${place}.content`, "must be a text or a list of parts");
  if (calls === undefined || calls === null) return;
  if (!Array.isArray(calls) || !calls.every(isCall))
    throw invalid(`${place}.tool_calls`, "must be a list of calls, each with a function's name and arguments as texts");
}

function checkPart(part: unknown, place: string): void {
  if (!isObject(part) || typeof part.type !== "string") throw invalid(place, "must be an object with a type");
  if (part.type === "text" && typeof part.text !== "string") throw invalid(`${place}.text`, "must be a text");
  if (part.type === "image_url" && !(isObject(part.image_url) && typeof part.image_url.url === "string"))
    throw invalid(`${place}.image_url`, "must be an object with a url");
}

function isCall(call: unknown): boolean {
  if (!isObject(call)) return false;
  const { type, function: called } = call;
  if (type !== undefined && type !== "function") return true;
  return isObject(called) && typeof called.name === "string" && typeof called.arguments === "string";
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/**
 * @returns whether the caller wants the usage of a stream. It is always asked for, for the accounts; what else a caller says
 * of a stream goes on in `parameters`.
 */
function readStream(stream: unknown, options: unknown, parameters: Fields): boolean {
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    throw invalid("stream", "must be true or false");
  if (options === undefined || options === null) return false;
  if (!isObject(options) || Array.isArray(options)) throw invalid("stream_options", "must be an object");
  if (stream !== true) throw invalid("stream_options", "is for streams only; set stream to true");
  const { include_usage, ...more } = options;
  if (Object.keys(more).length > 0) parameters.stream_options = more;
  return include_usage === true;
}

function invalid(field: string, what: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `${field}: ${what}.`, { details: { param: field } });
}

export interface WireError {
  status: number;
  headers: Record<string, string>;
  body: { error: Record<string, unknown> };
}

/** An error as the `openai` clients read it: they retry by these headers, so a wait that is told must be true. */
export function wireError(thrown: unknown): WireError {
  const error = FlowsteadError.from(thrown);
  const { code, status, retryAfterMs, details } = error;
  const headers: Record<string, string> = {};
  if (retryAfterMs !== undefined) {
    headers["retry-after-ms"] = String(retryAfterMs);
    headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
  }
  // Every member has been tried already: a client's own retries would only multiply the calls.
  if (retryAfterMs === undefined) headers["x-should-retry"] = "false";
  const message = code === "Unexpected" ? "Something went wrong. The gateway's log has the request id." : error.message;
  if (code === "ModelContentFiltered") {
    return {
      status: 400,
      headers,
      body: {
        error: {
          message,
          type: null,
          param: "prompt",
          code: "content_filter",
          status: 400,
          innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: details?.filter ?? {} },
        },
      },
    };
  }
  return {
    status,
    headers,
    body: {
      error: {
        message,
        type: TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error"),
        param: (details?.param as string | undefined) ?? null,
        code: CODES[code] ?? (details?.upstreamCode as string | undefined) ?? code,
      },
    },
  };
}

const TYPES: Record<number, string> = { 401: "authentication_error", 429: "requests" };

const CODES: Record<string, string> = {
  Unauthorized: "invalid_api_key",
  ModelNotFound: "model_not_found",
  ModelInputTooLong: "context_length_exceeded",
  ModelRateLimited: "rate_limit_exceeded",
  UsageLimitExceeded: "rate_limit_exceeded",
  BudgetExceeded: "insufficient_quota",
};
