// A deployment: one version of a flow, run by a group of instances that are spread over zones.

import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { FlowSignature, Target } from "../flow/target.ts";
import { type Pool, createPool } from "../pool/pool.ts";
import { admitted } from "./admission.ts";
import { balancedTarget } from "./balanced.ts";
import type { Group, GroupRoom, InstanceStatus } from "./group.ts";
import { openShadow, type Shadow } from "./mirror.ts";
import { scaler } from "./scale.ts";
import { activeSchedule } from "./schedule.ts";
import type { DeploymentSpec } from "./specification/deployment-spec.ts";

/** What may change while a deployment runs without a new instance. */
export type DeploymentSettings = Pick<DeploymentSpec, "requestSettings" | "scaleSettings" | "instanceCount">;

export interface DeploymentOptions<G extends Group> {
  name: string;
  settings: DeploymentSettings;
  /** Makes the instances. */
  open: (room: GroupRoom) => G;
  /** Zone of this process; instances there are preferred. */
  zone?: string;
  log: Logger;
}

/** What callers and the endpoint need of a deployment. */
export interface Deployment extends Target {
  readonly name: string;
  readonly instances: readonly InstanceStatus[];
  /** Calls that are being worked on. */
  readonly pending: number;
  /** Takes copies of other deployments' calls. */
  readonly shadow: Pick<Shadow, "take">;
  /** Resolves when the first instance is ready. @throws FlowsteadError `InstanceUnavailable` with what the instances said. */
  ready(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export interface DeploymentCounts {
  /** Calls that moved to another instance. */
  retried: number;
  /** Calls over the limit of pending ones. */
  rejected: number;
  mirrored: number;
  mirrorDropped: number;
}

export interface RunningDeployment<G extends Group = Group> extends Deployment {
  readonly group: G;
  readonly pool: Pool<Target>;
  readonly counts: DeploymentCounts;
  configure(settings: DeploymentSettings): void;
  /** Resolves when every instance wanted is ready and of the newest version. @throws FlowsteadError `InstanceUnavailable`. */
  settled(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

// A call that finds no instance ready waits this long for one to come back.
const READY_WAIT_MS = 10_000;
const POLL_MS = 1_000;

export function openDeployment<G extends Group>(options: DeploymentOptions<G>): RunningDeployment<G> {
  const { name, log } = options;
  let { settings } = options;
  let retried = 0;
  const waiting = new Set<() => void>();
  const pool = createPool<Target>({
    onEvent: ({ member, type, reason }) => {
      log.info({ deployment: name, instance: member, event: type, reason: reason?.message }, "instance event");
    },
  });
  const group = options.open({
    pool,
    onChange: () => {
      for (const wake of waiting) wake();
    },
  });
  const balanced = balancedTarget({
    pool,
    zone: options.zone,
    waitMs: READY_WAIT_MS,
    noun: `instance of deployment "${name}"`,
    onRetry: () => retried++,
  });
  const capacity = (): number => settings.requestSettings.maxConcurrentRequestsPerInstance * group.count;
  const timeoutMs = (): number => settings.requestSettings.requestTimeoutMs;
  const limited = admitted(balanced, { limit: () => 2 * capacity(), timeoutMs });
  // Copies have room of their own, so that they never take a caller's.
  const shadow = openShadow(balanced, { limit: capacity, timeoutMs });
  const stopScaling = scaling(group, { settings: () => settings, pending: () => limited.pending, log });
  let signature: Promise<FlowSignature> | undefined;

  async function until(isDone: () => boolean, timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!isDone()) {
      if (signal?.aborted) throw new FlowsteadError("Canceled", "Stopped while instances were starting.");
      const left = deadline - Date.now();
      const { instances } = group;
      const isHopeless = instances.length > 0 && instances.every(({ restarts }) => restarts >= 3);
      if (left <= 0 || isHopeless) throw notReady(name, instances);
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
  }

  return {
    name,
    group,
    pool,
    shadow,
    get instances() {
      return group.instances;
    },
    get pending() {
      return limited.pending;
    },
    get counts() {
      const { copied: mirrored, dropped: mirrorDropped } = shadow;
      return { retried, rejected: limited.rejected, mirrored, mirrorDropped };
    },
    configure(next) {
      settings = next;
      signature = undefined;
      if (next.scaleSettings.type === "default") group.scale(next.instanceCount);
    },
    describe: () => {
      signature ??= balanced.describe().catch((thrown: unknown) => {
        signature = undefined;
        throw thrown;
      });
      return signature;
    },
    invoke: (call, signal) => limited.invoke(call, signal),
    ready: (timeout, signal) => until(() => group.instances.some(({ state }) => state === "ready"), timeout, signal),
    settled: (timeout, signal) => until(() => group.isSettled, timeout, signal),
    async close() {
      stopScaling();
      shadow.close();
      await group.close();
      await balanced.close();
    },
  };
}

function scaling(
  group: Group,
  { settings, pending, log }: { settings: () => DeploymentSettings; pending: () => number; log: Logger },
): () => void {
  const next = scaler();
  const poll = (): void => {
    const { scaleSettings: scale, requestSettings } = settings();
    if (scale.type === "target_utilization") {
      const perInstance = requestSettings.maxConcurrentRequestsPerInstance;
      const bounds = { ...scale, ...activeSchedule(scale.schedules ?? [], new Date()) };
      const count = next({ count: group.count, pending: pending(), perInstance }, bounds);
      if (count !== group.count) {
        log.info({ from: group.count, to: count, pending: pending() }, "scaling");
        group.scale(count);
      }
    }
    later(scale.type === "target_utilization" ? scale.pollingIntervalMs : POLL_MS);
  };
  const later = (ms: number): void => {
    timer = setTimeout(poll, ms);
    timer.unref();
  };
  let timer: NodeJS.Timeout | undefined;
  later(POLL_MS);
  return () => clearTimeout(timer);
}

function notReady(name: string, instances: readonly InstanceStatus[]): FlowsteadError {
  const problems = [...new Set(instances.map(({ problem }) => problem).filter((problem) => problem !== undefined))];
  const why = problems.length > 0 ? `:\n${problems.join("\n")}` : ".";
  return new FlowsteadError("InstanceUnavailable", `No instance of deployment "${name}" became ready${why}`);
}
