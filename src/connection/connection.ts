import type { Value } from "../base/value.ts";

/** The original's connection classes; the names are what Python nodes annotate their parameters with. */
export type ConnectionType =
  | "AzureOpenAIConnection"
  | "OpenAIConnection"
  | "ServerlessConnection"
  | "CognitiveSearchConnection"
  | "SerpConnection"
  | "AzureAIServicesConnection"
  | "AzureContentSafetyConnection"
  | "FormRecognizerConnection"
  | "QdrantConnection"
  | "WeaviateConnection"
  | "CustomConnection";

/** A named set of addresses and keys that nodes refer to. */
export interface Connection {
  name: string;
  type: ConnectionType;
  /** Everything but secrets: api_base, api_version, base_url ... */
  configs: Record<string, Value>;
  /** api_key and, for custom connections, whatever else is secret. Never logged. */
  secrets: Record<string, string>;
}
