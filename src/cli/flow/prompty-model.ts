// The model of a prompty whose head names neither connection nor address: as in the original, the usual variables describe it.

import { existsSync, statSync } from "node:fs";
import { type ValueMap, truthy } from "../../base/value.ts";
import type { Environment } from "../../config/environment.ts";
import type { ConnectionType } from "../../connection/connection.ts";
import { findKind } from "../../connection/kind.ts";
import { clientVariables } from "../../model/provider/index.ts";
import { loadPrompty } from "../../prompt/prompty.ts";

/** What a head that does not say it is taken for. */
const USUAL_TYPE: ConnectionType = "AzureOpenAIConnection";

/**
 * What the head says besides, when `given` has the model's address and key; undefined for every other flow.
 * The values are references, which the flow's own variables resolve.
 */
export function modelFromVariables(source: string, given: Environment): ValueMap | undefined {
  if (!source.endsWith(".prompty") || !existsSync(source) || !statSync(source).isFile()) return undefined;
  const { configuration, parameters } = loadPrompty(source).model;
  const { type = null, azure_deployment: deployment, model = parameters["model"] } = configuration;
  const client = clientVariables((typeof type === "string" ? findKind(type)?.type : undefined) ?? USUAL_TYPE);
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
