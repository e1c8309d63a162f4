// Deployments between ARM's JSON and the keys of their YAML. ARM has ISO 8601 durations and the number of instances in `sku`.

import type { ProbeSpec } from "../specification/deployment-spec.ts";
import type { PlainMap } from "../specification/write-specification.ts";
import { type ArmPlace, systemData } from "./arm-endpoint.ts";
import { ENVIRONMENT_PROPERTY, environmentFrom, environmentProperties } from "./arm-environment.ts";
import { capital, duration, isWord, mapOf, milliseconds, present, seconds } from "./arm-json.ts";
import { kindOf, trackedFromArm, trackedToArm } from "./arm-tracked.ts";
import type { DeploymentRecord } from "./online-control.ts";

/** ARM's text id of a model: what the YAML has as a mapping is kept beside it in the properties. */
const MODEL_PROPERTY = "flowstead.model.";

export function deploymentToArm(record: DeploymentRecord, place: ArmPlace): PlainMap {
  const { spec, state, problem } = record;
  const { requestSettings: request, scaleSettings: scale, environment } = spec;
  return {
    id: `${place.workspace}/onlineEndpoints/${spec.endpointName}/deployments/${spec.name}`,
    name: spec.name,
    type: "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
    ...trackedToArm(spec.tracked, { kind: kindOf(spec) }),
    tags: spec.tags,
    sku: { name: "Default", tier: "Standard", ...spec.tracked?.sku, capacity: spec.instanceCount },
    properties: present({
      endpointComputeType: spec.kind === "managed" ? "Managed" : "Kubernetes",
      description: spec.description,
      properties: { ...spec.properties, ...modelProperties(spec.model), ...environmentProperties(environment) },
      model: spec.flow ?? spec.model?.path,
      environmentId: environment?.reference ?? environment?.image,
      environmentVariables: spec.environmentVariables,
      instanceType: spec.instanceType,
      appInsightsEnabled: spec.appInsightsEnabled ?? false,
      modelMountPath: spec.modelMountPath,
      egressPublicNetworkAccess: capital(spec.egressPublicNetworkAccess),
      requestSettings: {
        requestTimeout: duration(request.requestTimeoutMs),
        maxQueueWait: duration(request.maxQueueWaitMs),
        maxConcurrentRequestsPerInstance: request.maxConcurrentRequestsPerInstance,
      },
      livenessProbe: probeToArm(spec.livenessProbe),
      readinessProbe: probeToArm(spec.readinessProbe),
      scaleSettings:
        scale.type === "default"
          ? { scaleType: "Default" }
          : {
              scaleType: "TargetUtilization",
              minInstances: scale.minInstances,
              maxInstances: scale.maxInstances,
              pollingInterval: duration(scale.pollingIntervalMs),
              targetUtilizationPercentage: scale.targetUtilizationPercentage,
            },
      dataCollector: spec.dataCollector && collectorToArm(spec.dataCollector),
      containerResourceRequirements: resourcesToArm(spec.resources),
      provisioningState: state,
      provisioningError: problem,
    }),
    systemData: systemData(record.createdAt, record.updatedAt),
  };
}

/** The YAML's keys of a whole resource; what it leaves out is not there. @throws FlowsteadError `InvalidRequest` for a wrong duration. */
export function deploymentFromArm({ endpoint, name }: { endpoint: string; name: string }, body: unknown): PlainMap {
  const resource = mapOf(body);
  const properties = mapOf(resource["properties"]);
  const request = mapOf(properties["requestSettings"]);
  const all = Object.entries(mapOf(properties["properties"]));
  const modelEntries = all.filter(([key]) => key.startsWith(MODEL_PROPERTY));
  const routes = all.filter(([key]) => key.startsWith(ENVIRONMENT_PROPERTY));
  const own = all.filter(([key]) => !key.startsWith(MODEL_PROPERTY) && !key.startsWith(ENVIRONMENT_PROPERTY));
  const isKubernetes = isWord(properties["endpointComputeType"], "Kubernetes");
  const { capacity, ...sku } = mapOf(resource["sku"]);
  return present({
    $schema: `https://azuremlschemas.azureedge.net/latest/${isKubernetes ? "kubernetes" : "managed"}OnlineDeployment.schema.json`,
    name,
    endpoint_name: endpoint,
    tags: resource["tags"],
    description: properties["description"],
    properties: Object.fromEntries(own),
    model: modelFrom(properties["model"], modelEntries),
    code_configuration: properties["codeConfiguration"],
    environment: environmentFrom(properties["environmentId"], routes),
    environment_variables: properties["environmentVariables"],
    instance_type: properties["instanceType"],
    instance_count: capacity,
    app_insights_enabled: properties["appInsightsEnabled"] === false ? undefined : properties["appInsightsEnabled"],
    model_mount_path: properties["modelMountPath"],
    ...trackedFromArm(resource, { kind: kindOf({ kind: isKubernetes ? "kubernetes" : "managed" }) }),
    sku: isUsual(sku) ? undefined : sku,
    egress_public_network_access: properties["egressPublicNetworkAccess"],
    request_settings: present({
      request_timeout_ms: milliseconds(request["requestTimeout"]),
      max_queue_wait_ms: milliseconds(request["maxQueueWait"]),
      max_concurrent_requests_per_instance: request["maxConcurrentRequestsPerInstance"],
    }),
    liveness_probe: probeFromArm(properties["livenessProbe"]),
    readiness_probe: probeFromArm(properties["readinessProbe"]),
    scale_settings: scaleFromArm(properties["scaleSettings"]),
    data_collector: collectorFromArm(properties["dataCollector"]),
    resources: resourcesFromArm(properties["containerResourceRequirements"]),
  });
}

