// An online endpoint: routes each call to one of its deployments, by traffic or by name.

import { FlowsteadError } from "../base/error/error.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowCall, Target } from "../flow/target.ts";
import type { Deployment } from "./deployment.ts";
import type { EndpointKeys } from "./key.ts";
import { trafficSplit } from "./traffic.ts";

export interface OnlineEndpoint extends Target {
  readonly name: string;
  readonly keys: EndpointKeys;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /**
   * The deployment for the next call: the pinned one, whatever its traffic, or one by the split.
   * @throws FlowsteadError `NotFound` for an unknown pin, `NoTraffic` when no deployment has traffic.
   */
  route(pinned?: string): Deployment;
}

export interface EndpointOptions {
  name: string;
  keys: EndpointKeys;
  deployments: readonly Deployment[];
  /** Percent per deployment name. */
  traffic: Readonly<Record<string, number>>;
}

export function openEndpoint({ name, keys, deployments, traffic }: EndpointOptions): OnlineEndpoint {
  const byName = new Map(deployments.map((deployment) => [deployment.name, deployment]));
  const next = trafficSplit(traffic);
  const route = (pinned?: string): Deployment => {
    const chosen = pinned ?? next();
    const deployment = chosen === undefined ? undefined : byName.get(chosen);
    if (deployment) return deployment;
    if (pinned !== undefined) {
      throw new FlowsteadError(
        "NotFound",
        `Endpoint "${name}" has no deployment "${pinned}". It has: ${[...byName.keys()].join(", ")}.`,
      );
    }
    throw new FlowsteadError("NoTraffic", `No deployment of endpoint "${name}" has traffic.`);
  };
  return {
    name,
    keys,
    deployments: byName,
    route,
    describe: (signal) => route().describe(signal),
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      let deployment: Deployment;
      try {
        deployment = route();
      } catch (thrown) {
        yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
        return;
      }
      yield* deployment.invoke(call, signal);
    },
    close: async () => {
      await Promise.all(deployments.map((deployment) => deployment.close()));
    },
  };
}
