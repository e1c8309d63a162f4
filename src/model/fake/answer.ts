// Turns a scripted reply into the chunks of a stream or one JSON body, for chats and for plain completions.

import { FILTER_RESULTS, filteredCompletion, type Dialect } from "./shape.ts";
import type { FakeReply } from "./script.ts";

export interface AnswerOptions {
  dialect: Dialect;
  kind: "chat" | "text";
  model: string;
  reply: Exclude<FakeReply, string>;
  promptTokens: number;
  number: number;
  /** Cut after this many tokens with finish_reason `content_filter`. */
  filterAfter?: number;
  /** The request's max_tokens, when it has one. */
  maxTokens?: number;
  /** The request's `n`. */
  choices?: number;
  /** Whether the request asks for `logprobs`. */
  logprobs?: boolean;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface Answer {
  /** One delta per token; the role chunk and the last chunk stand apart. */
  deltas: Record<string, unknown>[];
  first: unknown;
  chunk(delta: Record<string, unknown>): unknown;
  last: unknown;
  usageChunk(tokens: number): unknown;
  /** The answer in one piece. */
  whole: unknown;
  usage(tokens: number): Usage;
}

/** Words with the blank that follows: what the fake calls a token. */
export function tokensOf(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

export function buildAnswer(options: AnswerOptions): Answer {
  const { dialect, kind, model, reply, promptTokens, number, filterAfter, maxTokens, choices = 1 } = options;
  const all = tokensOf(reply.content ?? "");
  const limit = Math.min(filterAfter ?? Infinity, maxTokens ?? Infinity, all.length);
  const tokens = all.slice(0, limit);
  const toolCalls = (reply.toolCalls ?? []).map((call, index) => ({
    index,
    id: call.id ?? `call_${number}_${index}`,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  const finishReason =
    filterAfter === undefined ? (reply.finishReason ?? ordinaryEnd(reply, limit < all.length)) : "content_filter";
  const id = `${kind === "chat" ? "chatcmpl" : "cmpl"}-fake-${number}`;
  const base = { id, created: Math.floor(Date.now() / 1000), model };
  const object = kind === "chat" ? "chat.completion.chunk" : "text_completion";
  const perDelta = dialect === "azure" ? { content_filter_results: FILTER_RESULTS } : {};
  const perEnd = filterAfter === undefined ? {} : filteredCompletion(dialect);
  const body = (delta: Record<string, unknown>): Record<string, unknown> =>
    kind === "chat" ? { delta } : { text: delta.content ?? "" };
  const logprobs = (tokensSeen: readonly string[]): unknown =>
    options.logprobs === true && tokensSeen.length > 0 ? shapeLogprobs(kind, tokensSeen) : null;
  // Real servers send one choice with each chunk; all of them together say the same in fewer words.
  const choice = (delta: Record<string, unknown>, finish: string | null, extra: object): unknown => ({
    ...base,
    object,
    choices: Array.from({ length: choices }, (_, index) => ({
      index,
      ...body(delta),
      logprobs: logprobs(typeof delta.content === "string" && delta.content !== "" ? [delta.content] : []),
      finish_reason: finish,
      ...extra,
    })),
  });
  const usage = (count: number): Usage => ({
    prompt_tokens: promptTokens,
    completion_tokens: count * choices,
    total_tokens: promptTokens + count * choices,
  });
  const deltas: Record<string, unknown>[] = tokens.map((content) => ({ content }));
  for (const call of toolCalls) {
    const { index, id, type } = call;
    const { name, arguments: text } = call.function;
    const middle = Math.ceil(text.length / 2);
    deltas.push({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] });
    deltas.push({ tool_calls: [{ index, function: { arguments: text.slice(0, middle) } }] });
    if (middle < text.length) deltas.push({ tool_calls: [{ index, function: { arguments: text.slice(middle) } }] });
  }
  const { functionCall } = reply;
  if (functionCall) deltas.push({ function_call: functionCall });
  const content = (toolCalls.length > 0 || functionCall) && tokens.length === 0 ? null : tokens.join("");
  const message = {
    role: "assistant",
    content,
    refusal: null,
    ...(functionCall ? { function_call: functionCall } : {}),
    ...(toolCalls.length > 0
      ? { tool_calls: toolCalls.map(({ id, type, function: called }) => ({ id, type, function: called })) }
      : {}),
  };
  return {
    deltas,
    first: kind === "chat" ? choice({ role: "assistant", content: "", refusal: null }, null, perDelta) : undefined,
    chunk: (delta) => choice(delta, null, perDelta),
    last: choice({}, finishReason, perEnd),
    usageChunk: (count) => ({ ...base, object, choices: [], usage: usage(count) }),
    whole: {
      ...base,
      object: kind === "chat" ? "chat.completion" : "text_completion",
      choices: Array.from({ length: choices }, (_, index) => ({
        index,
        ...(kind === "chat" ? { message } : { text: tokens.join("") }),
        logprobs: logprobs(tokens),
        finish_reason: finishReason,
        ...perDelta,
        ...perEnd,
      })),
      ...(dialect === "azure"
        ? { prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTER_RESULTS }] }
        : {}),
      usage: usage(deltas.length),
    },
    usage,
  };
}

/** Chats and plain completions say it in forms of their own. */
function shapeLogprobs(kind: "chat" | "text", tokens: readonly string[]): unknown {
  const logprob = -0.25;
  if (kind === "text")
    return { tokens, token_logprobs: tokens.map(() => logprob), top_logprobs: null, text_offset: tokens.map(() => 0) };
  const content = tokens.map((token) => ({ token, logprob, bytes: [...Buffer.from(token)], top_logprobs: [] }));
  return { content, refusal: null };
}

function ordinaryEnd({ toolCalls = [], functionCall }: AnswerOptions["reply"], isCut: boolean): string {
  if (toolCalls.length > 0) return "tool_calls";
  if (functionCall) return "function_call";
  return isCut ? "length" : "stop";
}
