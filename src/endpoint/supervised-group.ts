// The instances of one deployment: as many as wanted, spread over the zones that are up, of the version wanted. One rule,
// run after every change: start what is missing, up to the surge, and let go what is too much once enough others are ready.

import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { Target } from "../flow/target.ts";
import type { Member } from "../pool/member.ts";
import type { Group, GroupRoom } from "./group.ts";
import type { Instance } from "./instance/instance.ts";
import { leave } from "./instance-leave.ts";
import { watchInstance } from "./instance-watch.ts";
import { type Placed, isSettled, missing, surplus } from "./placement.ts";
import type { Revision } from "./revision.ts";
import type { Zones } from "./zone.ts";

export interface SupervisedGroupOptions extends GroupRoom {
  name: string;
  zones: Zones;
  count: number;
  revision: Revision;
  log: Logger;
}

export interface SupervisedGroup extends Group {
  /** Replaces the instances one after another: a fifth more than wanted are started, and one leaves for each that is ready. */
  replace(revision: Revision): void;
}

interface Held {
  readonly instance: Instance;
  readonly member: Member<Target>;
  readonly revision: Revision;
  /** Another one is to take its place, whatever its version. */
  isOutgrown: boolean;
  leaving: boolean;
  stopProbes: () => void;
}

export function openSupervisedGroup(options: SupervisedGroupOptions): SupervisedGroup {
  const group = new Instances(options);
  group.reconcile();
  return group;
}

class Instances implements SupervisedGroup {
  count: number;
  readonly #options: SupervisedGroupOptions;
  readonly #held = new Set<Held>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #unwatch: () => void;
  #revision: Revision;
  #number = 0;
  #closed = false;
  #reconciling = false;
  #isStale = false;

  constructor(options: SupervisedGroupOptions) {
    this.#options = options;
    this.count = options.count;
    this.#revision = options.revision;
    this.#unwatch = options.zones.watch(() => this.reconcile());
  }

  get instances(): readonly Instance[] {
    return this.#staying().map(({ instance }) => instance);
  }

  get isSettled(): boolean {
    return isSettled(this.count, this.#options.zones.up(), this.#placed());
  }

  replace(revision: Revision): void {
    this.#revision = revision;
    this.reconcile();
  }

  scale(count: number): void {
    if (count === this.count) return;
    this.count = count;
    this.reconcile();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    for (const held of this.#staying()) this.#release(held);
    await Promise.all(this.#leaving);
  }

  reconcile(): void {
    this.#isStale = true;
    // Starting and stopping tell changes of state, which come back here.
    if (this.#closed || this.#reconciling) return;
    this.#reconciling = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        this.#leaveLostZones();
        const up = this.#options.zones.up();
        for (let next = surplus(this.count, up, this.#placed()); next; next = surplus(this.count, up, this.#placed())) {
          this.#release(next.held);
        }
        for (const zone of missing(this.count, up, this.#placed())) this.#start(zone);
      }
    } finally {
      this.#reconciling = false;
    }
    this.#options.onChange();
  }

  #leaveLostZones(): void {
    for (const held of this.#staying()) {
      const { zone, name } = held.instance;
      if (this.#options.zones.isUp(zone)) continue;
      this.#release(held, new FlowsteadError("InstanceLost", `Instance ${name} is gone: zone ${zone} is down.`));
    }
  }

  #start(zone: string): void {
    const { name, pool } = this.#options;
    const revision = this.#revision;
    const slot = { name: `${name}-${++this.#number}`, zone };
    let held: Held | undefined;
    const instance = revision.start(slot, (changed) => {
      if (held && !held.leaving) this.#changed(held, changed);
    });
    const member = pool.add({ id: slot.name, value: instance.target, zone, ready: false });
    held = { instance, member, revision, isOutgrown: false, leaving: false, stopProbes: () => {} };
    this.#held.add(held);
    if (instance.state === "ready") this.#changed(held, instance);
  }

  #changed(held: Held, { name, state, problem }: Instance): void {
    held.stopProbes();
    if (state === "ready") {
      const onOutgrown = (): void => {
        held.isOutgrown = true;
        this.reconcile();
      };
      held.stopProbes = watchInstance({ ...held, log: this.#options.log, onOutgrown });
      held.member.setReady(true);
    } else {
      const why = problem === undefined ? "" : `: ${problem}`;
      held.member.lose(new FlowsteadError("InstanceLost", `Instance ${name} is ${state}${why}.`));
    }
    this.reconcile();
  }

  #release(held: Held, lost?: FlowsteadError): void {
    held.leaving = true;
    // One that is to finish its calls is watched until it has: it may hang over them.
    if (lost) held.stopProbes();
    const { pool } = this.#options;
    const work = leave({ ...held, pool, drainMs: held.revision.drainMs, lost }).finally(() => {
      held.stopProbes();
      this.#leaving.delete(work);
      this.#held.delete(held);
    });
    this.#leaving.add(work);
  }

  #staying(): Held[] {
    return [...this.#held].filter(({ leaving }) => !leaving);
  }

  #placed(): (Placed & { held: Held })[] {
    return this.#staying().map((held) => ({
      held,
      zone: held.instance.zone,
      isReady: held.member.isReady,
      isCurrent: held.revision === this.#revision && !held.isOutgrown,
    }));
  }
}
