// A run that is going on, as its readers see it. All events are here once, and each reader keeps only its place among
// them: one that is slow, or never reads, holds up nobody and costs nothing.

import { ContentFold, type MessageContent } from "./message-content.ts";
import { type Logged, type RunEvent, isLast } from "./event.ts";

export interface RunIds {
  runId: string;
  conversationId: string;
  messageId: string;
  questionId: string;
}

/** Most events handed to a reader at once. */
const BATCH = 512;

export class LiveRun {
  readonly ids: RunIds;
  /** Aborted by a stop; nothing else ends a run early. */
  readonly controller = new AbortController();
  /** Resolves when the run is over and saved. */
  readonly over: Promise<void>;
  readonly #events: Logged[] = [];
  readonly #fold = new ContentFold();
  readonly #waiting = new Set<() => void>();
  #resolveOver: () => void = () => {};
  #hasEnded = false;

  constructor(ids: RunIds) {
    this.ids = ids;
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
  }

  get seq(): number {
    return this.#events.length;
  }

  /** What the answer is so far. */
  get content(): MessageContent {
    return this.#fold.content();
  }

  /** Numbers an event and shows it to the readers. */
  append(event: RunEvent): Logged {
    const logged = this.number(event);
    this.show(logged);
    return logged;
  }

  /** The number that the next event gets; for one that must be saved before anybody sees it. */
  number(event: RunEvent): Logged {
    return { seq: this.#events.length + 1, event };
  }

  show(logged: Logged): void {
    this.#events.push(logged);
    this.#fold.push(logged);
    if (isLast(logged.event)) this.#hasEnded = true;
    this.#wake();
  }

  /** Tells that all is saved. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
    this.#resolveOver();
  }

  /** Events after number `after`, those that are there at once and then as they come, until the last or until the signal. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<readonly Logged[], void> {
    let at = Math.max(0, after);
    while (!signal.aborted) {
      if (at < this.#events.length) {
        const batch = this.#events.slice(at, at + BATCH);
        at += batch.length;
        yield batch;
      } else if (this.#hasEnded) return;
      else await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
