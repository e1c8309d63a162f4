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

/** How an Entra token is got without a person. */
export type ConnectionIdentity =
  | { type: "client_secret"; tenantId: string; clientId: string; clientSecret: string; authority?: string }
  | { type: "workload_identity"; tenantId: string; clientId: string; tokenFile: string; authority?: string }
  | { type: "managed_identity"; clientId?: string; endpoint?: string; header?: string };

/** A named set of addresses and keys that nodes refer to. */
export interface Connection {
  name: string;
  type: ConnectionType;
  /** Everything but secrets: api_base, api_version, base_url ... */
  configs: Record<string, Value>;
  /** api_key and, for custom connections, whatever else is secret. Never logged. */
  secrets: Record<string, string>;
  /** Who calls, where there is no key. It stays in this process: flows and their code are given none of it. */
  identity?: ConnectionIdentity;
}
