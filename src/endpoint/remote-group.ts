// Servers that run already, each behind a URL with a key: the clusters of other regions, or a flow served elsewhere. They
// are watched and balanced like instances, and one that comes back is used again.

import type { Target } from "../flow/target.ts";
import { watchHealth } from "../pool/health.ts";
import type { ProbeSettings } from "../pool/probe.ts";
import type { Group, GroupRoom, InstanceStatus } from "./group.ts";
import type { InstanceTarget } from "./instance/instance.ts";
import { scoringTarget } from "./instance/scoring.ts";

export interface RemoteServer {
  /** Unique; stands in logs and states. */
  name: string;
  /** Of its `/score`, or the target itself where it is in this process. */
  at: string | Target;
  key?: string;
  /** Those with the lowest number are used first. Default 0. */
  priority?: number;
  weight?: number;
  region?: string;
}

export interface RemoteGroupOptions extends GroupRoom {
  servers: readonly RemoteServer[];
  readiness: ProbeSettings;
}

export function openRemoteGroup({ pool, onChange, servers, readiness }: RemoteGroupOptions): Group {
  const held = servers.map(({ name, at, key, ...settings }) => {
    const peer = `The server ${name}`;
    const target = typeof at === "string" ? scoringTarget({ url: at, key, peer }) : lent(at);
    // Ready until a probe says otherwise: at a start, a call is as good a probe as any.
    const member = pool.add({ id: name, value: target, ...settings });
    const probe = (_value: unknown, signal: AbortSignal): Promise<void> => target.health(signal);
    const found: { problem?: string } = {};
    const stop = watchHealth(member, {
      ...readiness,
      probe: (value, signal) => probe(value, signal).then(onChange),
      onLost: ({ message }) => (found.problem = message),
    });
    return { name, target, member, stop, found, region: settings.region ?? "" };
  });
  const isReady = (member: (typeof held)[number]["member"]): boolean => member.status() === "available";
  return {
    get instances(): InstanceStatus[] {
      return held.map(({ name, member, found, region }) => ({
        name,
        zone: region,
        state: isReady(member) ? "ready" : "backing-off",
        problem: isReady(member)
          ? undefined
          : (member.lastFailure?.message ?? found.problem ?? `It is ${member.status()}.`),
        pid: undefined,
        restarts: 0,
      }));
    },
    count: servers.length,
    get isSettled() {
      return held.every(({ member }) => isReady(member));
    },
    // How many there are is for whoever runs them to say.
    scale: () => {},
    async close() {
      for (const { stop } of held) stop();
      await Promise.all(held.map(({ name, target }) => leave(name, target)));
    },
  };

  async function leave(name: string, target: InstanceTarget): Promise<void> {
    await pool.remove(name);
    await target.close();
  }
}

/** An endpoint of this process: its own instances are watched where they are, and its end is not ours. */
function lent(target: Target): InstanceTarget {
  return {
    describe: (signal) => target.describe(signal),
    invoke: (call, signal) => target.invoke(call, signal),
    health: async (signal) => {
      await target.describe(signal);
    },
    close: async () => {},
  };
}
