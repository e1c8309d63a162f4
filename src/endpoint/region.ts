// An endpoint of endpoints: clusters in several regions behind one name, watched and balanced like instances. One that is
// cut off or refuses is left out, and used again when it is back.

import type { Logger } from "../base/log.ts";
import { type RunningDeployment, openDeployment } from "./deployment.ts";
import { type RunningEndpoint, openEndpoint } from "./endpoint.ts";
import type { EndpointKeys } from "./key.ts";
import { type RemoteServer, openRemoteGroup } from "./remote-group.ts";
import type { ProbeSpec, RequestSettings } from "./specification/deployment-spec.ts";

export interface RegionsOptions {
  name: string;
  keys: EndpointKeys;
  servers: readonly RemoteServer[];
  probe: ProbeSpec;
  requestSettings: RequestSettings;
  log: Logger;
}

const DEPLOYMENT = "regions";

export interface Regions {
  endpoint: RunningEndpoint;
  deployment: RunningDeployment;
}

export function openRegions({ name, keys, servers, probe, requestSettings, log }: RegionsOptions): Regions {
  const deployment = openDeployment({
    name: DEPLOYMENT,
    settings: { instanceCount: servers.length, requestSettings, scaleSettings: { type: "default" } },
    log,
    open: (room) => openRemoteGroup({ ...room, servers, readiness: probe }),
  });
  const endpoint = openEndpoint({ name, keys, deployments: [deployment], traffic: { [DEPLOYMENT]: 100 } });
  return { endpoint, deployment };
}
