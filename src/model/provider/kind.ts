// What there is to configure: the providers' own settings, and where a model stands in its pool.

import type { AzureOpenAiEmbedderSettings, AzureOpenAiSettings } from "./azure-openai.ts";
import type { OpenAiEmbedderSettings, OpenAiSettings } from "./openai.ts";

/** Where a model stands in a pool; the provider does not read it. */
export interface PoolPlace {
  /** Entries of one name form one pool. */
  name?: string;
  region?: string;
  priority?: number;
  weight?: number;
}

export type ModelSettings = PoolPlace &
  (
    | ({ provider: "openai" } & OpenAiSettings)
    | ({ provider: "azure-openai" } & AzureOpenAiSettings)
    | { provider: "extractive" }
  );

export type EmbedderSettings =
  | ({ provider: "openai" } & OpenAiEmbedderSettings)
  | ({ provider: "azure-openai" } & AzureOpenAiEmbedderSettings);

export const MODEL_PROVIDERS = ["openai", "azure-openai", "extractive"] as const;
export const EMBEDDER_PROVIDERS = ["openai", "azure-openai"] as const;

/** Whether what a provider answers with is written by a language model. */
export function isLanguageModel({ provider }: { provider: string }): boolean {
  return provider !== "extractive";
}
