// A deployment with the driver that its specification names, and what a changed specification means to each of them.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import { type RunningDeployment, openDeployment } from "./deployment.ts";
import { startInstance } from "./instance/child.ts";
import type { StartInstance } from "./instance/instance.ts";
import type { InstanceSpec } from "./instance/spec.ts";
import { openRemoteGroup } from "./remote-group.ts";
import type { DeploymentSpec } from "./specification/deployment-spec.ts";
import { type Revision, openSupervisedGroup } from "./supervised-group.ts";
import type { Zones } from "./zone.ts";

export interface OperationContext {
  /** Private folder for sockets. */
  runFolder: string;
  /** Where resources are lent, or where and with which token a deployment finds them. */
  resources: InstanceSpec["resources"] | ((spec: DeploymentSpec) => InstanceSpec["resources"]);
  python: string | undefined;
  version: string;
  logLevel: InstanceSpec["logLevel"];
  /** Variables that every instance gets. */
  instanceEnv: Readonly<Record<string, string>>;
  /** A deployment's own variables with their references resolved; as they are written when absent. */
  environmentOf?: (spec: DeploymentSpec) => Readonly<Record<string, string>>;
  zones: Zones;
  /** Zone of this process; instances there are preferred. */
  zone?: string;
  log: Logger;
}

export interface Operated {
  readonly deployment: RunningDeployment;
  /** Brings it to the specification; instances are replaced only when something that they run with has changed. */
  update(spec: DeploymentSpec): void;
  /** Replaces the instances by new ones of the same specification. */
  restart(): void;
}

/** @throws FlowsteadError `InvalidConfig` when the specification leaves out what its driver needs. */
export function operate(spec: DeploymentSpec, context: OperationContext): Operated {
  return spec.driver.type === "remote" ? operateRemote(spec, context) : operateSupervised(spec, context);
}

/** What tells two versions of a deployment's instances apart. */
export function revisionKey(spec: DeploymentSpec): string {
  const { flow, model, environment, environmentVariables, livenessProbe, readinessProbe, driver, resources } = spec;
  return JSON.stringify([
    flow,
    model,
    environment,
    environmentVariables,
    livenessProbe,
    readinessProbe,
    driver,
    resources,
  ]);
}

function operateSupervised(first: DeploymentSpec, context: OperationContext): Operated {
  let spec = first;
  const { zones, zone, log } = context;
  const deployment = openDeployment({
    name: spec.name,
    settings: spec,
    zone,
    log,
    open: (room) =>
      openSupervisedGroup({
        ...room,
        name: spec.name,
        zones,
        count: spec.instanceCount,
        revision: revisionOf(spec, context),
        log,
      }),
  });
  return {
    deployment,
    update(next) {
      const isNewVersion = revisionKey(next) !== revisionKey(spec);
      spec = next;
      deployment.configure(spec);
      if (isNewVersion) deployment.group.replace(revisionOf(spec, context));
    },
    restart: () => deployment.group.replace(revisionOf(spec, context)),
  };
}

function revisionOf(spec: DeploymentSpec, context: OperationContext): Revision {
  return {
    start: processStarter(spec, context),
    liveness: spec.livenessProbe,
    readiness: spec.readinessProbe,
    drainMs: spec.requestSettings.requestTimeoutMs,
  };
}

function processStarter(spec: DeploymentSpec, context: OperationContext): StartInstance {
  const { flow } = spec;
  if (flow === undefined) {
    const text = `Deployment "${spec.name}" runs as a process, but names no flow. Give its model the path of a flow's folder.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const own = context.environmentOf?.(spec) ?? spec.environmentVariables;
  const { python, version, logLevel, log } = context;
  const resources = typeof context.resources === "function" ? context.resources(spec) : context.resources;
  return ({ name, zone }, onState) =>
    startInstance({
      spec: {
        name,
        zone,
        socketPath: socketPath(context.runFolder),
        resources,
        flow,
        env: { ...context.instanceEnv, ...own },
        python,
        version,
        logLevel,
      },
      log,
      onState,
    });
}

let sockets = 0;

/** Short whatever the names are: a socket's path has little room. */
function socketPath(folder: string): string {
  return path.join(folder, `i${++sockets}.sock`);
}

function operateRemote(first: DeploymentSpec, context: OperationContext): Operated {
  let spec = first;
  const { driver, readinessProbe } = spec;
  const { urls, key } = driver.type === "remote" ? driver : { urls: [], key: undefined };
  const servers = urls.map((url, index) => ({ name: `${spec.name}-${index + 1}`, at: url, key }));
  const deployment = openDeployment({
    name: spec.name,
    settings: spec,
    log: context.log,
    open: (room) => openRemoteGroup({ ...room, servers, readiness: readinessProbe }),
  });
  return {
    deployment,
    update(next) {
      spec = next;
      deployment.configure(spec);
    },
    // They are not ours to start.
    restart: () => {},
  };
}
