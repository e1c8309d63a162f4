// The endpoint of the configuration file as a specification, like those that are applied by command.

import type { Config } from "../config/schema.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { OnlineEndpoint } from "./endpoint.ts";
import type { RegionsOptions } from "./region.ts";
import type { RemoteServer } from "./remote-group.ts";
import type { DeploymentSpec, ProbeSpec, ScaleSettings } from "./specification/deployment-spec.ts";
import type { EndpointSpec } from "./specification/endpoint-spec.ts";

type EndpointConfig = Readonly<Config["endpoint"]>;

/** All its traffic goes to its one deployment. */
export function configuredEndpoint({ name, deployment }: EndpointConfig): EndpointSpec {
  return {
    name,
    kind: "managed",
    authMode: "key",
    tags: {},
    properties: {},
    traffic: { [deployment]: 100 },
    mirrorTraffic: {},
    compat: "managed",
    publicNetworkAccess: "disabled",
  };
}

/** @param flow absolute path of the flow's folder */
export function configuredDeployment(config: EndpointConfig, flow: string): DeploymentSpec {
  return {
    name: config.deployment,
    endpointName: config.name,
    kind: "managed",
    tags: {},
    properties: {},
    flow,
    environmentVariables: {},
    instanceCount: config.instances,
    requestSettings: {
      requestTimeoutMs: config.request_timeout_ms,
      maxConcurrentRequestsPerInstance: config.max_concurrent_requests_per_instance,
      maxQueueWaitMs: 500,
    },
    livenessProbe: probe(config.liveness_probe),
    readinessProbe: probe(config.readiness_probe),
    scaleSettings: scale(config),
    driver: { type: "process" },
    egressPublicNetworkAccess: "enabled",
  };
}

type RegionsConfig = Readonly<Config["regional_endpoints"][number]>;

/** @throws FlowsteadError `InvalidConfig` when a member names an endpoint that does not run here. */
export function configuredRegions(
  { name, members, ...config }: RegionsConfig,
  local: ReadonlyMap<string, OnlineEndpoint>,
): Pick<RegionsOptions, "name" | "servers" | "probe" | "requestSettings"> {
  const servers = members.map(({ endpoint, url, key, ...member }): RemoteServer => {
    const at = url ?? local.get(endpoint ?? "");
    if (at !== undefined) return { ...member, at, key };
    const text = `Member "${member.name}" of regional endpoint "${name}" names neither a url nor an endpoint that runs here. There is: ${[...local.keys()].join(", ")}.`;
    throw new FlowsteadError("InvalidConfig", text);
  });
  return {
    name,
    servers,
    probe: probe(config.probe),
    requestSettings: {
      requestTimeoutMs: config.request_timeout_ms,
      maxConcurrentRequestsPerInstance: config.max_concurrent_requests_per_member,
      maxQueueWaitMs: 500,
    },
  };
}

function probe(config: EndpointConfig["liveness_probe"]): ProbeSpec {
  return {
    initialDelayMs: config.initial_delay * 1000,
    periodMs: config.period * 1000,
    timeoutMs: config.timeout * 1000,
    successThreshold: config.success_threshold,
    failureThreshold: config.failure_threshold,
  };
}

function scale({ instances, max_instances, target_utilization_percentage, schedules }: EndpointConfig): ScaleSettings {
  if (max_instances === undefined) return { type: "default" };
  return {
    type: "target_utilization",
    minInstances: instances,
    maxInstances: max_instances,
    targetUtilizationPercentage: target_utilization_percentage,
    pollingIntervalMs: 1_000,
    schedules: schedules.map(({ days, start, end, min_instances: least, max_instances: most }) => ({
      days,
      start,
      end,
      minInstances: least,
      maxInstances: most,
    })),
  };
}
