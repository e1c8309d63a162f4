// What every driver of instances is given, and what it makes of a deployment.

import type { Logger } from "../../base/log.ts";
import type { RunningDeployment } from "../deployment.ts";
import type { InstanceSpec } from "../instance/spec.ts";
import type { ClusterAddress } from "../kubernetes/cluster.ts";
import type { Journal } from "../log/journal.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { Zones } from "../zone.ts";

export interface DriverContext {
  /** Private folder for sockets. */
  runFolder: string;
  /** Where resources are lent, or where and with which token a deployment finds them. */
  resources: InstanceSpec["resources"] | ((spec: DeploymentSpec) => InstanceSpec["resources"]);
  /** Told of such a token when the last instance that had it is gone. */
  release?: (token: string) => void;
  python: string | undefined;
  version: string;
  logLevel: InstanceSpec["logLevel"];
  /** Variables that every instance gets. */
  instanceEnv: Readonly<Record<string, string>>;
  /** What a secret is that a specification only names; as it is written when absent. @throws FlowsteadError `InvalidConfig`. */
  secretOf?: (written: string) => string;
  /** Where the files lie that instances of this version read; the flow's own place when absent. */
  flowOf?: (spec: DeploymentSpec) => string | undefined;
  zones: Zones;
  /** Zone of this process; instances there are preferred. */
  zone?: string;
  log: Logger;
  /** What the container engine's command may see; it is looked for on the PATH in it. */
  engineEnv?: Readonly<Record<string, string>>;
  /** The cluster for deployments with the kubernetes driver. */
  cluster?: ClusterAddress;
  /** Where instances' output and events are written down. */
  journal?: Journal;
}

/** A deployment that is run by a driver. */
export interface Operated {
  readonly deployment: RunningDeployment;
  /** Brings it to the specification; instances are replaced only when something that they run with has changed. */
  update(spec: DeploymentSpec): void;
  /** Replaces the instances by new ones of the same specification. */
  restart(): void;
  /** Lets calls in work end and frees what this process holds; what runs in a cluster goes on. */
  close(): Promise<void>;
  /** Closes it for good, with what would outlive this process. */
  remove(): Promise<void>;
}

/** What tells two versions of a deployment's instances apart. */
export function revisionKey(spec: DeploymentSpec): string {
  return JSON.stringify([
    spec.flow,
    spec.flowDigest,
    spec.model,
    spec.environment,
    spec.environmentVariables,
    spec.livenessProbe,
    spec.readinessProbe,
    spec.driver,
    spec.resources,
  ]);
}
