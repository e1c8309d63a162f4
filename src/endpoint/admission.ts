import { FlowsteadError } from "../base/error/error.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowCall, Target } from "../flow/target.ts";

export interface AdmissionOptions {
  /** Calls that may be pending at once; read at every call, since instances come and go. */
  limit: () => number;
  timeoutMs: () => number;
}

export interface AdmittedTarget extends Target {
  /** Calls that are being worked on. */
  readonly pending: number;
  /** Calls that were refused since the start. */
  readonly rejected: number;
}

/** Refuses calls over the limit, and ends those that take longer than the timeout. */
export function admitted(target: Target, { limit, timeoutMs }: AdmissionOptions): AdmittedTarget {
  let pending = 0;
  let rejected = 0;
  return {
    get pending() {
      return pending;
    },
    get rejected() {
      return rejected;
    },
    describe: (signal) => target.describe(signal),
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      if (pending >= limit()) {
        rejected++;
        const error = new FlowsteadError("TooManyRequests", "Too many pending requests", { retryAfterMs: 1000 });
        yield { type: "error", time: Date.now(), error: error.toBody() };
        return;
      }
      pending++;
      const deadline = new Deadline(signal, timeoutMs());
      try {
        for await (const event of target.invoke(call, deadline.signal)) {
          yield event.type === "error" && deadline.isOver ? timeout(deadline.ms) : event;
        }
      } finally {
        deadline.clear();
        pending--;
      }
    },
    close: () => target.close(),
  };
}

function timeout(timeoutMs: number): FlowEvent {
  const error = new FlowsteadError("RequestTimeout", `The flow did not end within ${timeoutMs} ms.`);
  return { type: "error", time: Date.now(), error: error.toBody() };
}

/** A signal that aborts with another one or after a time, and says which it was. */
class Deadline {
  readonly ms: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #parent: AbortSignal;
  readonly #onAbort = (): void => this.#controller.abort();
  isOver = false;

  constructor(parent: AbortSignal, ms: number) {
    this.ms = ms;
    this.#parent = parent;
    parent.addEventListener("abort", this.#onAbort, { once: true });
    if (parent.aborted) this.#onAbort();
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#controller.abort();
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener("abort", this.#onAbort);
  }
}
