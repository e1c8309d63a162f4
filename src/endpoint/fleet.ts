// What runs: the endpoints and deployments that were asked for, each brought from what it is to what it should be.

import type { DeploymentCounts, RunningDeployment } from "./deployment.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { Target } from "../flow/target.ts";
import { type RunningEndpoint, openEndpoint } from "./endpoint.ts";
import type { InstanceStatus } from "./group.ts";
import type { EndpointKeys } from "./key.ts";
import { type DriverContext, type Operated, revisionKey } from "./driver/driver.ts";
import { operate } from "./driver/operate.ts";
import type { Regions } from "./region.ts";
import type { DeploymentSpec } from "./specification/deployment-spec.ts";
import type { EndpointSpec } from "./specification/endpoint-spec.ts";

export interface FleetOptions extends DriverContext {
  /** Stands between callers and each deployment, such as what traces its runs. */
  watch?: <T extends Target>(deployment: T, spec: () => DeploymentSpec) => T;
  /** Asked once, when an endpoint comes to be. */
  keysOf: (spec: EndpointSpec) => EndpointKeys;
}

export interface DeploymentStatus {
  name: string;
  driver: DeploymentSpec["driver"]["type"];
  /** Instances wanted now; scaling moves it between its bounds. */
  count: number;
  /** Whether all of them are ready and of the newest version. */
  isSettled: boolean;
  pending: number;
  counts: DeploymentCounts;
  instances: readonly InstanceStatus[];
}

export interface EndpointStatus {
  name: string;
  deployments: DeploymentStatus[];
}

export interface Fleet {
  /** Live: an endpoint that comes or goes is seen by the next call. */
  readonly endpoints: ReadonlyMap<string, RunningEndpoint>;
  /**
   * Begins to bring an endpoint to its specification: creates what is missing, replaces instances that run an older
   * version one by one, closes deployments that are not named any more. The same again changes nothing.
   * @throws FlowsteadError when a specification cannot be run; then the other deployments are as asked nevertheless.
   */
  apply(endpoint: EndpointSpec, deployments: readonly DeploymentSpec[]): void;
  /** Resolves when all instances of a deployment are ready and new. @throws FlowsteadError `InstanceUnavailable`, `NotFound`. */
  settled(endpoint: string, deployment: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  /** Replaces a deployment's instances by new ones of the same version, without a call lost. @throws `NotFound`. */
  restart(endpoint: string, deployment: string): void;
  /** Takes in an endpoint that is not from a specification, such as one of regions; it closes with the fleet. */
  adopt(regions: Regions): void;
  /** Lets calls in work end. An unknown name changes nothing. */
  remove(endpoint: string): Promise<void>;
  status(): EndpointStatus[];
  close(): Promise<void>;
}

interface Held {
  endpoint: RunningEndpoint;
  operated: Map<string, { spec: DeploymentSpec; operated: Operated }>;
}

export function openFleet(options: FleetOptions): Fleet {
  const held = new Map<string, Held>();
  const endpoints = new Map<string, RunningEndpoint>();
  const closing = new Set<Promise<void>>();
  const regions = new Map<string, RunningDeployment>();
  let isClosed = false;

  function inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((thrown: unknown) => options.log.error({ err: thrown }, "closing a deployment failed"))
      .finally(() => closing.delete(tracked));
    closing.add(tracked);
  }

  function find(endpoint: string, deployment: string): Operated {
    const found = held.get(endpoint)?.operated.get(deployment);
    if (found) return found.operated;
    throw new FlowsteadError("NotFound", `Endpoint "${endpoint}" has no deployment "${deployment}" that runs.`);
  }

  function applyDeployment({ endpoint, operated }: Held, spec: DeploymentSpec): void {
    const running = operated.get(spec.name);
    if (running && canUpdate(running.spec, spec)) {
      running.operated.update(spec);
      running.spec = spec;
      return;
    }
    const created = operate(spec, options);
    operated.set(spec.name, { spec, operated: created });
    // In the same step as the old one leaves, so that no call is without a deployment.
    const current = (): DeploymentSpec => operated.get(spec.name)?.spec ?? spec;
    endpoint.add(options.watch?.(created.deployment, current) ?? created.deployment);
    if (running) inBackground(running.operated.close());
  }

  async function end(name: string, how: "close" | "remove"): Promise<void> {
    const found = held.get(name);
    held.delete(name);
    endpoints.delete(name);
    if (found) await Promise.all([...found.operated.values()].map(({ operated }) => operated[how]()));
  }

  return {
    endpoints,
    apply(spec, deployments) {
      if (isClosed) throw new FlowsteadError("ShuttingDown", "The system is stopping.");
      let found = held.get(spec.name);
      const { traffic, mirrorTraffic: mirror, compat } = spec;
      const routing = { traffic, mirror, passthrough: compat === "passthrough" };
      if (found) found.endpoint.setRouting(routing);
      else {
        const endpoint = openEndpoint({ name: spec.name, keys: options.keysOf(spec), deployments: [], ...routing });
        found = { endpoint, operated: new Map() };
        held.set(spec.name, found);
        endpoints.set(spec.name, endpoint);
      }
      const failures: unknown[] = [];
      for (const deployment of deployments) {
        try {
          applyDeployment(found, deployment);
        } catch (thrown) {
          failures.push(thrown);
        }
      }
      const wanted = new Set(deployments.map(({ name }) => name));
      for (const [name, { operated }] of found.operated) {
        if (wanted.has(name)) continue;
        found.endpoint.remove(name);
        found.operated.delete(name);
        inBackground(operated.remove());
      }
      if (failures.length > 0) throw failures[0];
    },
    settled: async (endpoint, deployment, { timeoutMs, signal }) =>
      find(endpoint, deployment).deployment.settled(timeoutMs, signal),
    restart: (endpoint, deployment) => find(endpoint, deployment).restart(),
    adopt({ endpoint, deployment }) {
      endpoints.set(endpoint.name, endpoint);
      regions.set(endpoint.name, deployment);
    },
    remove: (endpoint) => end(endpoint, "remove"),
    status: () => [
      ...[...held].map(([name, { operated }]) => ({
        name,
        deployments: [...operated.values()].map(({ spec, operated: { deployment } }) =>
          statusOf(deployment, spec.driver.type),
        ),
      })),
      ...[...regions].map(([name, deployment]) => ({ name, deployments: [statusOf(deployment, "remote")] })),
    ],
    async close() {
      isClosed = true;
      const adopted = [...endpoints.values()].filter(({ name }) => !held.has(name));
      for (const { name } of adopted) endpoints.delete(name);
      await Promise.all(adopted.map((endpoint) => endpoint.close()));
      await Promise.all([...held.keys()].map((name) => end(name, "close")));
      await Promise.all(closing);
    },
  };
}

function statusOf(deployment: RunningDeployment, driver: DeploymentStatus["driver"]): DeploymentStatus {
  const { name, group, pending, counts, instances } = deployment;
  // Plain copies: they become JSON, which knows nothing of accessors.
  const plain = instances.map(({ name, zone, state, problem, pid, restarts }) => ({
    name,
    zone,
    state,
    problem,
    pid,
    restarts,
  }));
  return { name, driver, count: group.count, isSettled: group.isSettled, pending, counts, instances: plain };
}

/** Whether the running deployment can become the new one; another driver, or other servers, need another deployment. */
function canUpdate(running: DeploymentSpec, next: DeploymentSpec): boolean {
  if (running.driver.type !== next.driver.type) return false;
  return next.driver.type !== "remote" || revisionKey(running) === revisionKey(next);
}
