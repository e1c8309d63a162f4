// Requests and answers of the model families that the Open Model LLM tool knows.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, isMap, pyStr } from "../base/value.ts";
import { parseChat } from "../prompt/parse-chat.ts";
import type { RenderedText } from "../prompt/rendered-text.ts";
import { jsonOf } from "./http-call.ts";

export type OpenModelApi = "chat" | "completion";

/** Families by the names that connections use, with those that services are told. */
const FAMILIES = { LLAMA: "LLaMa", DOLLY: "Dolly", GPT2: "GPT-2", FALCON: "Falcon" } as const;

export type ModelFamily = (typeof FAMILIES)[keyof typeof FAMILIES];

export interface OpenModelEndpoint {
  url: string;
  key: string;
  family: ModelFamily;
}

/** By either name. @throws FlowsteadError `OpenModelLLMKeyValidationError`. */
export function readFamily(name: string): ModelFamily {
  const found = Object.entries(FAMILIES).find((names) => names.includes(name));
  if (found) return found[1];
  throw new FlowsteadError(
    "OpenModelLLMKeyValidationError",
    `Given model_family '${name}' not recognized.\nSupported models are: ${Object.keys(FAMILIES).join(",")}.`,
  );
}

interface Asked {
  api: OpenModelApi;
  prompt: RenderedText;
  parameters: Record<string, unknown>;
}

/** @throws FlowsteadError `OpenModelLLMUserError` for a chat prompt with other roles than the family has. */
export function requestBody(endpoint: OpenModelEndpoint, { api, prompt, parameters }: Asked): unknown {
  if (endpoint.family !== "LLaMa") {
    return { input_data: { input_string: [prompt.text] }, parameters };
  }
  if (speaksOpenAi(endpoint.url)) {
    const all = { n: 1, ...parameters, max_tokens: parameters["max_new_tokens"] };
    return api === "chat"
      ? { model: "llama-2-7b-hf", messages: messagesOf(prompt), ...all }
      : { prompt: prompt.text, ...all };
  }
  const input = api === "chat" ? messagesOf(prompt) : [prompt.text];
  return { input_data: { input_string: input, parameters: { do_sample: true, ...parameters } } };
}

/** @throws FlowsteadError `OpenModelLLMOnlineEndpointError`. */
export function responseText(endpoint: OpenModelEndpoint, api: OpenModelApi, text: string): string {
  const body = jsonOf(text);
  const found = speaksOpenAi(endpoint.url) && endpoint.family === "LLaMa" ? firstChoice(body, api) : output(body);
  if (typeof found === "string") return found;
  throw new FlowsteadError(
    "OpenModelLLMOnlineEndpointError",
    `Exception hit calling Online Endpoint: OpenModelLLMOnlineEndpointError: Unexpected response format. Response: ${(body === undefined ? text : pyStr(body)).slice(0, 2000)}`,
  );
}

function firstChoice(body: Value | undefined, api: OpenModelApi): Value | undefined {
  const [choice] = isMap(body) && Array.isArray(body["choices"]) ? body["choices"] : [];
  if (!isMap(choice)) return undefined;
  const { message, text } = choice;
  return api === "chat" ? (isMap(message) ? message["content"] : undefined) : text;
}

/** `{"output": ...}` of chats, `[{"0": ...}]` of completions. */
function output(body: Value | undefined): Value | undefined {
  if (isMap(body)) return body["output"];
  const [first] = Array.isArray(body) ? body : [];
  return isMap(first) ? first["0"] : undefined;
}

/** Serverless endpoints speak the protocol that most servers have; their addresses end in one of its paths. */
function speaksOpenAi(url: string): boolean {
  return /\/v1\/(?:chat\/)?completions$/.test(url);
}

function messagesOf(prompt: RenderedText): { role: string; content: string }[] {
  return parsed(prompt).map(({ role, content }) => {
    if (role === "system" || role === "user" || role === "assistant") return { role, content: pyStr(content ?? "") };
    throw new FlowsteadError(
      "OpenModelLLMUserError",
      `The Chat API requires a specific format for prompt definition, and the prompt should include separate lines as role delimiters: ${ROLES}. Current parsed role '${role}' does not meet the requirement.`,
    );
  });
}

const ROLES = String.raw`'system:\n','user:\n','assistant:\n'`;

function parsed(prompt: RenderedText): ReturnType<typeof parseChat> {
  try {
    return parseChat(prompt);
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    if (error.code !== "ChatAPIInvalidRole") throw error;
    const message = error.message.replace(/(?<=delimiters: ).*?(?=\. Current)/s, () => ROLES);
    throw new FlowsteadError("OpenModelLLMUserError", message, { cause: error });
  }
}