/** The sku that each deployment has when nothing is said. */
function isUsual({ name = "Default", tier = "Standard", ...rest }: PlainMap): boolean {
  return name === "Default" && tier === "Standard" && Object.keys(rest).length === 0;
}

function modelProperties(model: DeploymentRecord["spec"]["model"]): PlainMap {
  const { name, version, type, properties = {} } = model ?? {};
  const own = present({ name, version, type });
  return Object.fromEntries([
    ...Object.entries(own).map(([key, value]) => [MODEL_PROPERTY + key, value]),
    ...Object.entries(properties).map(([key, value]) => [`${MODEL_PROPERTY}properties.${key}`, value]),
  ]) as PlainMap;
}

function modelFrom(path: unknown, entries: [string, unknown][]): unknown {
  if (entries.length === 0) return path === undefined || path === null ? undefined : { path };
  const model: PlainMap = { path };
  const properties: PlainMap = {};
  for (const [key, value] of entries) {
    const name = key.slice(MODEL_PROPERTY.length);
    if (name.startsWith("properties.")) properties[name.slice("properties.".length)] = value;
    else model[name] = value;
  }
  return present({ ...model, properties });
}

function probeToArm(probe: ProbeSpec): PlainMap {
  return {
    initialDelay: duration(probe.initialDelayMs),
    period: duration(probe.periodMs),
    timeout: duration(probe.timeoutMs),
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  };
}

function probeFromArm(value: unknown): PlainMap | undefined {
  if (value === undefined || value === null) return undefined;
  const probe = mapOf(value);
  return present({
    initial_delay: seconds(probe["initialDelay"]),
    period: seconds(probe["period"]),
    timeout: seconds(probe["timeout"]),
    success_threshold: probe["successThreshold"],
    failure_threshold: probe["failureThreshold"],
  });
}

function scaleFromArm(value: unknown): PlainMap | undefined {
  if (value === undefined || value === null) return undefined;
  const scale = mapOf(value);
  if (!isWord(scale["scaleType"], "TargetUtilization")) return { type: "default" };
  return present({
    type: "target_utilization",
    min_instances: scale["minInstances"],
    max_instances: scale["maxInstances"],
    polling_interval: seconds(scale["pollingInterval"]),
    target_utilization_percentage: scale["targetUtilizationPercentage"],
  });
}

type CollectorSpec = NonNullable<DeploymentRecord["spec"]["dataCollector"]>;

function collectorToArm({ samplingRate, rollingRate, collections }: CollectorSpec): PlainMap {
  const entries = Object.entries(collections).map(([name, { enabled, data }]) => [
    name,
    present({ dataCollectionMode: enabled ? "Enabled" : "Disabled", samplingRate, dataId: data?.path }),
  ]);
  return { rollingRate: capital(rollingRate), collections: Object.fromEntries(entries) as PlainMap };
}

function collectorFromArm(value: unknown): PlainMap | undefined {
  if (value === undefined || value === null) return undefined;
  const { rollingRate, collections } = mapOf(value);
  const entries = Object.entries(mapOf(collections)).map(([name, entry]) => [name, mapOf(entry)] as const);
  return present({
    rolling_rate: rollingRate,
    sampling_rate: entries.find(([, entry]) => entry["samplingRate"] !== undefined)?.[1]["samplingRate"],
    collections: Object.fromEntries(
      entries.map(([name, entry]) => [
        name,
        present({
          enabled: isWord(entry["dataCollectionMode"], "Enabled"),
          data: entry["dataId"] === undefined ? undefined : { path: entry["dataId"] },
        }),
      ]),
    ),
  });
}

function resourcesToArm(resources: DeploymentRecord["spec"]["resources"]): PlainMap | undefined {
  return (
    resources && {
      containerResourceRequests: resources.requests ?? {},
      containerResourceLimits: resources.limits ?? {},
    }
  );
}

function resourcesFromArm(value: unknown): PlainMap | undefined {
  if (value === undefined || value === null) return undefined;
  const { containerResourceRequests: requests, containerResourceLimits: limits } = mapOf(value);
  return present({ requests, limits });
}
