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
  /** Runs a node and puts its value into `progress`. */
  run(node: PlannedNode): Promise<void>;
  onBypass(node: PlannedNode): void;
  /** Called when a node has completed or was bypassed, before the nodes that wait for it begin. */
  onSettled(node: PlannedNode): Promise<void> | undefined;
}

/** Resolves when all nodes have ended; rejects with the first failure, while others may still be running. */
export function runNodes(options: ScheduleOptions): Promise<void> {
  return new Promise((resolve, reject) => new Schedule(options, resolve, reject).start());
}

class Schedule {
  readonly #options: ScheduleOptions;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #byName: Map<string, PlannedNode>;
  /** How many nodes of this phase each node still waits for. */
  readonly #open = new Map<string, number>();
  readonly #ready: PlannedNode[] = [];
  #running = 0;
  #left: number;
  #failed = false;

  constructor(options: ScheduleOptions, resolve: () => void, reject: (error: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#byName = new Map(options.nodes.map((node) => [node.name, node]));
    this.#left = options.nodes.length;
  }

  start(): void {
    if (this.#left === 0) return this.#resolve();
    for (const node of this.#options.nodes) {
      const open = node.waitsFor.filter((name) => this.#byName.has(name)).length;
      this.#open.set(node.name, open);
      if (open === 0) this.#ready.push(node);
    }
    this.#fill();
  }

  #fill(): void {
    while (!this.#failed && this.#running < this.#options.concurrency) {
      const node = this.#ready.shift();
      if (!node) return;
      this.#running++;
      this.#step(node).then(
        () => this.#advance(node),
        (thrown: unknown) => this.#fail(thrown),
      );
    }
  }

  async #step(node: PlannedNode): Promise<void> {
    const { progress, run, onBypass, onSettled, signal } = this.#options;
    if (signal.aborted) throw new FlowsteadError("Canceled", "The work was canceled.");
    const found = isBypassed(node, progress);
    if (found instanceof Promise ? await found : found) {
      progress.bypassed.add(node.name);
      progress.values.set(node.name, null);
      onBypass(node);
    } else await run(node);
    const settled = this.#failed ? undefined : onSettled(node);
    if (settled) await settled;
  }

  #advance(node: PlannedNode): void {
    this.#running--;
    this.#left--;
    if (this.#failed) return;
    if (this.#left === 0) return this.#resolve();
    for (const name of node.dependants) {
      const open = (this.#open.get(name) ?? 1) - 1;
      this.#open.set(name, open);
      if (open === 0) this.#ready.push(this.#byName.get(name) as PlannedNode);
    }
    this.#fill();
  }

  #fail(thrown: unknown): void {
    this.#running--;
    if (this.#failed) return;
    this.#failed = true;
    this.#reject(thrown);
  }
}
