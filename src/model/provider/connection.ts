// The model behind one of the original's connections.

import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, pyStr } from "../../base/value.ts";
import type { Connection, ConnectionType } from "../../connection/connection.ts";
import { AZURE_OPENAI_VARIABLES } from "./azure-openai.ts";
import type { ModelSettings } from "./kind.ts";
import { OPENAI_VARIABLES } from "./openai.ts";
import type { ClientVariables } from "./openai-wire/client-variable.ts";

const IDENTITY =
  "AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, or the managed identity, for auth_mode meid_token";

/** @throws FlowsteadError `InvalidConnectionType` for a connection that has no model behind it. */
export function connectionModel({ name, type, configs, secrets, identity }: Connection): ModelSettings {
  const text = (...keys: string[]): string | undefined => {
    const found: Value | undefined = keys
      .map((key) => configs[key])
      .find((value) => value !== undefined && value !== null);
    return found === undefined || found === "" ? undefined : pyStr(found);
  };
  const common = { apiKey: secrets.api_key || undefined, keySource: `connection "${name}"` };
  switch (type) {
    case "AzureOpenAIConnection":
      return {
        ...common,
        provider: "azure-openai",
        endpoint: text("api_base", "azure_endpoint") ?? "",
        // The node names the deployment in every call.
        deployment: text("azure_deployment") ?? "",
        apiVersion: text("api_version"),
        ...(identity ? { auth: identity, keySource: `${IDENTITY} of connection "${name}"` } : {}),
      };
    case "OpenAIConnection":
      return { ...common, provider: "openai", baseUrl: text("base_url"), organization: text("organization") };
    case "ServerlessConnection":
      return { ...common, provider: "openai", baseUrl: `${(text("api_base") ?? "").replace(/(\/v1)?\/*$/, "")}/v1` };
    default:
      throw new FlowsteadError("InvalidConnectionType", `Connection type ${type} is not supported for LLM.`);
  }
}

/** The variables that describe the model of a connection of this type, where there is no connection. */
export function clientVariables(type: ConnectionType): ClientVariables {
  return type === "OpenAIConnection" ? OPENAI_VARIABLES : AZURE_OPENAI_VARIABLES;
}
