// The model of a prompty whose head names neither connection nor address: as in the original, the usual variables describe it.

import { existsSync, statSync } from "node:fs";
import { type ValueMap, truthy } from "../../base/value.ts";
import type { Environment } from "../../config/environment.ts";
import { loadPrompty } from "../../prompt/prompty.ts";

interface Client {
  address: string;
  /** Where it is when nobody says. */
  usual?: string;
  variables: Readonly<Record<string, string>>;
}

const AZURE: Client = {
  address: "azure_endpoint",
  variables: {
    azure_endpoint: "AZURE_OPENAI_ENDPOINT",
    api_key: "AZURE_OPENAI_API_KEY",
    api_version: "OPENAI_API_VERSION",
  },
};
const OPEN: Client = {
  address: "base_url",
  usual: "https://api.openai.com/v1",
  variables: { base_url: "OPENAI_BASE_URL", api_key: "OPENAI_API_KEY", organization: "OPENAI_ORG_ID" },
};

/**
 * What the head says besides, when `given` has the model's address and key; undefined for every other flow.
 * The values are references, which the flow's own variables resolve.
 */
export function modelFromVariables(source: string, given: Environment): ValueMap | undefined {
  if (!source.endsWith(".prompty") || !existsSync(source) || !statSync(source).isFile()) return undefined;
  const { configuration, parameters } = loadPrompty(source).model;
  const { type = null, azure_deployment: deployment, model = parameters["model"] } = configuration;
  const client = typeof type === "string" && /^open_?ai$/i.test(type) ? OPEN : AZURE;
  const isNamed = truthy(deployment ?? null) || truthy(model ?? null);
  if (!isNamed || truthy(configuration["connection"] ?? null)) return undefined;
  const found = Object.entries(client.variables).filter(
    ([key, name]) => given[name] && !truthy(configuration[key] ?? null),
  );
  const known = new Set([...found.map(([key]) => key), ...Object.keys(configuration)]);
  const address = known.has(client.address) ? undefined : client.usual;
  if (found.length === 0 || !known.has("api_key") || !(address ?? known.has(client.address))) return undefined;
  const references = Object.fromEntries(found.map(([key, name]) => [key, `\${env:${name}}`]));
  return { model: { configuration: { ...(address ? { [client.address]: address } : {}), ...references } } };
}
