// OpenAI's Responses API as a request of the port, as far as chat completions carry it. What they do not carry is refused
// by name: an answer that silently leaves something out is worse than none.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import type { ChatMessage, ChatRequest, ContentPart } from "../model/chat-model.ts";

/** The one thing that an answer may be asked to show besides. */
const LOGPROBS = "message.output_text.logprobs";

const text = z.string();
const inputText = z.looseObject({ type: z.enum(["input_text", "output_text"]), text });
const refusal = z.looseObject({ type: z.literal("refusal"), refusal: text });
const image = z.looseObject({
  type: z.literal("input_image"),
  image_url: text,
  detail: z.enum(["auto", "low", "high"]).nullish(),
});
const part = z.discriminatedUnion("type", [inputText, refusal, image], {
  error: ({ input }) => `there are texts and images only, and no parts of type "${typeOf(input)}"`,
});
const content = z.union([text, z.array(part)]);

const message = z.looseObject({
  type: z.literal("message").nullish(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content,
});
const call = z.looseObject({ type: z.literal("function_call"), call_id: text, name: text, arguments: text });
const output = z.looseObject({
  type: z.literal("function_call_output"),
  call_id: text,
  output: z.union([text, z.array(inputText)]),
});

const tool = z.looseObject({
  type: z.literal("function", { error: "only tools of type function are taken" }),
  name: z.string().min(1),
  description: text.nullish(),
  parameters: z.record(text, z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
const format = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    name: text,
    schema: z.record(text, z.unknown()),
    description: text.nullish(),
    strict: z.boolean().nullish(),
  }),
]);

const item = z.discriminatedUnion("type", [message, call, output], {
  error: ({ input }) =>
    `items of type "${typeOf(input)}" are not taken: there are message, function_call and function_call_output`,
});

const functionName = z.strictObject({ type: z.literal("function"), name: text });
const choice = z.discriminatedUnion(
  "type",
  [
    functionName,
    z.strictObject({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(functionName).min(1),
    }),
  ],
  { error: ({ input }) => `there is no choice of type "${typeOf(input)}"` },
);

const body = z.strictObject({
  model: z.string().min(1).optional(),
  input: z.union([text, z.array(item).min(1)], { error: "must be a text or a list of items" }),
  include: z
    .array(z.literal(LOGPROBS, { error: ({ input }) => `"${String(input)}" cannot be had from chat completions` }))
    .nullish(),
  instructions: text.nullish(),
  max_output_tokens: z.int().positive().nullish(),
  metadata: z.record(text, z.unknown()).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  prompt_cache_key: text.nullish(),
  prompt_cache_options: z.record(text, z.unknown()).nullish(),
  prompt_cache_retention: text.nullish(),
  reasoning: z.strictObject({ effort: text.nullish() }).nullish(),
  safety_identifier: text.nullish(),
  service_tier: text.nullish(),
  // Nothing is kept here, whatever is asked for; the answer says so.
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
  temperature: z.number().nullish(),
  text: z.strictObject({ format: format.nullish(), verbosity: text.nullish() }).nullish(),
  tool_choice: z.union([z.enum(["auto", "none", "required"]), choice]).nullish(),
  tools: z.array(tool).nullish(),
  top_logprobs: z.int().min(0).nullish(),
  top_p: z.number().nullish(),
  truncation: z.literal("disabled", { error: 'only "disabled" is taken' }).nullish(),
  user: text.nullish(),
  background: z.literal(false, { error: "only false is taken: answers are given in the call itself" }).nullish(),
});

export type ResponseFields = z.output<typeof body>;

/** What earlier answers are named by: none is kept. */
const STORED = ["previous_response_id", "conversation", "prompt"] as const;

/** @throws FlowsteadError `InvalidRequest` with the field's name. */
export function readResponse(
  value: Readonly<Record<string, unknown>>,
  deployment?: string,
): { model: string; request: ChatRequest; fields: ResponseFields } {
  const given = withoutNulls(value);
  for (const field of STORED) {
    if (field in given) {
      throw invalid(field, "is not taken: this gateway keeps no answers. Send the whole conversation as input");
    }
  }
  const parsed = body.safeParse(given);
  if (!parsed.success) {
    const issue = deepest(parsed.error.issues);
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join(".") || "body";
    throw invalid(
      field,
      unknown === undefined ? (issue?.message ?? "is wrong") : "cannot be carried to chat completions",
    );
  }
  const fields = parsed.data;
  if (fields.stream_options && fields.stream !== true)
    throw invalid("stream_options", "is for streams only; set stream to true");
  const model = deployment ?? fields.model;
  if (model === undefined) throw invalid("model", "must be the name of a model; GET /v1/models lists them");
  return {
    model,
    fields,
    request: { messages: messagesOf(fields), stream: fields.stream === true, parameters: parametersOf(fields) },
  };
}

