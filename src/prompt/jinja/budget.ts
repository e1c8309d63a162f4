// What one rendering may use. A template may come from anybody, so nothing it can write may hang or fill the process.

import { throwIfAborted } from "../../base/abort.ts";
import { fault } from "./fault.ts";

export interface RenderLimits {
  /** Evaluated nodes of the tree, loop rounds and items touched by filters. */
  maxSteps: number;
  /** Characters of the result, and of any one text or list made on the way. */
  maxSize: number;
  maxTimeMs: number;
}

export const DEFAULT_LIMITS: RenderLimits = { maxSteps: 5_000_000, maxSize: 20_000_000, maxTimeMs: 10_000 };

/** The original's sandbox refuses longer ranges. */
export const MAX_RANGE = 100_000;

const STEPS_BETWEEN_CLOCKS = 1024;

export class Budget {
  readonly #limits: RenderLimits;
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #steps = 0;
  #nextClock = STEPS_BETWEEN_CLOCKS;

  constructor(limits: RenderLimits, signal?: AbortSignal) {
    throwIfAborted(signal);
    this.#limits = limits;
    this.#signal = signal;
    this.#deadline = performance.now() + limits.maxTimeMs;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps < this.#nextClock) return;
    this.#nextClock = this.#steps + STEPS_BETWEEN_CLOCKS;
    throwIfAborted(this.#signal);
    if (this.#steps > this.#limits.maxSteps) {
      fault("RecursionError", `the template takes more than ${this.#limits.maxSteps} steps`);
    }
    if (performance.now() > this.#deadline) {
      fault("TimeoutError", `the template takes longer than ${this.#limits.maxTimeMs} ms`);
    }
  }

  /** Asks for room before a text of `length` characters, or a list of as many items, is made. */
  room(length: number): void {
    if (length > this.#limits.maxSize) {
      fault("MemoryError", `the template makes a value of more than ${this.#limits.maxSize} characters`);
    }
    this.step(length >> 6);
  }
}

/** The rendering that is under way. One renders at a time, since none of it waits. */
let current: Budget | undefined;

/** Runs a rendering; what it does inside single values is charged to its budget, too. */
export function within<T>(budget: Budget, render: () => T): T {
  const outer = current;
  current = budget;
  try {
    return render();
  } finally {
    current = outer;
  }
}

/** Charges one part of a value that is printed or compared: parts may be the same list many times over. */
export function visit(): void {
  current?.step();
}

/** Asks for room for a text that a value makes when it is printed. */
export function roomFor(text: string): string {
  current?.room(text.length);
  return text;
}
