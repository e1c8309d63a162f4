// What there is to configure: the providers' own settings, and where a model stands in its pool.

import { FlowsteadError } from "../../base/error/error.ts";
import type { AnthropicSettings } from "./anthropic.ts";
import type { AzureOpenAiEmbedderSettings, AzureOpenAiSettings } from "./azure-openai.ts";
import type { OpenAiEmbedderSettings, OpenAiSettings } from "./openai.ts";

/** Where a model stands in a pool; the provider does not read it. */
export interface PoolPlace {
  /** Entries of one name form one pool. */
  name?: string;
  region?: string;
  priority?: number;
  weight?: number;
  /** Name and version of the model behind the entry, such as gpt-4o-2024-11-20: members of one pool must agree. */
  serves?: string;
  /** Where data may be processed, such as `eu`: members of one pool must agree. */
  residency?: string;
}

export type ModelSettings = PoolPlace &
  (
    | ({ provider: "openai" } & OpenAiSettings)
    | ({ provider: "azure-openai" } & AzureOpenAiSettings)
    | ({ provider: "anthropic" } & AnthropicSettings)
    | { provider: "extractive" }
  );

/** One server of an embedding model. */
export type EmbedderEntry = Omit<PoolPlace, "name"> &
  (({ provider: "openai" } & OpenAiEmbedderSettings) | ({ provider: "azure-openai" } & AzureOpenAiEmbedderSettings));

/** An embedder: one entry, or in its place the regions that form a pool. */
export type EmbedderSettings = EmbedderEntry & { regions?: readonly [EmbedderEntry, ...EmbedderEntry[]] };

export const MODEL_PROVIDERS = ["openai", "azure-openai", "anthropic", "extractive"] as const;
export const EMBEDDER_PROVIDERS = ["openai", "azure-openai"] as const;

/** The model behind an entry as far as it is known; a deployment's name does not tell it. */
export function servedModel(entry: ModelSettings): string | undefined {
  return (
    entry.serves ?? ("model" in entry ? entry.model : entry.provider === "extractive" ? entry.provider : undefined)
  );
}

/** Whether what a provider answers with is written by a language model. */
export function isLanguageModel({ provider }: { provider: string }): boolean {
  return provider !== "extractive";
}

/** @throws FlowsteadError `InvalidConfig` that names the providers there are. */
export function unknownProvider(settings: never, known: readonly string[]): never {
  const { provider } = settings as { provider?: unknown };
  throw new FlowsteadError(
    "InvalidConfig",
    `There is no model provider "${String(provider)}". Use one of: ${known.join(", ")}.`,
  );
}
