// The parameters of the original's chat tools: which there are for each kind of connection, their types, and the
// request body they make, for chats and completions.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, pyStr, truthy } from "../base/value.ts";
import type { ConnectionType } from "../connection/connection.ts";
import type { ToolParameter } from "../flow/literal.ts";
import { ValueError, parseTyped } from "../flow/value.ts";
import { checkFunctions, checkTools, functionCall, toolChoice } from "./function-calling.ts";

/** The two dialects of the original's llm tool. */
export type LlmProvider = "AzureOpenAI" | "OpenAI";

export type LlmApi = "chat" | "completion";

/** An api, or a chat with images, which takes fewer parameters. */
export type LlmKind = LlmApi | "vision";

const SHARED = {
  temperature: "double",
  top_p: "double",
  stream: "bool",
  stop: "list",
  max_tokens: "int",
  presence_penalty: "double",
  frequency_penalty: "double",
  logit_bias: "object",
  user: "string",
} as const;

const CHAT = {
  ...SHARED,
  function_call: "object",
  functions: "list",
  tool_choice: "object",
  tools: "list",
  response_format: "object",
  seed: "int",
} as const;

const VISION = {
  temperature: "double",
  top_p: "double",
  stream: "bool",
  stop: "list",
  max_tokens: "int",
  presence_penalty: "double",
  frequency_penalty: "double",
  seed: "int",
  detail: "string",
} as const;

const COMPLETION = { ...SHARED, suffix: "string", n: "int", logprobs: "int", echo: "bool", best_of: "int" } as const;

/** @throws FlowsteadError `InvalidConnectionType`. */
export function providerOf(connection: ConnectionType): LlmProvider {
  if (connection === "AzureOpenAIConnection") return "AzureOpenAI";
  if (connection === "OpenAIConnection" || connection === "ServerlessConnection") return "OpenAI";
  throw new FlowsteadError("InvalidConnectionType", `Connection type ${connection} is not supported for LLM.`);
}

/** Parameters of `provider.api`, with `connection` and `prompt`, whose names a template may not use. */
export function llmParameters(provider: LlmProvider, kind: LlmKind): Record<string, ToolParameter> {
  const own =
    provider === "AzureOpenAI"
      ? { deployment_name: "string", ...(kind === "chat" ? { n: "int" } : {}) }
      : { model: "string" };
  const types = { prompt: "prompt_template", ...own, ...{ chat: CHAT, completion: COMPLETION, vision: VISION }[kind] };
  return {
    connection: { type: [`${provider}Connection`] },
    ...Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type: [type] }])),
  };
}

/** A chat request without its messages. */
export interface ChatParameters {
  model: string;
  stream: boolean;
  /** The body's other fields. */
  body: Record<string, unknown>;
  /** Whether a whole answer is a message with calls and not just text. */
  returnsMessage: boolean;
  /** With tools the text of a message streams; with functions, as in the original, nothing does. */
  cannotStream: boolean;
}

const ONLY_TEXT = { returnsMessage: false, cannotStream: false };

/** @throws FlowsteadError for a parameter that is malformed. */
export function requestParameters(kind: LlmKind, provider: LlmProvider, inputs: ValueMap): ChatParameters {
  try {
    if (kind === "completion") return completionParameters(provider, inputs);
    return kind === "chat" ? chatParameters(provider, inputs) : visionParameters(provider, inputs);
  } catch (thrown) {
    if (!(thrown instanceof ValueError)) throw thrown;
    const message = `OpenAI API hits exception: ValueError: ${thrown.message}`;
    throw new FlowsteadError("LLMError", message, { cause: thrown });
  }
}

