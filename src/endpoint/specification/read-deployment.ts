import { type Value, isMap, pyStr } from "../../base/value.ts";
import type { DataCollectorSpec, DeploymentSpec, ModelReference, ScaleSettings } from "./deployment-spec.ts";
import { readDriver, readSchedules } from "./read-driver.ts";
import { readEnvironment } from "./read-environment.ts";
import { readName } from "./read-endpoint.ts";
import { readProbe } from "./read-probe.ts";
import type { SpecReader } from "./spec-reader.ts";
import { readTracked } from "./tracked-resource.ts";

export interface ReadDeploymentOptions {
  /** From a path as written to an absolute one, or why there is no flow. */
  flowAt: (path: string) => { flow: string } | { why: string };
}

const MOST_INSTANCES = 50;
const LONGEST_TIMEOUT_MS = 300_000;
const COUNT = { min: 1, max: 100_000 };
const READ_ONLY = ["id", "provisioning_state", "creation_context"];

/** Reads every key; what is wrong is in the reader's findings, and has the default in the result. */
export function readDeployment(reader: SpecReader, options: ReadDeploymentOptions): DeploymentSpec {
  if (reader.has("$schema")) reader.use("$schema");
  const isKubernetes = /kubernetes/i.test(
    `${pyStr(reader.value("$schema") ?? "")} ${pyStr(reader.value("type") ?? "")}`,
  );
  reader.choice("type", ["managed", "kubernetes"]);
  const properties = reader.texts("properties");
  const driver = readDriver(reader, properties);
  const model = readModel(reader);
  const flow = readFlow(reader, { model, needed: driver.type === "process" }, options);
  const environment = readEnvironment(reader, driver.type === "process");
  const description = reader.text("description");
  const instanceType = reader.text("instance_type");
  reader.ignore("instance_type", "no machine is rented here; it is kept and shown");
  const tracked = readTracked(reader);
  const [appInsights, mountPath] = [reader.flag("app_insights_enabled"), reader.text("model_mount_path")];
  ignoreForeign(reader, driver.type === "process");
  const scaleSettings = readScale(reader, properties);
  const resources = readResources(reader);
  const dataCollector = readCollector(reader);
  const spec: DeploymentSpec = {
    name: readName(reader, "name"),
    endpointName: readName(reader, "endpoint_name"),
    kind: isKubernetes ? "kubernetes" : "managed",
    ...(description === undefined ? {} : { description }),
    tags: reader.texts("tags"),
    properties,
    ...(flow === undefined ? {} : { flow }),
    ...(model ? { model } : {}),
    ...(environment ? { environment } : {}),
    environmentVariables: reader.texts("environment_variables"),
    instanceCount: reader.whole("instance_count", { min: 1, max: MOST_INSTANCES }) ?? lowest(scaleSettings),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(appInsights === undefined ? {} : { appInsightsEnabled: appInsights }),
    ...(mountPath === undefined ? {} : { modelMountPath: mountPath }),
    requestSettings: readRequestSettings(reader),
    livenessProbe: readProbe(reader, "liveness_probe"),
    readinessProbe: readProbe(reader, "readiness_probe"),
    scaleSettings,
    driver,
    ...(dataCollector ? { dataCollector } : {}),
    egressPublicNetworkAccess: reader.choice("egress_public_network_access", ["enabled", "disabled"]) ?? "enabled",
    ...(resources ? { resources } : {}),
    ...(Object.keys(tracked).length === 0 ? {} : { tracked }),
  };
  reader.finish();
  return spec;
}

