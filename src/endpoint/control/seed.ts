// The endpoint of the configuration file is the first desired state. Later starts leave the state as commands have made it,
// unless the configuration itself has changed since.

import { stringifyJson } from "../../base/json.ts";
import type { KeyPair } from "../key.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { EndpointSpec } from "../specification/endpoint-spec.ts";
import { writeDeployment } from "../specification/write-specification.ts";
import type { DesiredStore } from "./desired-store.ts";
import { newSecrets } from "./endpoint-secret.ts";

export interface Configured {
  endpoint: EndpointSpec;
  deployment: DeploymentSpec;
  /** Keys that the endpoint had before there was a store for them. */
  keys?: KeyPair;
}

export async function seedConfigured(desired: DesiredStore, { endpoint, deployment, keys }: Configured): Promise<void> {
  const configured = stringifyJson(writeDeployment(deployment));
  const found = await desired.endpoint(endpoint.name);
  if (found?.configured === configured) return;
  if (!found) await desired.saveEndpoint(endpoint, { secrets: newSecrets(keys), configured });
  else {
    const deployments = await desired.deployments(endpoint.name);
    const isNew = !deployments.some(({ spec }) => spec.name === deployment.name);
    // Whoever gives the deployment another name in the configuration wants it to answer.
    const spec = isNew ? { ...found.spec, traffic: endpoint.traffic } : found.spec;
    await desired.saveEndpoint(spec, { configured });
  }
  await desired.saveDeployment(deployment);
}
