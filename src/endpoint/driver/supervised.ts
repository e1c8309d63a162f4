// The drivers whose instances this process starts, probes and replaces: child processes and containers.

import { openDeployment } from "../deployment.ts";
import type { Instance } from "../instance/instance.ts";
import { memoryLimit, treeMemory } from "../instance/memory.ts";
import { instanceLog } from "../log/instance-log.ts";
import type { Revision } from "../revision.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import { openSupervisedGroup } from "../supervised-group.ts";
import { containerStarter, imageOf } from "./container.ts";
import { type DriverContext, type Operated, revisionKey } from "./driver.ts";
import { processStarter } from "./process.ts";

export function operateSupervised(first: DeploymentSpec, system: DriverContext): Operated {
  let spec = first;
  const { zones, zone, log, resources, release } = system;
  const tokens = new Set<string>();
  const context: DriverContext = {
    ...system,
    resources: (of) => {
      const lent = typeof resources === "function" ? resources(of) : resources;
      tokens.add(lent.token);
      return lent;
    },
  };
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
    close,
    remove: close,
  };

  async function close(): Promise<void> {
    await deployment.close();
    for (const token of tokens) release?.(token);
  }
}

function revisionOf(spec: DeploymentSpec, context: DriverContext): Revision {
  const isContainer = spec.driver.type === "container";
  const limitBytes = memoryLimit(spec.resources);
  const pulled = isContainer
    ? `Image ${imageOf(spec)} is used; the engine fetches one that is not there.`
    : pulledFlow(spec, context.flowOf?.(spec));
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

function pulledFlow({ flow, flowDigest }: DeploymentSpec, place: string | undefined): string {
  if (place === undefined || place === flow) return `Flow ${flow} is read where it lies.`;
  return `Flow ${flow} is read as it was when it was applied, state ${flowDigest?.slice(0, 12)}.`;
}

async function memoryOf({ pid }: Instance): Promise<number | undefined> {
  return pid === undefined ? undefined : treeMemory(pid);
}
