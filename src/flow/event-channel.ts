import { AsyncQueue } from "../base/queue.ts";
import type { FlowEvent } from "./event.ts";

/** How many events may wait for a slow reader before streaming nodes are held back. */
const HIGH_WATER = 256;

/** The events of one run on their way to one reader. */
export class EventChannel implements AsyncIterator<FlowEvent> {
  readonly #queue: AsyncQueue<FlowEvent>;
  readonly #events: AsyncIterator<FlowEvent>;
  #behind: Promise<void> | undefined;
  #release: (() => void) | undefined;

  /** @param onLeave called when the reader leaves before the end */
  constructor(onLeave: () => void) {
    this.#queue = new AsyncQueue(() => {
      this.#letGo();
      onLeave();
    });
    this.#events = this.#queue[Symbol.asyncIterator]();
  }

  push(event: FlowEvent): void {
    this.#queue.push(event);
  }

  end(): void {
    this.#queue.end();
  }

  /** Resolves when the reader has caught up; `undefined` when it is near enough. */
  behind(): Promise<void> | undefined {
    if (this.#queue.size > HIGH_WATER) {
      this.#behind ??= new Promise((resolve) => {
        this.#release = resolve;
      });
    }
    return this.#behind;
  }

  next(): Promise<IteratorResult<FlowEvent>> {
    if (this.#behind && this.#queue.size <= HIGH_WATER / 2) this.#letGo();
    return this.#events.next();
  }

  async return(): Promise<IteratorResult<FlowEvent>> {
    await this.#events.return?.();
    return { value: undefined, done: true };
  }

  #letGo(): void {
    this.#release?.();
    this.#release = this.#behind = undefined;
  }
}