/** What is null says nothing, here and one step below. */
function withoutNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([name, one]) => [name, SETTINGS.has(name) ? stripped(one) : one]));
}

const SETTINGS: ReadonlySet<string> = new Set(["reasoning", "text", "stream_options"]);

function stripped(value: unknown): unknown {
  if (typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, one]) => one !== null));
}

type Issue = z.core.$ZodIssue;

/** Of a value that may be one thing or another, what is wrong with the one that it is nearest to. */
function deepest(issues: readonly Issue[], path: readonly PropertyKey[] = []): Issue | undefined {
  let found: Issue | undefined;
  for (const issue of issues) {
    const here = { ...issue, path: [...path, ...issue.path] } as Issue;
    const inner = issue.code === "invalid_union" ? deepest(issue.errors.flat(), here.path) : undefined;
    const best = inner && inner.path.length > here.path.length ? inner : here;
    if (!found || best.path.length > found.path.length) found = best;
  }
  return found;
}

function typeOf(value: unknown): string {
  return String((value as { type?: unknown } | null | undefined)?.type);
}

function messagesOf({ instructions, input }: ResponseFields): ChatMessage[] {
  const messages: ChatMessage[] = instructions ? [{ role: "system", content: instructions }] : [];
  if (typeof input === "string") return [...messages, { role: "user", content: input }];
  for (const item of input) {
    if ("role" in item)
      messages.push({ role: item.role as ChatMessage["role"], content: contentOf(item.content as never) });
    else if (item.type === "function_call") {
      // Calls of one turn stand in one message, beside its text.
      let last = messages.at(-1);
      if (last?.role !== "assistant") messages.push((last = { role: "assistant", content: null }));
      const { call_id: id, name, arguments: values } = item as z.output<typeof call>;
      (last.tool_calls ??= []).push({ id, type: "function", function: { name, arguments: values } });
    } else {
      const { call_id, output: told } = item as z.output<typeof output>;
      const plain = typeof told === "string" ? told : told.map((part) => part.text).join("");
      messages.push({ role: "tool", tool_call_id: call_id, content: plain });
    }
  }
  return messages;
}

function contentOf(parts: z.output<typeof content>): string | ContentPart[] {
  if (typeof parts === "string") return parts;
  const made = parts.map((part): ContentPart => {
    if (part.type === "input_image") {
      const { image_url: url, detail } = part;
      return { type: "image_url", image_url: { url, ...(detail ? { detail } : {}) } };
    }
    return { type: "text", text: part.type === "refusal" ? part.refusal : part.text };
  });
  // Servers that take lists of parts from users often want a plain text from others.
  const isText = made.every((part) => part.type === "text");
  return isText ? made.map((part) => (part.type === "text" ? part.text : "")).join("") : made;
}

function parametersOf(fields: ResponseFields): Record<string, unknown> {
  const { tools, text: shape, top_logprobs } = fields;
  const obfuscates = fields.stream_options?.include_obfuscation;
  const values: Record<string, unknown> = {
    max_completion_tokens: fields.max_output_tokens,
    temperature: fields.temperature,
    top_p: fields.top_p,
    parallel_tool_calls: tools?.length ? fields.parallel_tool_calls : undefined,
    reasoning_effort: fields.reasoning?.effort,
    verbosity: shape?.verbosity,
    prompt_cache_key: fields.prompt_cache_key,
    prompt_cache_options: fields.prompt_cache_options,
    prompt_cache_retention: fields.prompt_cache_retention,
    logprobs: fields.include?.length || top_logprobs ? true : undefined,
    top_logprobs,
    stream_options: obfuscates === undefined ? undefined : { include_obfuscation: obfuscates },
    safety_identifier: fields.safety_identifier,
    service_tier: fields.service_tier,
    user: fields.user,
    tools: tools?.length ? tools.map(({ type, ...definition }) => ({ type, function: definition })) : undefined,
    tool_choice: choiceOf(fields.tool_choice),
    response_format: formatOf(shape?.format),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

function choiceOf(given: ResponseFields["tool_choice"]): unknown {
  if (!given || typeof given !== "object") return given;
  if (given.type === "function") return named(given);
  return { type: given.type, allowed_tools: { mode: given.mode, tools: given.tools.map(named) } };
}

function named({ name }: { name: string }): object {
  return { type: "function", function: { name } };
}

function formatOf(given: z.output<typeof format> | null | undefined): unknown {
  if (!given || given.type === "text") return undefined;
  if (given.type === "json_object") return { type: "json_object" };
  const { type, ...json_schema } = given;
  return { type, json_schema };
}

function invalid(field: string, what: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `${field}: ${what}.`, { details: { param: field } });
}
