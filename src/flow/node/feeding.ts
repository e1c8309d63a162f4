// Nodes whose text is read by code of other nodes while it comes: for those that wait for one, it has ended when its text
// begins.

import { FlowsteadError } from "../../base/error/error.ts";
import { pyStr } from "../../base/value.ts";
import { TextFeed } from "../../python/text-feed.ts";
import type { PlannedNode } from "../plan.ts";
import { type NodeInput, plainInput } from "./value.ts";

/** Whether the node is asked to: by its input `stream`, as the original's tools read it. */
export function isFeeding({ feeds }: PlannedNode, inputs: Record<string, NodeInput>): boolean {
  return feeds !== undefined && pyStr(plainInput(inputs["stream"] ?? null)).toLowerCase() === "true";
}

/** What its run does when it ends. */
export interface FeedingEnds {
  completed(): void;
  /** @param isFatal whether others than the code that reads it want the text, or it has not begun */
  failed(thrown: unknown, isFatal: boolean): void;
  /** Those that wait were told before; `completed` or `failed` has been called. */
  settled(): Promise<void> | undefined;
}

export class Feeding {
  readonly node: PlannedNode;
  readonly feed: TextFeed;
  /** Of the node's call: also fires when nobody reads on. */
  readonly signal: AbortSignal;
  hasEnded = false;
  /** Resolves when the node has ended and its outputs are told; rejects with a failure that is fatal. */
  ended: Promise<void> = Promise.resolve();
  readonly #run: AbortSignal;
  readonly #left = new AbortController();
  readonly #begun: Promise<void>;
  #hasBegun = false;
  #begin!: () => void;

  constructor(node: PlannedNode, run: AbortSignal) {
    this.node = node;
    this.feed = new TextFeed(node.feeds?.isKept === true, () => this.#left.abort());
    this.signal = AbortSignal.any([run, this.#left.signal]);
    this.#run = run;
    this.#begun = new Promise((resolve) => (this.#begin = resolve));
    // The code that waits for a piece must hear of it, however long the model takes to stop.
    const canceled = new FlowsteadError("Canceled", "The work was canceled.");
    run.addEventListener("abort", () => this.feed.fail(canceled), { once: true });
  }

  push(piece: string): Promise<void> | undefined {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#begin();
    }
    return this.feed.push(piece);
  }

  /** Waits for the first piece of the node's text, or for its end when there is none. */
  begin(work: Promise<unknown>, ends: FeedingEnds): Promise<void> {
    const completed = (): Promise<void> | undefined => {
      this.feed.end();
      this.hasEnded = true;
      ends.completed();
      return this.#hasBegun ? ends.settled() : undefined;
    };
    this.ended = work.then(completed, (thrown: unknown) => {
      // It was ended since nobody reads on.
      if (this.#left.signal.aborted && !this.#run.aborted) return completed();
      this.feed.fail(thrown);
      this.hasEnded = true;
      const isFatal = !this.#hasBegun || this.node.feeds?.isKept === true;
      ends.failed(thrown, isFatal);
      if (isFatal) throw thrown;
      return undefined;
    });
    this.ended.catch(() => undefined); // Waited for when all nodes have begun, if that comes.
    return Promise.race([this.#begun, this.ended]);
  }
}

/** Those of one run. */
export class Feedings {
  readonly #all = new Map<string, Feeding>();

  add(feeding: Feeding): void {
    this.#all.set(feeding.node.name, feeding);
  }

  /** Whether the node's text is not whole yet. */
  isOpen(name: string): boolean {
    return this.#all.get(name)?.hasEnded === false;
  }

  get open(): number {
    return [...this.#all.values()].filter(({ hasEnded }) => !hasEnded).length;
  }

  /** No code reads on: what it has not read is of use to nobody, unless others want the whole. */
  leave(): void {
    for (const { feed } of this.#all.values()) feed.leave();
  }

  /** Waits for the nodes, and gives their texts. @throws what one failed with, when others want its text. */
  async ends(): Promise<[name: string, text: string][]> {
    const all = [...this.#all.values()];
    await Promise.all(all.map(({ ended }) => ended));
    this.#all.clear();
    return all.map(({ node, feed }) => [node.name, feed.text]);
  }
}
