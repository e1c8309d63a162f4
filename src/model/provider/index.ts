// The list of model providers. Adding one is one file or folder beside this one, and one line in each table.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { Connection } from "../../connection/connection.ts";
import type { ChatModel } from "../chat-model.ts";
import type { Embedder } from "../embedder.ts";
import { anthropicModel } from "./anthropic.ts";
import { azureOpenAiEmbedder, azureOpenAiModel } from "./azure-openai.ts";
import { extractiveModel } from "./extractive.ts";
import { connectionModel } from "./connection.ts";
import { EMBEDDER_PROVIDERS, type EmbedderSettings, MODEL_PROVIDERS, type ModelSettings } from "./kind.ts";
import { openAiEmbedder, openAiModel } from "./openai.ts";

export { connectionModel } from "./connection.ts";
export { type EmbedderSettings, isLanguageModel, type ModelSettings, servedModel } from "./kind.ts";
export { type ModeratorSettings, openModerator } from "./moderation/index.ts";
export { azureTokens, embedderSettings, modelSettings } from "./settings.ts";

/** Opens one model; nothing is sent before the first call. @throws FlowsteadError `InvalidConfig`. */
export function openModel(settings: ModelSettings, { log }: { log?: Logger } = {}): ChatModel {
  switch (settings.provider) {
    case "openai":
      return openAiModel(settings, log);
    case "azure-openai":
      return azureOpenAiModel(settings, log);
    case "anthropic":
      return anthropicModel(settings, log);
    case "extractive":
      return extractiveModel();
    default:
      return unknownProvider(settings, MODEL_PROVIDERS);
  }
}

/**
 * Opens one embedder. When neither `dimensions` nor the model's name tells the size of its vectors, the server is asked.
 * @throws FlowsteadError `InvalidConfig`, or why the server did not answer.
 */
export function openEmbedder(
  settings: EmbedderSettings,
  { signal = NEVER }: { signal?: AbortSignal } = {},
): Promise<Embedder> {
  switch (settings.provider) {
    case "openai":
      return openAiEmbedder(settings, signal);
    case "azure-openai":
      return azureOpenAiEmbedder(settings, signal);
    default:
      return unknownProvider(settings, EMBEDDER_PROVIDERS);
  }
}

/** The embedder behind one of the original's connections. @throws FlowsteadError `InvalidConnectionType`. */
export function openConnectionEmbedder(connection: Connection, model: string): Promise<Embedder> {
  const settings = connectionModel(connection);
  if (settings.provider === "azure-openai") return openEmbedder({ ...settings, deployment: model });
  if (settings.provider === "openai") return openEmbedder({ ...settings, model });
  throw new FlowsteadError("InvalidConnectionType", `Connection "${connection.name}" has no embeddings.`);
}

/** What callers of the gateway name an embedder by. */
export function embedderName(entry: Readonly<Record<string, unknown>>): string {
  const { model, deployment } = entry;
  return typeof model === "string" ? model : typeof deployment === "string" ? deployment : "embedding";
}

const NEVER = new AbortController().signal;

function unknownProvider(settings: never, known: readonly string[]): never {
  const { provider } = settings as { provider?: unknown };
  throw new FlowsteadError(
    "InvalidConfig",
    `There is no model provider "${String(provider)}". Use one of: ${known.join(", ")}.`,
  );
}
