// Endpoints between ARM's JSON and the keys of their YAML: other names, camel case, and the same meaning.

import type { PlainMap } from "../specification/write-specification.ts";
import { capital, mapOf, present } from "./arm-json.ts";
import { type Usual, kindOf, trackedFromArm, trackedToArm } from "./arm-tracked.ts";
import type { EndpointRecord } from "./online-control.ts";

/** Where a resource lies: everything before `/onlineEndpoints`, and the address of this server. */
export interface ArmPlace {
  workspace: string;
  host: string;
}

const AUTH_MODES = { key: "Key", aml_token: "AMLToken", aad_token: "AADToken" } as const;

export function endpointToArm({ spec, createdAt, updatedAt, state }: EndpointRecord, place: ArmPlace): PlainMap {
  const address = `${place.host}/endpoints/${encodeURIComponent(spec.name)}`;
  return {
    id: `${place.workspace}/onlineEndpoints/${spec.name}`,
    name: spec.name,
    type: "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
    ...trackedToArm(spec.tracked, usual(spec)),
    ...(spec.tracked?.sku && { sku: spec.tracked.sku }),
    tags: spec.tags,
    properties: {
      authMode: AUTH_MODES[spec.authMode],
      description: spec.description,
      properties: spec.properties,
      compute: spec.compute,
      publicNetworkAccess: capital(spec.publicNetworkAccess),
      traffic: spec.traffic,
      mirrorTraffic: spec.mirrorTraffic,
      scoringUri: `${address}/score`,
      swaggerUri: `${address}/swagger.json`,
      provisioningState: state,
    },
    systemData: systemData(createdAt, updatedAt),
  };
}

function usual(spec: Pick<EndpointRecord["spec"], "kind">): Usual {
  return { kind: kindOf(spec), identity: "SystemAssigned" };
}

/** The YAML's keys of a whole resource; what it leaves out is not there. */
export function endpointFromArm(name: string, body: unknown): PlainMap {
  const resource = mapOf(body);
  const properties = mapOf(resource["properties"]);
  return present({
    $schema: `https://azuremlschemas.azureedge.net/latest/${properties["compute"] ? "kubernetes" : "managed"}OnlineEndpoint.schema.json`,
    name,
    tags: resource["tags"],
    description: properties["description"],
    properties: properties["properties"],
    auth_mode: properties["authMode"],
    traffic: properties["traffic"],
    mirror_traffic: properties["mirrorTraffic"],
    public_network_access: properties["publicNetworkAccess"],
    compute: properties["compute"],
    ...trackedFromArm(resource, usual({ kind: properties["compute"] ? "kubernetes" : "managed" })),
    sku: resource["sku"],
  });
}

export function systemData(createdAt: number, updatedAt: number): PlainMap {
  return { createdAt: new Date(createdAt).toISOString(), lastModifiedAt: new Date(updatedAt).toISOString() };
}