/** @throws FlowsteadError `ChatAPIInvalidTools`, `ChatAPIInvalidFunctions`. */
function chatParameters(provider: LlmProvider, inputs: ValueMap): ChatParameters {
  const given = (name: string): Value => inputs[name] ?? null;
  const body: Record<string, unknown> = {
    temperature: plain(inputs["temperature"] ?? 1),
    top_p: plain(inputs["top_p"] ?? 1),
  };
  if (provider === "AzureOpenAI") body["n"] = plain(inputs["n"] ?? 1);
  if (truthy(given("tools"))) {
    if (provider === "AzureOpenAI") checkTools(given("tools"));
    body["tools"] = plain(given("tools"));
    body["tool_choice"] =
      provider === "AzureOpenAI" ? plain(toolChoice(given("tool_choice"))) : plain(given("tool_choice"));
  } else if (truthy(given("functions"))) {
    checkFunctions(given("functions"));
    body["functions"] = plain(given("functions"));
    body["function_call"] = plain(functionCall(given("function_call")));
  }
  for (const name of ["stop", "logit_bias", "response_format", "user"]) {
    if (truthy(given(name))) body[name] = plain(given(name));
  }
  for (const name of ["seed", "presence_penalty", "frequency_penalty"]) {
    if (given(name) !== null) body[name] = plain(given(name));
  }
  const limit = given("max_tokens");
  if (limit !== null && pyStr(limit).toLowerCase() !== "inf") body["max_tokens"] = plain(parseTyped("int", limit));
  return {
    model: pyStr(given(provider === "AzureOpenAI" ? "deployment_name" : "model") ?? ""),
    stream: isTrue(given("stream")),
    body,
    returnsMessage: truthy(given("functions")) || truthy(given("tools")),
    cannotStream: truthy(given("functions")),
  };
}

/**
 * A completion request without its prompt. Fields that are not given go as null, as the original's client sends them.
 * @throws ValueError for a number that is none.
 */
function completionParameters(provider: LlmProvider, inputs: ValueMap): ChatParameters {
  const number = (name: string, type: "int" | "double", fallback: number | null): unknown => {
    const value = inputs[name] ?? fallback;
    return value === null ? null : plain(parseTyped(type, value));
  };
  const orNull = (name: string): unknown => (truthy(inputs[name]) ? plain(inputs[name] ?? null) : null);
  const penalties = Object.fromEntries(
    ["presence_penalty", "frequency_penalty"].map((name) => [name, number(name, "double", null)] as const),
  );
  const isAzure = provider === "AzureOpenAI";
  const body = {
    suffix: orNull("suffix"),
    max_tokens: number("max_tokens", "int", 16),
    temperature: number("temperature", "double", 1),
    top_p: number("top_p", "double", 1),
    n: number("n", "int", 1),
    logprobs: truthy(inputs["logprobs"]) ? number("logprobs", "int", null) : null,
    echo: isTrue(inputs["echo"] ?? null),
    stop: orNull("stop"),
    best_of: number("best_of", "int", 1),
    logit_bias: orNull("logit_bias") ?? {},
    user: inputs["user"] ?? "",
    ...(isAzure ? withoutNulls(penalties) : penalties),
  };
  const name = isAzure ? (inputs["deployment_name"] ?? "") : (inputs["model"] ?? "text-davinci-003");
  return { model: pyStr(name), stream: isTrue(inputs["stream"] ?? null), body, ...ONLY_TEXT };
}

/** A chat request with images, without its messages. */
function visionParameters(provider: LlmProvider, inputs: ValueMap): ChatParameters {
  const given = (name: string): Value => inputs[name] ?? null;
  const body: Record<string, unknown> = {
    temperature: plain(inputs["temperature"] ?? 1),
    top_p: plain(inputs["top_p"] ?? 1),
    n: 1,
    presence_penalty: plain(inputs["presence_penalty"] ?? 0),
    frequency_penalty: plain(inputs["frequency_penalty"] ?? 0),
  };
  if (truthy(given("stop"))) body["stop"] = plain(given("stop"));
  for (const name of ["max_tokens", "seed"]) if (given(name) !== null) body[name] = plain(given(name));
  const named = provider === "AzureOpenAI" ? given("deployment_name") : (inputs["model"] ?? "gpt-4-vision-preview");
  return { model: pyStr(named ?? ""), stream: isTrue(given("stream")), body, ...ONLY_TEXT };
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function isTrue(value: Value): boolean {
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}
