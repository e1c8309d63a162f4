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
]);

/** The name of the tool that a JSON schema becomes: this API answers in a schema only by calling a tool. */
export const JSON_TOOL = "answer_in_json";

/** The body of `POST /v1/messages`; `max_tokens` is required there. */
export function messagesBody(request: ChatRequest, model: string, defaultMaxTokens: number): Record<string, unknown> {
  const { parameters } = request;
  const { max_completion_tokens, max_tokens, stop, user } = parameters;
  refuseWhatIsLost(parameters);
  const system = request.messages.filter(({ role }) => role === "system" || role === "developer").map(textOf);
  const passed = Object.entries(parameters).filter(([name]) => !DROPPED.has(name));
  return {
    ...Object.fromEntries(passed),
    model,
    max_tokens: max_completion_tokens ?? max_tokens ?? defaultMaxTokens,
    messages: turns(request.messages),
    stream: request.stream,
    ...(system.length > 0 ? { system: system.join("\n\n") } : {}),
    ...(stop ? { stop_sequences: [stop].flat() } : {}),
    ...(typeof user === "string" ? { metadata: { user_id: user } } : {}),
    ...tools(parameters),
  };
}

/** What a caller would miss in the answer, and not only in how it is made. */
function refuseWhatIsLost({ n, functions }: Record<string, unknown>): void {
  if (typeof n === "number" && n > 1) throw rejected("n", "one choice is given for each call; ask several times");
  if (Array.isArray(functions) && functions.length > 0) throw rejected("functions", "use tools");
}

function rejected(param: string, why: string): FlowsteadError {
  return new FlowsteadError("ModelRejected", `${param}: is not taken by Anthropic: ${why}.`, { details: { param } });
}

export function wantsJson({ parameters }: ChatRequest): boolean {
  return schemaOf(parameters) !== undefined;
}

function schemaOf(parameters: Record<string, unknown>): unknown {
  const format = parameters.response_format as { type?: string; json_schema?: { schema?: unknown } } | undefined;
  if (format?.type === "json_schema") return format.json_schema?.schema ?? { type: "object" };
  return format?.type === "json_object" ? { type: "object", additionalProperties: true } : undefined;
}

function tools(parameters: Record<string, unknown>): Record<string, unknown> {
  const schema = schemaOf(parameters);
  const offered = (parameters.tools ?? []) as {
    function?: { name: string; description?: string; parameters?: unknown };
  }[];
  const list = offered.flatMap(({ function: tool }) =>
    tool
      ? [
          {
            name: tool.name,
            ...(tool.description === undefined ? {} : { description: tool.description }),
            input_schema: tool.parameters ?? { type: "object", properties: {} },
          },
        ]
      : [],
  );
  if (schema !== undefined && list.length === 0) {
    const tool = { name: JSON_TOOL, description: "Gives the answer.", input_schema: schema };
    return { tools: [tool], tool_choice: { type: "tool", name: JSON_TOOL } };
  }
  if (list.length === 0) return {};
  const choice = toolChoice(parameters);
  return { tools: list, ...(choice ? { tool_choice: choice } : {}) };
}

function toolChoice({
  tool_choice: choice,
  parallel_tool_calls: parallel,
}: Record<string, unknown>): Block | undefined {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === "none") return { type: "none" };
  if (choice === "required") return { type: "any", ...single };
  const name = (choice as { function?: { name?: string } } | undefined)?.function?.name;
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
    return [{ type: "tool_result", tool_use_id: message.tool_call_id ?? "", content: textOf(message) }];
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
