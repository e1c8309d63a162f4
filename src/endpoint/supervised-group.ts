// The instances of one deployment: as many as wanted, spread over the zones that are up, of the version wanted. One rule,
// run after every change: start what is missing, up to the surge, and let go what is too much once enough others are ready.

import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { Target } from "../flow/target.ts";
import { watchHealth } from "../pool/health.ts";
import type { Member } from "../pool/member.ts";
import { type ProbeSettings, watchProbe } from "../pool/probe.ts";
import type { Group, GroupRoom } from "./group.ts";
import type { Instance, ProbeKind, StartInstance } from "./instance/instance.ts";
import { type SilenceSettings, watchSilence } from "../pool/silence.ts";
import { watchMemory } from "./instance/memory.ts";
import { type Zones, spread } from "./zone.ts";

/** One version of a deployment: how its instances are started and looked after. */
export interface Revision {
  start: StartInstance;
  /** An instance that fails it is ended and started anew. */
  liveness: ProbeSettings;
  /** An instance that fails it takes no calls until it passes again. */
  readiness: ProbeSettings;
  /** When an instance whose calls do not end is asked whether it still answers. */
  silence?: SilenceSettings;
  /** Longest time that calls may go on when an instance is to leave. */
  drainMs: number;
  /** An instance that takes more than this is replaced. */
  memory?: { limitBytes: number; measure: (instance: Instance) => Promise<number | undefined>; periodMs?: number };
  /** Something is done about an instance: a probe failed often enough, or it takes too much memory. */
  onTrouble?: (instance: string, trouble: InstanceTrouble) => void;
}

export interface InstanceTrouble {
  name: "LivenessProbeFailed" | "ReadinessProbeFailed" | "Killing";
  message: string;
}

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

/** Instances beyond the count during a replacement, as a managed endpoint reserves them. */
const SURGE = 0.2;

interface Held {
  readonly instance: Instance;
  readonly member: Member<Target>;
  revision: Revision;
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
    const staying = this.#staying();
    return staying.length === this.count && this.#settled(staying).length === this.count;
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
        const wanted = spread(this.count, this.#options.zones.up());
        this.#releaseSurplus(wanted);
        this.#startMissing(wanted);
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

  #startMissing(wanted: ReadonlyMap<string, number>): void {
    let room = this.count + Math.ceil(this.count * SURGE) - this.#staying().length;
    // Round by round over the zones, so that a surge that does not reach all of them is spread too.
    for (let round = 0; round < this.count && room > 0; round++) {
      for (const [zone, share] of wanted) {
        if (room <= 0 || this.#current(zone).length >= share) continue;
        this.#start(zone);
        room--;
      }
    }
  }

  #releaseSurplus(wanted: ReadonlyMap<string, number>): void {
    const isSurplus = (held: Held): boolean => {
      if (held.revision !== this.#revision) return true;
      return this.#current(held.instance.zone).length > (wanted.get(held.instance.zone) ?? 0);
    };
    // What is not ready serves nobody, so it goes first; then the older ones.
    const order = this.#staying().toSorted((a, b) => Number(a.member.isReady) - Number(b.member.isReady));
    for (const held of order) {
      if (!isSurplus(held)) continue;
      const ready = this.#staying().filter(({ member }) => member.isReady).length;
      if (!held.member.isReady || ready > this.count) this.#release(held);
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
    held = { instance, member, revision, leaving: false, stopProbes: () => {} };
    this.#held.add(held);
    if (instance.state === "ready") this.#changed(held, instance);
  }

  #changed(held: Held, { name, state, problem }: Instance): void {
    held.stopProbes();
    if (state === "ready") {
      held.stopProbes = this.#probe(held);
      held.member.setReady(true);
    } else {
      const why = problem === undefined ? "" : `: ${problem}`;
      held.member.lose(new FlowsteadError("InstanceLost", `Instance ${name} is ${state}${why}.`));
    }
    this.reconcile();
  }

  /** Until the instance's state changes. A readiness probe lets it come back, a liveness probe has it started anew. */
  #probe(held: Held): () => void {
    const { instance, member, revision } = held;
    const asks =
      (kind: ProbeKind) =>
      (signal: AbortSignal): Promise<void> =>
        instance.target.health(signal, kind);
    const stopReadiness = watchHealth(member, {
      ...revision.readiness,
      probe: (_target, signal) => asks("readiness")(signal),
      onLost: ({ message }) => revision.onTrouble?.(instance.name, { name: "ReadinessProbeFailed", message }),
    });
    const hangs = (reason: FlowsteadError): void => {
      this.#options.log.warn({ instance: instance.name, reason: reason.message }, "instance hangs");
      const message = `It does not answer and is ended: ${reason.message}`;
      revision.onTrouble?.(instance.name, { name: "LivenessProbeFailed", message });
      // First its end, so that a call that moves elsewhere can not be worked on here any more.
      instance.kill();
      member.lose(reason);
    };
    const stopLiveness = watchProbe({
      ...revision.liveness,
      probe: asks("liveness"),
      onWell: () => {},
      onIll: hangs,
    });
    // A liveness probe as managed endpoints have it needs minutes; callers of a hung process do not have them.
    const stopSilence = watchSilence(member, {
      ...revision.silence,
      probe: (_target, signal) => asks("liveness")(signal),
      onHang: hangs,
    });
    const { memory } = revision;
    const stopMemory = memory
      ? watchMemory({
          ...memory,
          measure: () => memory.measure(instance),
          onOver: (bytes) => this.#outgrown(held, bytes),
        })
      : undefined;
    return () => {
      stopMemory?.();
      stopReadiness();
      stopLiveness();
      stopSilence();
    };
  }

  /** As if it were of an older version: another one is started first, and its calls end. */
  #outgrown(held: Held, bytes: number): void {
    const { instance, revision } = held;
    const [taken, limit] = [bytes, revision.memory?.limitBytes ?? 0].map((size) => `${Math.ceil(size / 2 ** 20)} MiB`);
    const message = `It takes ${taken} of memory and may take ${limit}; another one takes its place.`;
    this.#options.log.warn({ instance: instance.name, bytes }, "instance takes too much memory");
    revision.onTrouble?.(instance.name, { name: "Killing", message });
    held.revision = { ...revision };
    this.reconcile();
  }

  #release(held: Held, lost?: FlowsteadError): void {
    held.leaving = true;
    // One that is to finish its calls is watched until it has: it may hang over them.
    if (lost) held.stopProbes();
    const work = this.#leave(held, lost).finally(() => {
      held.stopProbes();
      this.#leaving.delete(work);
      this.#held.delete(held);
    });
    this.#leaving.add(work);
  }

  async #leave({ instance, member, revision }: Held, lost: FlowsteadError | undefined): Promise<void> {
    const removed = this.#options.pool.remove(member.id);
    if (lost) {
      const stopped = instance.stop({ now: true });
      member.lose(lost);
      await stopped;
    } else {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, revision.drainMs)));
      await Promise.race([removed, late]);
      clearTimeout(timer);
      await instance.stop();
    }
    await removed;
  }

  #staying(): Held[] {
    return [...this.#held].filter(({ leaving }) => !leaving);
  }

  #current(zone: string): Held[] {
    return this.#staying().filter((held) => held.revision === this.#revision && held.instance.zone === zone);
  }

  #settled(staying: readonly Held[]): Held[] {
    const wanted = spread(this.count, this.#options.zones.up());
    return staying.filter(
      ({ member, revision, instance }) =>
        member.isReady &&
        revision === this.#revision &&
        this.#current(instance.zone).length === wanted.get(instance.zone),
    );
  }
}
