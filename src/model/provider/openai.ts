// OpenAI, and every server that speaks its API: Ollama, vLLM, llama.cpp, LM Studio, OpenRouter ...

import type { Logger } from "../../base/log.ts";
import type { ChatModel } from "../chat-model.ts";
import type { EmbeddingModel } from "../embedding-model.ts";
import type { ClientVariables } from "./openai-wire/client-variable.ts";
import type { Deadlines } from "./openai-wire/chat.ts";
import { type WireClient, wireClient } from "./openai-wire/client.ts";
import { wireEmbedding } from "./openai-wire/embed.ts";
import { wireModel } from "./openai-wire/model.ts";

export interface OpenAiSettings extends Partial<Deadlines> {
  /** With its version path. Default https://api.openai.com/v1. */
  baseUrl?: string;
  /** Absent for servers that need none. */
  apiKey?: string;
  /** Default gpt-4o-mini at OpenAI; elsewhere the first model that the server lists. */
  model?: string;
  organization?: string;
  region?: string;
  /** Where the key was set, for the message about a wrong one. */
  keySource?: string;
}

export interface OpenAiEmbedderSettings extends OpenAiSettings {
  dimensions?: number;
  /** How long one call may take. */
  answerMs?: number | undefined;
  /** Name of the model behind `model`, where servers name it differently. */
  serves?: string;
}

const OPENAI_URL = "https://api.openai.com/v1";
/** What the provider's own library reads, where its caller gives nothing. */
export const OPENAI_VARIABLES: ClientVariables = {
  address: "base_url",
  usual: OPENAI_URL,
  variables: { base_url: "OPENAI_BASE_URL", api_key: "OPENAI_API_KEY", organization: "OPENAI_ORG_ID" },
};
const DEFAULT_MODEL = "gpt-4o-mini";
export const DEFAULT_EMBEDDING = "text-embedding-3-small";

export function openAiModel(settings: OpenAiSettings, log?: Logger): ChatModel {
  const { baseUrl, region } = settings;
  const model = settings.model || (baseUrl ? undefined : DEFAULT_MODEL);
  const client = clientOf(settings);
  return wireModel({
    id: `openai/${model ?? client.upstream.host}${region ? `@${region}` : ""}`,
    client,
    defaultModel: model,
    path: (_, operation) => `/${operation}`,
    modelsPath: "/models",
    streamUsage: true,
    deadlines: deadlinesOf(settings),
    log,
  });
}

export function openAiEmbedding(settings: OpenAiEmbedderSettings): EmbeddingModel {
  const { region, serves, dimensions, answerMs } = settings;
  const model = settings.model || DEFAULT_EMBEDDING;
  return wireEmbedding({
    id: `openai/${model}${region ? `@${region}` : ""}`,
    client: clientOf(settings),
    model,
    serves,
    path: "/embeddings",
    modelsPath: "/models",
    dimensions,
    answerMs,
  });
}

function clientOf({ baseUrl, apiKey, organization, keySource }: OpenAiSettings): WireClient {
  const proof = Object.freeze({
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...(organization ? { "openai-organization": organization } : {}),
  });
  return wireClient({
    baseUrl: baseUrl || OPENAI_URL,
    keySource: keySource ?? "OPENAI_API_KEY, or api_key of the model in flowstead.yaml",
    secret: apiKey,
    authorize: () => proof,
  });
}

function deadlinesOf({ firstTokenMs, idleMs, wholeMs }: OpenAiSettings): Partial<Deadlines> {
  return { firstTokenMs, idleMs, wholeMs };
}
