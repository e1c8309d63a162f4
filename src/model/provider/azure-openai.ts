// Azure OpenAI: the classic paths with a deployment and an api-version, or the v1 paths when the endpoint ends in /openai/v1.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { ChatModel } from "../chat-model.ts";
import type { EmbeddingModel } from "../embedding-model.ts";
import type { ClientVariables } from "./openai-wire/client-variable.ts";
import type { Deadlines } from "./openai-wire/chat.ts";
import { type EntraSettings, entraToken } from "./azure-openai/entra-token.ts";
import { type WireClient, wireClient } from "./openai-wire/client.ts";
import { wireEmbedding } from "./openai-wire/embed.ts";
import { wireModel } from "./openai-wire/model.ts";

export interface AzureOpenAiSettings extends Partial<Deadlines> {
  /** Such as https://my-resource.openai.azure.com. */
  endpoint: string;
  apiKey?: string;
  /** An Entra token for each call, instead of a key. */
  auth?: EntraSettings;
  deployment: string;
  /** Default 2024-10-21. */
  apiVersion?: string;
  region?: string;
  /** Where the key was set, for the message about a wrong one. */
  keySource?: string;
}

export interface AzureOpenAiEmbedderSettings extends AzureOpenAiSettings {
  /** Name of the model behind the deployment, from which the size of its vectors is known. */
  model?: string;
  dimensions?: number;
  /** How long one call may take. */
  answerMs?: number | undefined;
  /** The same, for pools whose regions are configured with different models' names. */
  serves?: string;
}

/** What the provider's own library reads, where its caller gives nothing. */
export const AZURE_OPENAI_VARIABLES: ClientVariables = {
  address: "azure_endpoint",
  variables: {
    azure_endpoint: "AZURE_OPENAI_ENDPOINT",
    api_key: "AZURE_OPENAI_API_KEY",
    api_version: "OPENAI_API_VERSION",
  },
};

const DEFAULT_VERSION = "2024-10-21";
/** Older versions refuse `stream_options`. */
const FIRST_VERSION_WITH_USAGE = "2024-09-01";

export function azureOpenAiModel(settings: AzureOpenAiSettings, log?: Logger): ChatModel {
  const { deployment, region, firstTokenMs, idleMs, wholeMs } = settings;
  const paths = pathsOf(settings);
  return wireModel({
    id: `azure-openai/${deployment}${region ? `@${region}` : ""}`,
    client: clientOf(settings, paths.baseUrl),
    defaultModel: deployment,
    path: paths.call,
    modelsPath: paths.models,
    streamUsage: paths.isV1 || (settings.apiVersion ?? DEFAULT_VERSION) >= FIRST_VERSION_WITH_USAGE,
    deadlines: { firstTokenMs, idleMs, wholeMs },
    log,
  });
}

export function azureOpenAiEmbedding(settings: AzureOpenAiEmbedderSettings): EmbeddingModel {
  const { deployment, model, region, serves, dimensions, answerMs } = settings;
  const paths = pathsOf(settings);
  return wireEmbedding({
    id: `azure-openai/${deployment}${region ? `@${region}` : ""}`,
    client: clientOf(settings, paths.baseUrl),
    model: model || deployment,
    serves,
    path: paths.call(deployment, "embeddings"),
    modelsPath: paths.models,
    dimensions,
    answerMs,
  });
}

interface Paths {
  baseUrl: string;
  isV1: boolean;
  call(deployment: string, operation: string): string;
  models: string;
}

function pathsOf({ endpoint, apiVersion = DEFAULT_VERSION }: AzureOpenAiSettings): Paths {
  const root = endpoint.replace(/\/+$/, "");
  if (root.endsWith("/openai/v1")) {
    return { baseUrl: root, isV1: true, call: (_, operation) => `/${operation}`, models: "/models" };
  }
  const query = `?api-version=${encodeURIComponent(apiVersion)}`;
  return {
    baseUrl: `${root.replace(/\/openai$/, "")}/openai`,
    isV1: false,
    call: (deployment, operation) => `/deployments/${encodeURIComponent(deployment)}/${operation}${query}`,
    models: `/models${query}`,
  };
}

const BEARER = "Bearer ";

function clientOf({ apiKey, auth, keySource }: AzureOpenAiSettings, baseUrl: string): WireClient {
  const token = auth && entraToken(auth, Date.now, undefined, keySource);
  if (!apiKey && !token) {
    throw new FlowsteadError(
      "InvalidConfig",
      "Azure OpenAI needs a key or an identity. Set AZURE_OPENAI_API_KEY, or api_key or auth of the model in flowstead.yaml.",
    );
  }
  const proof = Object.freeze({ "api-key": apiKey ?? "" });
  return wireClient({
    baseUrl,
    keySource:
      keySource ??
      (auth
        ? `auth of the model in flowstead.yaml, and that the identity has the role "Cognitive Services OpenAI User"`
        : "AZURE_OPENAI_API_KEY, or api_key of the model in flowstead.yaml"),
    secret: apiKey,
    authorize: token
      ? async (signal, refused) => ({
          authorization: `${BEARER}${await token(signal(), refused?.["authorization"]?.slice(BEARER.length))}`,
        })
      : () => proof,
  });
}
