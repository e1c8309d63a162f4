// The one set of members behind every balancer of the project: instances of a deployment, regions of an endpoint,
// regions of a model. It knows which members may take a call and hands out leases; `failover.ts` makes calls with it.

import type { BreakerOptions } from "./breaker.ts";
import { type HealthOptions, watchHealth } from "./health.ts";
import { type Lease, Member, type MemberEvent, type MemberSettings } from "./member.ts";
import { pick } from "./pick.ts";

export interface PoolOptions<T> {
  members?: readonly MemberSettings<T>[];
  breaker?: BreakerOptions;
  /** Active probes on every member; without it, readiness is what `setReady` and `lose` say. */
  health?: HealthOptions<T>;
  /** When nothing is available, use what is there rather than refuse: for instances, where a wrong probe must not cut off all. */
  panic?: boolean;
  onEvent?: (event: MemberEvent) => void;
  /** Monotonic milliseconds; injected by tests. */
  now?: () => number;
  random?: () => number;
}

export interface AcquireOptions<T> {
  /** Members that this call has tried already. */
  exclude?: ReadonlySet<Member<T>>;
  zone?: string;
}

export interface Pool<T> {
  readonly members: readonly Member<T>[];
  readonly now: () => number;
  add(settings: MemberSettings<T>): Member<T>;
  /** Takes no new calls from now on and leaves the pool when the calls in flight have ended. */
  remove(id: string): Promise<void>;
  /** A lease on the best member, or undefined when none may be used now. */
  acquire(options?: AcquireOptions<T>): Lease<T> | undefined;
  /** Settles when a member may have become available by an event, or after `ms`, or when the signal is aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
  /** Stops the probes and drains every member. What the members hold is closed by their owner. */
  close(): Promise<void>;
}

export function createPool<T>(options: PoolOptions<T> = {}): Pool<T> {
  const { breaker, health, panic = false, onEvent, now = () => performance.now(), random } = options;
  const members: Member<T>[] = [];
  const stops = new Map<Member<T>, () => void>();
  const waiting = new Set<() => void>();

  const context = {
    now,
    breaker,
    onEvent: (event: MemberEvent) => {
      onEvent?.(event);
      if (event.type === "ready" || event.type.startsWith("circuit")) wake();
    },
  };

  function wake(): void {
    for (const resolve of waiting) resolve();
  }

  const pool: Pool<T> = {
    members,
    now,
    add(settings) {
      if (members.some((member) => member.id === settings.id)) {
        throw new Error(`The pool has a member "${settings.id}" already.`);
      }
      const member = new Member(settings, context);
      members.push(member);
      if (health) stops.set(member, watchHealth(member, health));
      wake();
      return member;
    },
    async remove(id) {
      const member = members.find((member) => member.id === id);
      if (!member) return;
      stops.get(member)?.();
      stops.delete(member);
      await member.drain();
      const at = members.indexOf(member);
      if (at >= 0) members.splice(at, 1);
    },
    acquire({ exclude, zone } = {}) {
      const candidates: Member<T>[] = [];
      for (const member of members) {
        if (!exclude?.has(member) && member.status() === "available") candidates.push(member);
      }
      if (candidates.length === 0 && panic) {
        for (const member of members) if (!exclude?.has(member) && !member.isDraining) candidates.push(member);
      }
      return pick(candidates, { zone, random })?.begin();
    },
    changed(ms, signal) {
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted) done();
      });
    },
    async close() {
      await Promise.all(members.map((member) => pool.remove(member.id)));
    },
  };
  for (const settings of options.members ?? []) pool.add(settings);
  return pool;
}
