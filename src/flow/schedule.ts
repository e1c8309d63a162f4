// Runs the nodes of one phase: each starts as soon as what it refers to has ended, independent ones side by side.

import { FlowsteadError } from "../base/error/error.ts";
import type { PlannedNode } from "./plan.ts";
import { type Progress, isBypassed } from "./resolve.ts";

export interface ScheduleOptions {
  nodes: readonly PlannedNode[];
  progress: Progress;
  /** How many nodes may run at a time. */
  concurrency: number;
  signal: AbortSignal;
  /** Runs a node and puts its value into `progress`; a promise only where something has to be waited for. */
  run(node: PlannedNode): Promise<void> | undefined;
  onBypass(node: PlannedNode): void;
  /** Called when a node has completed or was bypassed, before the nodes that wait for it begin. */
  onSettled(node: PlannedNode): Promise<void> | undefined;
}

/** Nodes on their way. */
export interface Schedule {
  /** Resolves when all nodes have ended; rejects with the first failure, while others may still be running. */
  done: Promise<void>;
  /** Fails at once; no node begins any more. */
  giveUp(reason: unknown): void;
}

export function runNodes(options: ScheduleOptions): Schedule {
  const running = new Running(options);
  return { done: running.done, giveUp: (reason) => running.fail(reason) };
}

/** What waits for what among the nodes of a phase, by their places in it. */
interface Wiring {
  /** How many nodes of the phase each node waits for. */
  open: readonly number[];
  dependants: readonly (readonly number[])[];
}

const WIRINGS = new WeakMap<readonly PlannedNode[], Wiring>();

/** The same for every run, so it is made once for a plan. */
function wiringOf(nodes: readonly PlannedNode[]): Wiring {
  let found = WIRINGS.get(nodes);
  if (!found) {
    const places = new Map(nodes.map(({ name }, place) => [name, place]));
    const placesOf = (names: readonly string[]): number[] => names.flatMap((name) => places.get(name) ?? []);
    found = {
      open: nodes.map(({ waitsFor }) => placesOf(waitsFor).length),
      dependants: nodes.map(({ dependants }) => placesOf(dependants)),
    };
    WIRINGS.set(nodes, found);
  }
  return found;
}

class Running {
  readonly done: Promise<void>;
  readonly #options: ScheduleOptions;
  readonly #dependants: Wiring["dependants"];
  /** How many nodes each node still waits for. */
  readonly #open: number[];
  readonly #ready: number[] = [];
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #running = 0;
  #left: number;
  #failed = false;

  constructor(options: ScheduleOptions) {
    const { open, dependants } = wiringOf(options.nodes);
    this.#options = options;
    this.#dependants = dependants;
    this.#open = [...open];
    this.#left = open.length;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (let place = 0; place < open.length; place++) if (open[place] === 0) this.#ready.push(place);
    if (this.#left === 0) this.#resolve();
    else this.#fill();
  }

  fail(thrown: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#reject(thrown);
  }

  #fill(): void {
    while (!this.#failed && this.#running < this.#options.concurrency) {
      const place = this.#ready.shift();
      if (place === undefined) return;
      this.#running++;
      this.#begin(place);
    }
  }

  #begin(place: number): void {
    try {
      const work = this.#step(this.#options.nodes[place] as PlannedNode);
      if (!work) return this.#ended(place);
      work.then(
        () => {
          this.#ended(place);
          this.#fill();
        },
        (thrown: unknown) => this.fail(thrown),
      );
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  #step(node: PlannedNode): Promise<void> | undefined {
    const { progress, signal } = this.#options;
    if (signal.aborted) throw new FlowsteadError("Canceled", "The work was canceled.");
    const found = isBypassed(node, progress);
    return found instanceof Promise ? found.then((bypassed) => this.#run(node, bypassed)) : this.#run(node, found);
  }

  #run(node: PlannedNode, bypassed: boolean): Promise<void> | undefined {
    const { progress, run, onBypass } = this.#options;
    if (!bypassed) {
      const work = run(node);
      return work ? work.then(() => this.#settled(node)) : this.#settled(node);
    }
    progress.bypassed.add(node.name);
    progress.values.set(node.name, null);
    onBypass(node);
    return this.#settled(node);
  }

  #settled(node: PlannedNode): Promise<void> | undefined {
    return this.#failed ? undefined : this.#options.onSettled(node);
  }

  #ended(place: number): void {
    this.#running--;
    this.#left--;
    if (this.#failed) return;
    if (this.#left === 0) return this.#resolve();
    for (const next of this.#dependants[place] ?? []) {
      const open = (this.#open[next] ?? 1) - 1;
      this.#open[next] = open;
      if (open === 0) this.#ready.push(next);
    }
  }
}
