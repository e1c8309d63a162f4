// An online endpoint: routes each call to one of its deployments, by traffic or by name, and copies a part of them.

import { FlowsteadError } from "../base/error/error.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowCall, Target } from "../flow/target.ts";
import type { Deployment } from "./deployment.ts";
import type { EndpointKeys } from "./key.ts";
import { trafficSplit } from "./traffic.ts";

/** The deployment that was chosen for a call; its calls are the ones that may be copied. */
export type Routed = Pick<Deployment, "name" | "describe" | "invoke">;

export interface OnlineEndpoint extends Target {
  readonly name: string;
  readonly keys: EndpointKeys;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** Whether a flow's failure is answered with the flow's own status in place of 424. */
  readonly passthrough: boolean;
  /**
   * The deployment for the next call: the pinned one, whatever its traffic, or one by the split.
   * @throws FlowsteadError `NotFound` for an unknown pin, `NoTraffic` when no deployment has traffic.
   */
  route(pinned?: string): Routed;
}

/** Percent per deployment name. */
export type Shares = Readonly<Record<string, number>>;

export interface Routing {
  traffic: Shares;
  /** Of the calls by traffic, so many are copied to another deployment. Calls with a pin are not. */
  mirror?: Shares;
  /** Answers a flow's failure with the flow's own status in place of 424. */
  passthrough?: boolean;
}

export interface RunningEndpoint extends OnlineEndpoint {
  /** Takes effect with the next call. A name without a deployment gets its share when it comes. */
  setRouting(routing: Routing): void;
  add(deployment: Deployment): void;
  /** No new calls; the deployment itself is the caller's to close. */
  remove(name: string): void;
}

export interface EndpointOptions extends Routing {
  name: string;
  keys: EndpointKeys;
  deployments: readonly Deployment[];
}

export function openEndpoint({ name, keys, deployments, ...routing }: EndpointOptions): RunningEndpoint {
  const byName = new Map(deployments.map((deployment) => [deployment.name, deployment]));
  const routes = new Map<string, Routed>();
  let { traffic, mirror = {}, passthrough = false } = routing;
  let next = trafficSplit({});
  let nextCopy = trafficSplit({});

  /** Shares of deployments that are there; one that is not must not cost a call. */
  function resplit(): void {
    const present = (shares: Shares): Shares =>
      Object.fromEntries(Object.entries(shares).filter(([deployment]) => byName.has(deployment)));
    const copies = present(mirror);
    const rest = 100 - Object.values(copies).reduce((sum, share) => sum + share, 0);
    next = trafficSplit(present(traffic));
    nextCopy = trafficSplit({ ...copies, [NOWHERE]: rest });
    routes.clear();
    for (const deployment of byName.values()) routes.set(deployment.name, routed(deployment));
  }

  function routed(deployment: Deployment): Routed {
    return {
      name: deployment.name,
      describe: (signal) => deployment.describe(signal),
      invoke: (call, signal) => {
        const copyTo = nextCopy();
        if (copyTo !== undefined && copyTo !== deployment.name) byName.get(copyTo)?.shadow.take(call);
        return deployment.invoke(call, signal);
      },
    };
  }

  const route = (pinned?: string): Routed => {
    if (pinned !== undefined) {
      const deployment = byName.get(pinned);
      if (deployment) return deployment;
      const text = `Endpoint "${name}" has no deployment "${pinned}". It has: ${[...byName.keys()].join(", ")}.`;
      throw new FlowsteadError("NotFound", text);
    }
    const chosen = next();
    const found = chosen === undefined ? undefined : routes.get(chosen);
    if (found) return found;
    throw new FlowsteadError("NoTraffic", `No deployment of endpoint "${name}" has traffic.`);
  };

  resplit();
  return {
    name,
    keys,
    deployments: byName,
    get passthrough() {
      return passthrough;
    },
    route,
    setRouting(changed) {
      ({ traffic, mirror = {}, passthrough = false } = changed);
      resplit();
    },
    add(deployment) {
      byName.set(deployment.name, deployment);
      resplit();
    },
    remove(deployment) {
      byName.delete(deployment);
      resplit();
    },
    // Not by `route`, which would take a turn of the split.
    describe: async (signal) => {
      const [most] = Object.entries(traffic).toSorted(([, a], [, b]) => b - a);
      return (routes.get(most?.[0] ?? "") ?? route()).describe(signal);
    },
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      let chosen: Routed;
      try {
        chosen = route();
      } catch (thrown) {
        yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
        return;
      }
      yield* chosen.invoke(call, signal);
    },
    close: async () => {
      await Promise.all([...byName.values()].map((deployment) => deployment.close()));
    },
  };
}

/** No deployment can have this name. */
const NOWHERE = "";
