// The list of model providers. Adding one is one file or folder beside this one, and one line in each table.

import type { Logger } from "../../base/log.ts";
import type { ChatModel } from "../chat-model.ts";
import { anthropicModel } from "./anthropic.ts";
import { azureOpenAiModel } from "./azure-openai.ts";
import { extractiveModel } from "./extractive.ts";
import { MODEL_PROVIDERS, type ModelSettings, unknownProvider } from "./kind.ts";
import { openAiModel } from "./openai.ts";

export { clientVariables, connectionModel } from "./connection.ts";
export { embedderName, embedderNames, openConnectionEmbedder, openEmbedder } from "./open-embedder.ts";
export { isLanguageModel, type ModelSettings, servedModel } from "./kind.ts";
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
