// OpenAI's Responses API as a request of the port, as far as chat completions carry it. What they do not carry is refused
// by name: an answer that silently leaves something out is worse than none.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import type { ChatMessage, ChatRequest, ContentPart } from "../model/chat-model.ts";

const text = z.string();
const inputText = z.looseObject({ type: z.enum(["input_text", "output_text"]), text });
const refusal = z.looseObject({ type: z.literal("refusal"), refusal: text });
const image = z.looseObject({
  type: z.literal("input_image"),
  image_url: text,
  detail: z.enum(["auto", "low", "high"]).nullish(),
});
const content = z.union([text, z.array(z.discriminatedUnion("type", [inputText, refusal, image]))]);

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

const body = z.strictObject({
  model: z.string().min(1).optional(),
  input: z.union([text, z.array(z.union([message, call, output])).min(1)]),
  instructions: text.nullish(),
  max_output_tokens: z.int().positive().nullish(),
  metadata: z.record(text, z.unknown()).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  prompt_cache_key: text.nullish(),
  reasoning: z.strictObject({ effort: text.nullish() }).nullish(),
  safety_identifier: text.nullish(),
  service_tier: text.nullish(),
  // Nothing is kept here, whatever is asked for; the answer says so.
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  temperature: z.number().nullish(),
  text: z.strictObject({ format: format.nullish(), verbosity: text.nullish() }).nullish(),
  tool_choice: z
    .union([z.enum(["auto", "none", "required"]), z.strictObject({ type: z.literal("function"), name: text })])
    .nullish(),
  tools: z.array(tool).nullish(),
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
  const given = Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
  for (const field of STORED) {
    if (field in given) {
      throw invalid(field, "is not taken: this gateway keeps no answers. Send the whole conversation as input");
    }
  }
  const parsed = body.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join(".") || "body";
    throw invalid(
      field,
      unknown === undefined ? (issue?.message ?? "is wrong") : "cannot be carried to chat completions",
    );
  }
  const fields = parsed.data;
  const model = deployment ?? fields.model;
  if (model === undefined) throw invalid("model", "must be the name of a model; GET /v1/models lists them");
  return {
    model,
    fields,
    request: { messages: messagesOf(fields), stream: fields.stream === true, parameters: parametersOf(fields) },
  };
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
  const { tools, tool_choice: choice, text: shape } = fields;
  const values: Record<string, unknown> = {
    max_completion_tokens: fields.max_output_tokens,
    temperature: fields.temperature,
    top_p: fields.top_p,
    parallel_tool_calls: tools?.length ? fields.parallel_tool_calls : undefined,
    reasoning_effort: fields.reasoning?.effort,
    verbosity: shape?.verbosity,
    prompt_cache_key: fields.prompt_cache_key,
    safety_identifier: fields.safety_identifier,
    service_tier: fields.service_tier,
    user: fields.user,
    tools: tools?.length ? tools.map(({ type, ...definition }) => ({ type, function: definition })) : undefined,
    tool_choice: choice && typeof choice === "object" ? { type: "function", function: { name: choice.name } } : choice,
    response_format: formatOf(shape?.format),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
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
