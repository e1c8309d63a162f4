// What a deployment should be: the product's own form of `managedOnlineDeployment` YAML and of ARM's JSON. Times are in ms.

import type { ComputeKind } from "./endpoint-spec.ts";
import type { TrackedResource } from "./tracked-resource.ts";

export interface DeploymentSpec {
  /** Unique in its endpoint. */
  name: string;
  endpointName: string;
  kind: ComputeKind;
  description?: string;
  tags: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, string>>;
  /** Absolute path of the flow's folder, or of its file; undefined where the driver needs none (an image, a remote URL). */
  flow?: string;
  /** Of the flow's files when it was applied: an edit under the same path makes new instances. */
  flowDigest?: string;
  model?: ModelReference;
  environment?: EnvironmentSpec;
  /** Variables that the instances get on top of the host's few; `${...}` references are resolved at start. */
  environmentVariables: Readonly<Record<string, string>>;
  instanceCount: number;
  /** A machine size of the cloud, kept and shown; nothing here depends on it. */
  instanceType?: string;
  /** Asked for Application Insights; kept and shown, telemetry goes where the configuration sends it. */
  appInsightsEnabled?: boolean;
  /** Where an image of the original expects its model; kept and shown. */
  modelMountPath?: string;
  requestSettings: RequestSettings;
  livenessProbe: ProbeSpec;
  readinessProbe: ProbeSpec;
  scaleSettings: ScaleSettings;
  driver: DriverSpec;
  dataCollector?: DataCollectorSpec;
  /** "disabled" denies instances all ways out but approved ones. */
  egressPublicNetworkAccess: "enabled" | "disabled";
  resources?: ResourcesSpec;
  tracked?: TrackedResource;
}

/** The registered or inline model; for flows `path` is where the flow came from. */
export interface ModelReference {
  name?: string;
  version?: string;
  /** As written: a path, `azureml:name:version` or a registry's URI. */
  path?: string;
  type?: string;
  properties?: Readonly<Record<string, string>>;
}

/** The image a container or cluster runs, and where its server answers. */
export interface EnvironmentSpec {
  /** As written: `azureml:name:version` or a registry's URI. */
  reference?: string;
  image?: string;
  build?: { path: string; dockerfilePath?: string };
  livenessRoute?: InferenceRoute;
  readinessRoute?: InferenceRoute;
  scoringRoute?: InferenceRoute;
}

export interface InferenceRoute {
  path: string;
  port: number;
}

export interface RequestSettings {
  /** 5000 when not given, as in the original. */
  requestTimeoutMs: number;
  /** 1 when not given; twice this times the instances may be pending before callers get 429. */
  maxConcurrentRequestsPerInstance: number;
  /** Deprecated by the original; kept and shown. */
  maxQueueWaitMs: number;
}

export interface ProbeSpec {
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  successThreshold: number;
  failureThreshold: number;
}

export type ScaleSettings =
  | { type: "default" }
  | {
      type: "target_utilization";
      minInstances: number;
      maxInstances: number;
      /** Percent of calls in work over calls allowed. */
      targetUtilizationPercentage: number;
      pollingIntervalMs: number;
      /** Spans in which other bounds hold; the first that matches counts. */
      schedules?: readonly ScaleSchedule[];
    };

export interface ScaleSchedule {
  /** Days as `mon` ... `sun`; every day when empty. */
  days: readonly string[];
  /** Local time `HH:MM`; a span whose end is before its start goes over midnight. */
  start: string;
  end: string;
  minInstances: number;
  maxInstances: number;
}

/** What makes instances exist. From `properties: { driver: ... }` of the YAML; a child process when nothing is said. */
export type DriverSpec =
  | { type: "process" }
  | { type: "container"; image?: string }
  | { type: "remote"; urls: readonly string[]; key?: string }
  | { type: "kubernetes"; namespace?: string; image?: string };

export interface DataCollectorSpec {
  /** Share of the calls, 0 to 1. */
  samplingRate: number;
  rollingRate: "minute" | "hour" | "day" | "month" | "year";
  /** By name: `model_inputs`, `model_outputs`, `request`, `response` or the flow's own. */
  collections: Readonly<
    Record<string, { enabled: boolean; data?: { name?: string; path?: string; version?: string } }>
  >;
}

export interface ResourcesSpec {
  requests?: Readonly<Record<string, string>>;
  limits?: Readonly<Record<string, string>>;
}
