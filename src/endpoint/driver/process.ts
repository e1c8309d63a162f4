// Instances that are child processes of this one.

import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { startInstance } from "../instance/child.ts";
import type { StartInstance } from "../instance/instance.ts";
import type { InstanceLog } from "../log/instance-log.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { DriverContext } from "./driver.ts";

/** @throws FlowsteadError `InvalidConfig` for a deployment without a flow. */
export function processStarter(
  spec: DeploymentSpec,
  context: DriverContext,
  told: InstanceLog | undefined,
): StartInstance {
  const flow = context.flowOf?.(spec) ?? spec.flow;
  if (flow === undefined) {
    const text = `Deployment "${spec.name}" runs as a process, but names no flow. Give its model the path of a flow's folder.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const own = spec.environmentVariables;
  const { python, version, logLevel, log } = context;
  const resources = typeof context.resources === "function" ? context.resources({ ...spec, flow }) : context.resources;
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

let sockets = 0;

/** Short whatever the names are: a socket's path has little room. */
function socketPath(folder: string): string {
  return path.join(folder, `i${++sockets}.sock`);
}
