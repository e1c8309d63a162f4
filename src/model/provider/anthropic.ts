// Anthropic's Messages API, as a model like any other.

import type { Logger } from "../../base/log.ts";
import type { ChatModel } from "../chat-model.ts";
import { messagesDialect } from "./anthropic/answer.ts";
import { messagesBody } from "./anthropic/request.ts";
import { wantsJson } from "./anthropic/tool.ts";
import type { Deadlines } from "./openai-wire/chat.ts";
import { wireClient } from "./openai-wire/client.ts";
import { wireModel } from "./openai-wire/model.ts";

export interface AnthropicSettings extends Partial<Deadlines> {
  /** Without its version path. Default https://api.anthropic.com. */
  baseUrl?: string;
  apiKey?: string;
  /** The first that the server lists when absent. */
  model?: string;
  /** Most tokens of an answer when the caller names no number; the API wants one. Default 4096. */
  maxTokens?: number;
  region?: string;
  keySource?: string;
}

const VERSION = "2023-06-01";
const DEFAULT_URL = "https://api.anthropic.com";
const DEFAULT_MAX_TOKENS = 4096;

export function anthropicModel(settings: AnthropicSettings, log?: Logger): ChatModel {
  const { apiKey, region, model, firstTokenMs, idleMs, wholeMs, maxTokens = DEFAULT_MAX_TOKENS } = settings;
  const client = wireClient({
    baseUrl: `${(settings.baseUrl || DEFAULT_URL).replace(/\/+$/, "").replace(/\/v1$/, "")}/v1`,
    keySource: settings.keySource ?? "api_key of the model in flowstead.yaml",
    secret: apiKey,
    authorize: () => ({ "anthropic-version": VERSION, ...(apiKey ? { "x-api-key": apiKey } : {}) }),
  });
  return wireModel({
    id: `anthropic/${model ?? client.upstream.host}${region ? `@${region}` : ""}`,
    client,
    defaultModel: model,
    path: () => "/messages",
    modelsPath: "/models",
    streamUsage: false,
    body: (request, name) => messagesBody(request, name, maxTokens),
    dialect: (request) => messagesDialect(wantsJson(request.parameters)),
    deadlines: { firstTokenMs, idleMs, wholeMs },
    log,
  });
}
