// Specifications back in the words of their YAML: what `show` prints, what is stored, and what `--set` changes.

import type { DeploymentSpec, EnvironmentSpec, ProbeSpec, ScaleSettings } from "./deployment-spec.ts";
import type { EndpointSpec } from "./endpoint-spec.ts";
import { writeTracked } from "./tracked-resource.ts";

export type PlainMap = Record<string, unknown>;

export function writeEndpoint(spec: EndpointSpec): PlainMap {
  return present({
    $schema: schemaOf(spec.kind, "Endpoint"),
    name: spec.name,
    description: spec.description,
    tags: spec.tags,
    properties: spec.properties,
    auth_mode: spec.authMode,
    traffic: spec.traffic,
    mirror_traffic: spec.mirrorTraffic,
    public_network_access: spec.publicNetworkAccess,
    compute: spec.compute,
    ...writeTracked(spec.tracked),
  });
}

export function writeDeployment(spec: DeploymentSpec): PlainMap {
  const { model, requestSettings: request } = spec;
  return present({
    $schema: schemaOf(spec.kind, "Deployment"),
    name: spec.name,
    endpoint_name: spec.endpointName,
    description: spec.description,
    tags: spec.tags,
    properties: { ...spec.properties, ...scheduleProperty(spec.scaleSettings) },
    // Absolute, so that it means the same wherever it is read again.
    model: model || spec.flow !== undefined ? present({ ...model, path: spec.flow ?? model?.path }) : undefined,
    environment: spec.environment && writeEnvironment(spec.environment),
    environment_variables: spec.environmentVariables,
    instance_type: spec.instanceType,
    app_insights_enabled: spec.appInsightsEnabled,
    model_mount_path: spec.modelMountPath,
    instance_count: spec.instanceCount,
    request_settings: {
      request_timeout_ms: request.requestTimeoutMs,
      max_concurrent_requests_per_instance: request.maxConcurrentRequestsPerInstance,
      max_queue_wait_ms: request.maxQueueWaitMs,
    },
    liveness_probe: writeProbe(spec.livenessProbe),
    readiness_probe: writeProbe(spec.readinessProbe),
    scale_settings: writeScale(spec.scaleSettings),
    egress_public_network_access: spec.egressPublicNetworkAccess,
    data_collector: spec.dataCollector && {
      sampling_rate: spec.dataCollector.samplingRate,
      rolling_rate: spec.dataCollector.rollingRate,
      collections: spec.dataCollector.collections,
    },
    resources: spec.resources,
    ...writeTracked(spec.tracked),
  });
}

function schemaOf(kind: EndpointSpec["kind"], what: string): string {
  return `https://azuremlschemas.azureedge.net/latest/${kind}Online${what}.schema.json`;
}

function writeEnvironment(environment: EnvironmentSpec): unknown {
  const { reference, image, build } = environment;
  if (reference !== undefined) return reference;
  const routes = present({
    liveness_route: environment.livenessRoute,
    readiness_route: environment.readinessRoute,
    scoring_route: environment.scoringRoute,
  });
  return present({
    image,
    build: build && present({ path: build.path, dockerfile_path: build.dockerfilePath }),
    inference_config: Object.keys(routes).length === 0 ? undefined : routes,
  });
}

function writeProbe(probe: ProbeSpec): PlainMap {
  return {
    initial_delay: probe.initialDelayMs / 1000,
    period: probe.periodMs / 1000,
    timeout: probe.timeoutMs / 1000,
    success_threshold: probe.successThreshold,
    failure_threshold: probe.failureThreshold,
  };
}

function writeScale(scale: ScaleSettings): PlainMap {
  if (scale.type === "default") return { type: "default" };
  return {
    type: scale.type,
    min_instances: scale.minInstances,
    max_instances: scale.maxInstances,
    target_utilization_percentage: scale.targetUtilizationPercentage,
    polling_interval: scale.pollingIntervalMs / 1000,
  };
}

/** The form that `readSchedules` reads. */
function scheduleProperty(scale: ScaleSettings): Record<string, string> {
  if (scale.type === "default" || !scale.schedules || scale.schedules.length === 0) return {};
  const texts = scale.schedules.flatMap(({ days, start, end, minInstances, maxInstances }) => {
    const span = `${start}-${end} ${minInstances}-${maxInstances}`;
    return days.length === 0 ? [span] : days.map((day) => `${day} ${span}`);
  });
  return { "flowstead.schedules": texts.join("; ") };
}

function present(map: PlainMap): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
