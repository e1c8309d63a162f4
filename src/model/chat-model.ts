// The port `ChatModel`. Its language is the one that every client and server of the field speaks: the messages, the
// parameters and the stream chunks of OpenAI's chat completions, with Azure's additions left in place.

export type ChatRole = "system" | "developer" | "user" | "assistant" | "tool" | "function";

export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: "auto" | "low" | "high" } };

export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export interface ChatMessage {
  role: ChatRole;
  /** Absent in an assistant message that only has `tool_calls`. */
  content?: string | ContentPart[] | null;
  name?: string;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
  function_call?: { name: string; arguments: string };
}

/** On whose behalf a model is called, for limits and accounts; set by the process that knows it, never by a flow. */
export interface Caller {
  principal: string;
  flow?: string;
}

/** In it a flow's own client tells the gateway on whose behalf it calls, by the name that the flow has been given for them. */
export const PRINCIPAL_HEADER = "x-flowstead-principal";

export interface ChatRequest {
  messages: ChatMessage[];
  /**
   * A text to be gone on with, for the older completions API; `messages` is empty then. The text of the answer comes as
   * `content`, so that pools, limits and sockets treat it as any other answer.
   */
  prompt?: string;
  /** Model or Azure deployment name; the provider's own when absent. An empty name is sent as it is, where none is known. */
  model?: string;
  /** Whether the upstream is asked to stream. The answer comes as chunks either way. */
  stream: boolean;
  /** Every other body field as it goes on the wire: temperature, max_tokens, tools, response_format ... */
  parameters: Record<string, unknown>;
  /** Extra headers for the upstream, such as the original's call tracing. Never credentials. */
  headers?: Record<string, string>;
  caller?: Caller;
}

export interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details?: { cached_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number } | null;
}

export interface ChatDelta {
  role?: ChatRole;
  content?: string | null;
  refusal?: string | null;
  /** What a model thinks before it answers; servers have two names for it. */
  reasoning_content?: string | null;
  reasoning?: string | null;
  audio?: { id?: string; data?: string; transcript?: string } | null;
  tool_calls?: { index: number; id?: string; type?: "function"; function?: { name?: string; arguments?: string } }[];
  function_call?: { name?: string; arguments?: string };
}

/** One `chat.completion.chunk`; fields not named here (Azure's filter results) are kept as they came. */
export interface ChatChunk {
  id: string;
  created: number;
  model: string;
  choices: {
    index: number;
    delta?: ChatDelta;
    finish_reason?: string | null;
    logprobs?: unknown;
    [extra: string]: unknown;
  }[];
  usage?: ChatUsage | null;
  [extra: string]: unknown;
}

/** A piece of an answer on its way to a client that speaks the same wire: the provider's own bytes, or a chunk. */
export interface RelayPart {
  /** Messages of a stream, each with its blank line and without `[DONE]`; or the whole body of an answer that is none. */
  bytes?: Buffer;
  /** Where bytes are not there, or not in the wire's own form. */
  chunk?: ChatChunk;
  /** Whether the caller is shown something by it. */
  isContent: boolean;
  /** Whether it is nothing but the usage at the end of a stream. */
  isUsageOnly: boolean;
  usage?: ChatUsage | null;
  /** Pieces of text in it, and their characters. */
  pieces: number;
  chars: number;
}

export interface ChatModel {
  /** For logs and pools, such as `openai/gpt-4o@eastus`; holds no secret. */
  readonly id: string;
  /**
   * Asks the model. The last chunk but the usage chunk carries `finish_reason`; usage comes when the provider tells it. An
   * answer that is not asked to stream may come as one chunk with everything.
   * Aborting the signal, or leaving the loop, cancels the call upstream.
   * @throws FlowsteadError of `base/error/model.ts`; `retryable` says whether another member may be tried.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk>;
  /**
   * As `chat`, for who only passes the answer on: nothing is decoded that need not be. A loop that ends early stops the
   * call at once. Undefined where this request is better asked with `chat`.
   */
  relay?(request: ChatRequest, signal: AbortSignal): AsyncIterable<RelayPart> | undefined;
  /** A free call that proves the model can be reached. @throws FlowsteadError when it can not. */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Whether this chunk shows the caller something: from here on an answer can not be moved to another member. */
export function isContent(chunk: ChatChunk): boolean {
  return chunk.choices.some(({ delta }) => isShown(delta));
}

function isShown(delta: ChatDelta | undefined): boolean {
  if (delta?.content || delta?.refusal || delta?.tool_calls?.length || delta?.function_call) return true;
  return Boolean(delta?.reasoning_content || delta?.reasoning || delta?.audio);
}

/** The text that a delta adds, whatever it is part of; undefined when it adds nothing. */
export function addedText(delta: ChatDelta | undefined): string | undefined {
  const said = delta?.content || delta?.refusal || delta?.reasoning_content || delta?.reasoning;
  const text = said || delta?.tool_calls?.[0]?.function?.arguments;
  return text || delta?.tool_calls ? (text ?? "") : undefined;
}

/** A chunk as a part of an answer that is passed on. */
export function partOf(chunk: ChatChunk): RelayPart {
  let pieces = 0;
  let chars = 0;
  for (const { delta } of chunk.choices) {
    const text = addedText(delta);
    if (text === undefined) continue;
    pieces++;
    chars += text.length;
  }
  const { usage } = chunk;
  const isUsageOnly = Boolean(usage) && chunk.choices.length === 0;
  return { chunk, isContent: isContent(chunk), isUsageOnly, usage, pieces, chars };
}

/** The chunks of a model as parts. */
export async function* partsOf(chunks: AsyncIterable<ChatChunk>): AsyncGenerator<RelayPart> {
  for await (const chunk of chunks) yield partOf(chunk);
}
