// A deployment: one version of a flow, run by a pool of instances that are spread over zones.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { FlowSignature, Target } from "../flow/target.ts";
import type { Member } from "../pool/member.ts";
import { createPool } from "../pool/pool.ts";
import { admitted } from "./admission.ts";
import { balancedTarget } from "./balanced.ts";
import { type Instance, startInstance } from "./instance/child.ts";
import type { InstanceSpec } from "./instance/spec.ts";

export interface DeploymentOptions {
  name: string;
  /** Folder of the flow. */
  flow: string;
  instances: number;
  zones: readonly string[];
  /** Private folder for sockets. */
  runFolder: string;
  resources: InstanceSpec["resources"];
  python: string;
  version: string;
  logLevel: InstanceSpec["logLevel"];
  /** Variables that instances get. */
  instanceEnv: Readonly<Record<string, string>>;
  requestTimeoutMs: number;
  maxConcurrentRequestsPerInstance: number;
  log: Logger;
}

export interface Deployment extends Target {
  readonly name: string;
  readonly instances: readonly Instance[];
  /** Calls that are being worked on. */
  readonly pending: number;
  /** Resolves when the first instance is ready. @throws FlowsteadError `InstanceUnavailable` with what the instances said. */
  ready(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

// A call that finds no instance ready waits this long for one to come back.
const READY_WAIT_MS = 10_000;

export function openDeployment(options: DeploymentOptions): Deployment {
  const { log } = options;
  const byId = new Map<string, { instance: Instance; member: Member<Target> }>();
  const waiting = new Set<() => void>();
  const pool = createPool<Target>({
    health: {
      probe: (target, signal) => (target as Instance["target"]).health(signal),
      periodMs: 2_000,
      timeoutMs: 2_000,
      failureThreshold: 3,
    },
    onEvent: (event) => {
      const entry = byId.get(event.member);
      log.info({ instance: event.member, event: event.type, reason: event.reason?.message }, "instance event");
      // The process lives but does not answer its probes: it hangs, and only a new one helps.
      if (event.type === "unready" && entry?.instance.state === "ready") entry.instance.kill();
    },
  });

  const onState = (instance: Instance): void => {
    const entry = byId.get(instance.name);
    if (instance.state === "ready") entry?.member.setReady(true);
    else entry?.member.lose(new FlowsteadError("InstanceLost", `Instance ${instance.name} is ${instance.state}.`));
    for (const wake of waiting) wake();
  };

  for (let number = 1; number <= options.instances; number++) {
    const zone = options.zones[(number - 1) % options.zones.length] as string;
    const name = `${options.name}-${number}`;
    const instance = startInstance({
      spec: {
        name,
        zone,
        socketPath: path.join(options.runFolder, `${name}.sock`),
        resources: options.resources,
        flow: options.flow,
        env: options.instanceEnv,
        python: options.python,
        version: options.version,
        logLevel: options.logLevel,
      },
      log,
      onState,
    });
    byId.set(name, { instance, member: pool.add({ id: name, value: instance.target, zone, ready: false }) });
  }

  const instances = [...byId.values()].map(({ instance }) => instance);
  const balanced = balancedTarget({ pool, waitMs: READY_WAIT_MS, noun: `instance of deployment "${options.name}"` });
  const limited = admitted(balanced, {
    limit: () => 2 * options.maxConcurrentRequestsPerInstance * instances.length,
    timeoutMs: options.requestTimeoutMs,
  });
  let signature: Promise<FlowSignature> | undefined;
  return {
    name: options.name,
    instances,
    get pending() {
      return limited.pending;
    },
    describe: () => {
      signature ??= balanced.describe().catch((thrown: unknown) => {
        signature = undefined;
        throw thrown;
      });
      return signature;
    },
    invoke: (call, signal) => limited.invoke(call, signal),
    async ready(timeoutMs, signal) {
      const deadline = Date.now() + timeoutMs;
      while (!instances.some(({ state }) => state === "ready")) {
        if (signal?.aborted) throw new FlowsteadError("Canceled", "Stopped while instances were starting.");
        const left = deadline - Date.now();
        if (left <= 0 || instances.every(({ restarts }) => restarts >= 3)) throw notReady(options.name, instances);
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer);
            waiting.delete(done);
            resolve();
          };
          const timer = setTimeout(done, Math.min(left, 250));
          waiting.add(done);
        });
      }
    },
    async close() {
      await Promise.all(instances.map((instance) => pool.remove(instance.name).then(() => instance.stop())));
      await balanced.close();
    },
  };
}

function notReady(name: string, instances: readonly Instance[]): FlowsteadError {
  const problems = [...new Set(instances.map(({ problem }) => problem).filter((problem) => problem !== undefined))];
  const why = problems.length > 0 ? `:\n${problems.join("\n")}` : ".";
  return new FlowsteadError("InstanceUnavailable", `No instance of deployment "${name}" became ready${why}`);
}
