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
}

export interface ChatDelta {
  role?: ChatRole;
  content?: string | null;
  refusal?: string | null;
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

export interface ChatModel {
  /** For logs and pools, such as `openai/gpt-4o@eastus`; holds no secret. */
  readonly id: string;
  /**
   * Asks the model. The last chunk but the usage chunk carries `finish_reason`; usage comes when the provider tells it.
   * Aborting the signal, or leaving the loop, cancels the call upstream.
   * @throws FlowsteadError of `base/error/model.ts`; `retryable` says whether another member may be tried.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk>;
  /** A free call that proves the model can be reached. @throws FlowsteadError when it can not. */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Whether this chunk shows the caller something: from here on an answer can not be moved to another member. */
export function isContent(chunk: ChatChunk): boolean {
  return chunk.choices.some(({ delta }) =>
    Boolean(delta?.content || delta?.refusal || delta?.tool_calls?.length || delta?.function_call),
  );
}
