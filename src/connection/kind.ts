// The original's connection kinds: their names in YAML, their secrets and their defaults.

import type { Value } from "../base/value.ts";
import type { ConnectionType } from "./connection.ts";

export interface ConnectionKind {
  type: ConnectionType;
  /** `type:` in connection YAML. */
  yaml: string;
  /** Keys that hold secrets. */
  secrets: readonly string[];
  /** Keys that must be there, unless `auth_mode` is meid_token for the key. */
  required: readonly string[];
  defaults: Readonly<Record<string, Value>>;
}

const KEY = ["api_key"] as const;

function kind(
  type: ConnectionType,
  yaml: string,
  required: readonly string[],
  defaults: Record<string, Value> = {},
): ConnectionKind {
  return { type, yaml, secrets: type === "CustomConnection" ? [] : KEY, required, defaults };
}

export const CONNECTION_KINDS: readonly ConnectionKind[] = [
  kind("AzureOpenAIConnection", "azure_open_ai", ["api_base"], {
    api_type: "azure",
    api_version: "2024-02-01",
    auth_mode: "key",
  }),
  kind("OpenAIConnection", "open_ai", []),
  kind("ServerlessConnection", "serverless", ["api_base"]),
  kind("SerpConnection", "serp", ["api_key"]),
  kind("CognitiveSearchConnection", "cognitive_search", ["api_base"], {
    api_version: "2023-11-01",
    auth_mode: "key",
  }),
  kind("AzureAIServicesConnection", "azure_ai_services", ["endpoint"], { auth_mode: "key" }),
  kind("AzureContentSafetyConnection", "azure_content_safety", ["endpoint"], {
    api_version: "2023-10-01",
    api_type: "Content Safety",
  }),
  kind("FormRecognizerConnection", "form_recognizer", ["endpoint"], {
    api_version: "2023-07-31",
    api_type: "Form Recognizer",
  }),
  kind("QdrantConnection", "qdrant", ["api_base"]),
  kind("WeaviateConnection", "weaviate", ["api_base"]),
  kind("CustomConnection", "custom", []),
];

/** The kind of a YAML `type` or a class name, with or without underscores, in any case. */
export function findKind(name: string): ConnectionKind | undefined {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll(/[_\s-]/g, "")
      .replace(/connection$/, "");
  return CONNECTION_KINDS.find(({ type, yaml }) => plain(yaml) === plain(name) || plain(type) === plain(name));
}
