// The port's language, which is OpenAI's, in the words of Anthropic's Messages API.

import { FlowsteadError } from "../../../base/error/error.ts";
import type { ChatMessage, ChatRequest, ContentPart, ToolCall } from "../../chat-model.ts";

type Block = Record<string, unknown>;

interface Turn {
  role: "user" | "assistant";
  content: Block[];
}

/** Fields of the port that have no counterpart; the API refuses what it does not know. */
const DROPPED: ReadonlySet<string> = new Set([
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "user",
  "stream_options",
  "n",
  "seed",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "presence_penalty",
  "frequency_penalty",
  "functions",
  "function_call",
  "store",
  "metadata",
  "service_tier",
  "modalities",
  "reasoning_effort",
  "prediction",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "prompt_cache_options",
  "verbosity",
]);

/** The name of the tool that a JSON schema becomes where it can: there is no model that does not know that way. */
export const JSON_TOOL = "answer_in_json";

/** The body of `POST /v1/messages`; `max_tokens` is required there. */
export function messagesBody(request: ChatRequest, model: string, defaultMaxTokens: number): Record<string, unknown> {
  const { parameters } = request;
  const { max_completion_tokens, max_tokens, stop, user, safety_identifier: person = user } = parameters;
  refuseWhatIsLost(parameters);
  const system = request.messages.filter(({ role }) => role === "system" || role === "developer").map(textOf);
  const passed = Object.entries(parameters).filter(([name, value]) => !DROPPED.has(name) && value !== null);
  return {
    ...Object.fromEntries(passed),
    model,
    max_tokens: max_completion_tokens ?? max_tokens ?? defaultMaxTokens,
    messages: turns(request.messages),
    stream: request.stream,
    ...(system.length > 0 ? { system: system.join("\n\n") } : {}),
    ...(stop ? { stop_sequences: [stop].flat() } : {}),
    ...(typeof person === "string" ? { metadata: { user_id: person } } : {}),
    ...toolsOf(parameters),
  };
}

/** What a caller would miss in the answer, and not only in how it is made. */
function refuseWhatIsLost({ n, functions, modalities }: Record<string, unknown>): void {
  if (typeof n === "number" && n > 1) throw rejected("n", "one choice is given for each call; ask several times");
  if (Array.isArray(functions) && functions.length > 0) throw rejected("functions", "use tools");
  if (Array.isArray(modalities) && modalities.some((one) => one !== "text"))
    throw rejected("modalities", "it answers with texts only");
}

function rejected(param: string, why: string): FlowsteadError {
  return new FlowsteadError("ModelRejected", `${param}: is not taken by Anthropic: ${why}.`, { details: { param } });
}

/** Whether the text of the answer comes as the call of a tool. */
export function wantsJson({ parameters }: ChatRequest): boolean {
  return schemaOf(parameters) !== undefined && mayForceTool(parameters);
}

/** A model that thinks cannot be made to call a tool, and one with tools of the caller's own is to choose among those. */
function mayForceTool({ tools, thinking }: Record<string, unknown>): boolean {
  const { type = "disabled" } = (thinking ?? {}) as { type?: string };
  return type === "disabled" && !(Array.isArray(tools) && tools.length > 0);
}

function schemaOf(parameters: Record<string, unknown>): unknown {
  const format = parameters.response_format as { type?: string; json_schema?: { schema?: unknown } } | undefined;
  if (format?.type === "json_schema") return format.json_schema?.schema ?? { type: "object" };
  return format?.type === "json_object" ? { type: "object", additionalProperties: true } : undefined;
}

interface OfferedTool {
  type?: string;
  function?: { name: string; description?: string; parameters?: unknown };
}

function toolsOf(parameters: Record<string, unknown>): Record<string, unknown> {
  const offered = (parameters.tools ?? []) as OfferedTool[];
  if (wantsJson({ parameters } as ChatRequest)) {
    const tool = { name: JSON_TOOL, description: "Gives the answer.", input_schema: schemaOf(parameters) };
    return { tools: [tool], tool_choice: { type: "tool", name: JSON_TOOL } };
  }
  const format = formatOf(parameters);
  if (offered.length === 0) return format;
  const choice = toolChoice(parameters);
  return { ...format, tools: offered.map(toolOf), ...(choice ? { tool_choice: choice } : {}) };
}