function readModel(reader: SpecReader): ModelReference | undefined {
  const value = reader.value("model");
  if (value === undefined) return undefined;
  if (!isMap(value)) {
    const path = reader.text("model");
    return path === undefined ? undefined : { path };
  }
  const section = reader.section("model");
  if (!section) return undefined;
  const text = (key: string): string | undefined =>
    (isMap(section.value(key)) ? section.refuse(key, "a place is left open in it") : section.text(key)) ?? undefined;
  const [name, version, path, type] = [text("name"), text("version"), text("path"), text("type")];
  const properties = section.texts("properties");
  for (const key of ["$schema", "description", "tags", "flavors", "stage"])
    section.ignore(key, "models are not registered here");
  section.finish();
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(path === undefined ? {} : { path }),
    ...(type === undefined ? {} : { type }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

function readFlow(
  reader: SpecReader,
  { model, needed }: { model: ModelReference | undefined; needed: boolean },
  { flowAt }: ReadDeploymentOptions,
): string | undefined {
  const path = model?.path;
  if (path === undefined) {
    if (needed) reader.refuse("model", "it names no folder; give `model: {path: FOLDER}` with the folder of a flow");
    return undefined;
  }
  if (path.startsWith("azureml:")) {
    if (needed)
      reader.refuse(
        "model",
        `"${path}" lies in a registry of the cloud; give \`model: {path: FOLDER}\` with the folder of a flow`,
      );
    return undefined;
  }
  const found = flowAt(path);
  if ("flow" in found) return found.flow;
  if (needed) reader.refuse("model", found.why);
  return undefined;
}

/** Keys that have a meaning in the original and none for instances that this program runs. */
function ignoreForeign(reader: SpecReader, isProcess: boolean): void {
  if (isProcess && reader.has("code_configuration")) {
    reader.refuse(
      "code_configuration",
      "a scoring script with init() and run() is not a flow; make it a python node, or a class for flow.flex.yaml",
    );
  } else reader.ignore("code_configuration", "the image or the server elsewhere has its own code");
  reader.ignore("model_mount_path", "instances read the flow's folder where it is; it is kept and shown");
  reader.ignore("app_insights_enabled", "telemetry goes where the configuration sends it; it is kept and shown");
  reader.ignore("private_network_connection", "nothing here listens beyond this machine");
  for (const key of READ_ONLY) reader.ignore(key, "it is read-only: the system gives it");
}

function readRequestSettings(reader: SpecReader): DeploymentSpec["requestSettings"] {
  const section = reader.section("request_settings");
  const requestTimeoutMs = section?.whole("request_timeout_ms", { min: 1, max: LONGEST_TIMEOUT_MS });
  const concurrent = section?.whole("max_concurrent_requests_per_instance", COUNT);
  const maxQueueWaitMs = section?.whole("max_queue_wait_ms", { min: 0, max: LONGEST_TIMEOUT_MS }) ?? 500;
  section?.ignore("max_queue_wait_ms", "the original has given it up; the number of pending calls is limited instead");
  section?.finish();
  if (requestTimeoutMs === undefined) {
    reader.assume(
      "request_settings.request_timeout_ms",
      "the original gives 5000 ms; a flow that asks a model often needs more, up to 300000",
    );
  }
  if (concurrent === undefined) {
    reader.assume(
      "request_settings.max_concurrent_requests_per_instance",
      "the original gives 1; a flow that waits for a model can take many",
    );
  }
  return {
    requestTimeoutMs: requestTimeoutMs ?? 5000,
    maxConcurrentRequestsPerInstance: concurrent ?? 1,
    maxQueueWaitMs,
  };
}

function readScale(reader: SpecReader, properties: Readonly<Record<string, string>>): ScaleSettings {
  // The original's own documentation has both spellings.
  const section = reader.section(reader.has("scale_settings") ? "scale_settings" : "scale_setting");
  const type = section?.choice("type", ["default", "target_utilization"]) ?? "default";
  if (!section || type === "default") {
    section?.finish();
    return { type: "default" };
  }
  const range = { min: 1, max: MOST_INSTANCES };
  const minInstances = section.whole("min_instances", range) ?? 1;
  const maxInstances = section.whole("max_instances", range) ?? minInstances;
  if (maxInstances < minInstances) section.refuse("max_instances", "it is less than min_instances");
  const polling = section.whole("polling_interval", { min: 1, max: 86_400 }) ?? 1;
  const target = section.whole("target_utilization_percentage", { min: 1, max: 100 }) ?? 70;
  section.finish();
  const schedules = readSchedules(reader, properties["flowstead.schedules"]);
  return {
    type,
    minInstances,
    maxInstances,
    targetUtilizationPercentage: target,
    pollingIntervalMs: polling * 1000,
    ...(schedules.length === 0 ? {} : { schedules }),
  };
}

function lowest(scale: ScaleSettings): number {
  return scale.type === "default" ? 1 : scale.minInstances;
}

function readResources(reader: SpecReader): DeploymentSpec["resources"] {
  const section = reader.section("resources");
  if (!section) return undefined;
  const [requests, limits] = [section.texts("requests"), section.texts("limits")];
  section.finish();
  return { requests, limits };
}

function readCollector(reader: SpecReader): DataCollectorSpec | undefined {
  const section = reader.section("data_collector");
  if (!section) return undefined;
  const rates = ["minute", "hour", "day", "month", "year"] as const;
  const samplingRate = section.number("sampling_rate", { min: 0, max: 1 }) ?? 1;
  const rollingRate = section.choice("rolling_rate", rates) ?? "hour";
  section.ignore("request_logging", "which headers are kept is fixed: none");
  const collections: Record<string, { enabled: boolean; data?: { name?: string; path?: string; version?: string } }> =
    {};
  const list = section.section("collections");
  for (const name of list?.keys() ?? []) {
    const entry = list?.section(name);
    if (!entry) continue;
    const data = entry.section("data");
    const text = (key: string): Record<string, string> => {
      const value: Value | undefined = data?.value(key);
      data?.ignore(key, "files lie in the state folder, below collected/");
      return value === undefined ? {} : { [key]: pyStr(value) };
    };
    const written = { ...text("name"), ...text("path"), ...text("version") };
    collections[name] = {
      enabled: entry.flag("enabled") ?? false,
      ...(Object.keys(written).length === 0 ? {} : { data: written }),
    };
    entry.finish();
  }
  section.finish();
  return { samplingRate, rollingRate, collections };
}
