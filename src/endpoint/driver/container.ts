// Instances that podman or docker runs.

import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { FOLDER_VARIABLE, MOUNTED_AT, TOKEN_VARIABLE } from "../instance/lent-socket.ts";
import { openEngine } from "../instance/container-engine.ts";
import { startContainer } from "../instance/container.ts";
import type { StartInstance } from "../instance/instance.ts";
import { memoryLimit } from "../instance/memory.ts";
import type { InstanceLog } from "../log/instance-log.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { DriverContext } from "./driver.ts";

/** @throws FlowsteadError `InvalidConfig` for a deployment without an image, or a machine without an engine. */
export function containerStarter(
  spec: DeploymentSpec,
  context: DriverContext,
  told: InstanceLog | undefined,
): StartInstance {
  const image = imageOf(spec);
  if (image === undefined) {
    const text = `Deployment "${spec.name}" runs in containers, but names no image. Set environment.image; "flowstead flow build" makes the folder for one.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const { runFolder, log, engineEnv = {} } = context;
  const engine = openEngine(engineEnv);
  const { socketPath, token } = typeof context.resources === "function" ? context.resources(spec) : context.resources;
  const lent = { [FOLDER_VARIABLE]: MOUNTED_AT, [TOKEN_VARIABLE]: token };
  return (slot, onState) =>
    startContainer({
      slot,
      engine,
      image,
      routes: spec.environment ?? {},
      env: { ...spec.environmentVariables, ...lent },
      lentFolder: path.dirname(socketPath),
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

export function imageOf({ driver, environment }: DeploymentSpec): string | undefined {
  return (driver.type === "container" ? driver.image : undefined) ?? environment?.image;
}