function toolOf({ type, function: tool }: OfferedTool): Block {
  if (!tool) throw rejected("tools", `there are functions only, and no tools of type "${type}"`);
  const { name, description, parameters: schema = { type: "object", properties: {} } } = tool;
  return { name, ...(description === undefined ? {} : { description }), input_schema: schema };
}

/** The API's own way to a schema, which newer models know. */
function formatOf(parameters: Record<string, unknown>): Record<string, unknown> {
  const schema = schemaOf(parameters);
  if (schema === undefined) return {};
  if ((parameters.response_format as { type: string }).type === "json_object")
    throw rejected("response_format", "json_object goes with neither tools nor thinking; give a json_schema");
  return { output_config: { ...(parameters.output_config as object), format: { type: "json_schema", schema } } };
}

function toolChoice({
  tool_choice: choice,
  parallel_tool_calls: parallel,
}: Record<string, unknown>): Block | undefined {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === "none") return { type: "none" };
  if (choice === "required") return { type: "any", ...single };
  const { type, function: named } = (typeof choice === "object" && choice ? choice : {}) as OfferedTool;
  if (type !== undefined && !named) throw rejected("tool_choice", `there is no choice of type "${type}"`);
  const name = named?.name;
  if (name !== undefined) return { type: "tool", name, ...single };
  return parallel === false ? { type: "auto", ...single } : undefined;
}

/** Turns must alternate, so neighbours of one role become one; results of tools are the user's. */
function turns(messages: readonly ChatMessage[]): Turn[] {
  const all: Turn[] = [];
  for (const message of messages) {
    if (message.role === "system" || message.role === "developer") continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = blocks(message);
    if (content.length === 0) continue;
    const last = all.at(-1);
    if (last?.role === role) last.content.push(...content);
    else all.push({ role, content });
  }
  return all;
}

function blocks(message: ChatMessage): Block[] {
  if (message.role === "tool") {
    return [{ type: "tool_result", tool_use_id: message.tool_call_id ?? "", content: resultOf(message) }];
  }
  if (message.role === "function") return [{ type: "text", text: `${message.name ?? "function"}: ${textOf(message)}` }];
  const { content } = message;
  // An empty text block is refused.
  const said =
    typeof content === "string"
      ? content === ""
        ? []
        : [{ type: "text", text: content }]
      : (content ?? []).map(part).filter((block) => block.text !== "");
  const calls = (message.tool_calls ?? []).map(({ id, type, function: called }: Partial<ToolCall>) => {
    if (!called) throw rejected("tool_calls", `there are calls of functions only, and none of type "${type}"`);
    return { type: "tool_use", id, name: called.name, input: parsed(called.arguments) };
  });
  return [...said, ...calls];
}

/** Tools may bring images. */
function resultOf(message: ChatMessage): string | Block[] {
  const { content } = message;
  const isText = !Array.isArray(content) || content.every(({ type }) => type === "text");
  return isText ? textOf(message) : content.map(part);
}

function part(one: ContentPart): Block {
  if (one.type === "text") return { type: "text", text: one.text };
  const { type, refusal } = one as { type: string; refusal?: unknown };
  if (type === "refusal" && typeof refusal === "string") return { type: "text", text: refusal };
  if (one.type !== "image_url")
    throw rejected("messages", `there are texts and images only, and no parts of type "${type}"`);
  const inline = /^data:([^;,]+);base64,(.*)$/s.exec(one.image_url.url);
  const source = inline
    ? { type: "base64", media_type: inline[1], data: inline[2] }
    : { type: "url", url: one.image_url.url };
  return { type: "image", source };
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((one) => (one.type === "text" ? one.text : "")).join("");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return { arguments: text };
  }
}
