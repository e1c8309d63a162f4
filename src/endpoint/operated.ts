// A deployment with the driver that its specification names, and what a changed specification means to each of them.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import { type RunningDeployment, openDeployment } from "./deployment.ts";
import { startInstance } from "./instance/child.ts";
import { startContainer } from "./instance/container.ts";
import { openEngine } from "./instance/container-engine.ts";
import type { Instance, StartInstance } from "./instance/instance.ts";
import { memoryLimit, treeMemory } from "./instance/memory.ts";
import type { InstanceSpec } from "./instance/spec.ts";
import { type InstanceLog, instanceLog } from "./log/instance-log.ts";
import type { Journal } from "./log/journal.ts";
import { type ClusterAddress, openCluster } from "./kubernetes/cluster.ts";
import { openClusterGroup } from "./kubernetes/cluster-group.ts";
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
  /** What the container engine's command may see; it is looked for on the PATH in it. */
  engineEnv?: Readonly<Record<string, string>>;
  /** The cluster for deployments with the kubernetes driver. */
  cluster?: ClusterAddress;
  /** Where instances' output and events are written down. */
  journal?: Journal;
}

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

/** @throws FlowsteadError `InvalidConfig` when the specification leaves out what its driver needs. */
export function operate(spec: DeploymentSpec, context: OperationContext): Operated {
  if (spec.driver.type === "remote") return operateRemote(spec, context);
  return spec.driver.type === "kubernetes" ? operateCluster(spec, context) : operateSupervised(spec, context);
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
    close: () => deployment.close(),
    remove: () => deployment.close(),
  };
}

function revisionOf(spec: DeploymentSpec, context: OperationContext): Revision {
  const isContainer = spec.driver.type === "container";
  const limitBytes = memoryLimit(spec.resources);
  const pulled = isContainer
    ? `Image ${imageOf(spec)} is used; the engine fetches one that is not there.`
    : `Flow ${spec.flow} is read where it lies.`;
  const place = { endpoint: spec.endpointName, deployment: spec.name };
  const told = context.journal && instanceLog(context.journal, place, pulled);
  return {
    start: isContainer ? containerStarter(spec, context, told) : processStarter(spec, context, told),
    liveness: spec.livenessProbe,
    readiness: spec.readinessProbe,
    drainMs: spec.requestSettings.requestTimeoutMs,
    ...(limitBytes === undefined || isContainer ? {} : { memory: { limitBytes, measure: memoryOf } }),
    onTrouble: (instance, trouble) => told?.onTrouble(instance, trouble),
  };
}

async function memoryOf({ pid }: Instance): Promise<number | undefined> {
  return pid === undefined ? undefined : treeMemory(pid);
}

function processStarter(spec: DeploymentSpec, context: OperationContext, told: InstanceLog | undefined): StartInstance {
  const { flow } = spec;
  if (flow === undefined) {
    const text = `Deployment "${spec.name}" runs as a process, but names no flow. Give its model the path of a flow's folder.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const own = variablesOf(spec, context);
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
      onState: (instance) => {
        told?.onState(instance);
        onState(instance);
      },
      onLine: (line) => told?.onLine(name, line),
    });
}

function containerStarter(
  spec: DeploymentSpec,
  context: OperationContext,
  told: InstanceLog | undefined,
): StartInstance {
  const image = imageOf(spec);
  if (image === undefined) {
    const text = `Deployment "${spec.name}" runs in containers, but names no image. Set environment.image; "flowstead flow build" makes the folder for one.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const { runFolder, log, engineEnv = {} } = context;
  const engine = openEngine(engineEnv);
  return (slot, onState) =>
    startContainer({
      slot,
      engine,
      image,
      routes: spec.environment ?? {},
      env: variablesOf(spec, context),
      runFolder,
      isIsolated: spec.egressPublicNetworkAccess === "disabled",
      memoryBytes: memoryLimit(spec.resources),
      log,
      onState: (instance) => {
        told?.onState(instance);
        onState(instance);
      },
      onLine: (line) => told?.onLine(slot.name, line),
    });
}

function imageOf({ driver, environment }: DeploymentSpec): string | undefined {
  return (driver.type === "container" ? driver.image : undefined) ?? environment?.image;
}

function variablesOf(spec: DeploymentSpec, { environmentOf }: OperationContext): Readonly<Record<string, string>> {
  return environmentOf?.(spec) ?? spec.environmentVariables;
}

function operateCluster(first: DeploymentSpec, context: OperationContext): Operated {
  let spec = first;
  const namespace = spec.driver.type === "kubernetes" ? spec.driver.namespace : undefined;
  if (!context.cluster) {
    const text = `Deployment "${spec.name}" runs in a Kubernetes cluster, but none is configured. Set kubernetes.url in flowstead.yaml.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const cluster = openCluster({ ...context.cluster, ...(namespace === undefined ? {} : { namespace }) });
  const deployment = openDeployment({
    name: spec.name,
    settings: spec,
    zone: context.zone,
    log: context.log,
    open: (room) =>
      openClusterGroup({
        ...room,
        cluster,
        spec,
        variablesOf: (one) => variablesOf(one, context),
        log: context.log,
        journal: context.journal,
      }),
  });
  const close = async (): Promise<void> => {
    await deployment.close();
    await cluster.close();
  };
  return {
    deployment,
    close,
    update(next) {
      const isNewVersion = revisionKey(next) !== revisionKey(spec);
      spec = next;
      deployment.configure(spec);
      if (isNewVersion) deployment.group.replace(spec);
    },
    restart: () =>
      deployment.group.replace({ ...spec, properties: { ...spec.properties, restarted: String(Date.now()) } }),
    async remove() {
      await deployment.group.remove();
      await close();
    },
  };
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
    close: () => deployment.close(),
    remove: () => deployment.close(),
  };
}
