import { AsyncQueue } from "../base/queue.ts";
import type { FlowEvent } from "./event.ts";

/** How many events may wait for a slow reader before streaming nodes are held back. */
const HIGH_WATER = 256;

/** The events of one run on their way to one reader. */
export class EventChannel extends AsyncQueue<FlowEvent> {
  #behind: Promise<void> | undefined;
  #release: (() => void) | undefined;
  readonly #onLeave: () => void;

  /** @param onLeave called when the reader leaves before the end */
  constructor(onLeave: () => void) {
    super();
    this.#onLeave = onLeave;
  }

  /** Resolves when the reader has caught up; `undefined` when it is near enough. */
  behind(): Promise<void> | undefined {
    if (this.size > HIGH_WATER) {
      this.#behind ??= new Promise((resolve) => {
        this.#release = resolve;
      });
    }
    return this.#behind;
  }

  override next(): Promise<IteratorResult<FlowEvent>> {
    if (this.#behind && this.size <= HIGH_WATER / 2) this.#letGo();
    return super.next();
  }

  override return(): Promise<IteratorResult<FlowEvent>> {
    const left = super.return();
    this.#letGo();
    this.#onLeave();
    return left;
  }

  #letGo(): void {
    this.#release?.();
    this.#release = this.#behind = undefined;
  }
}
