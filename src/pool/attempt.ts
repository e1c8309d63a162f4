import { FlowsteadError } from "../base/error/error.ts";
import type { FailoverOptions } from "./failover-options.ts";
import type { Judgement } from "./judge.ts";
import type { Lease } from "./member.ts";

/** One call on one member: its lease, its abort, and the race against the loss of the member. */
export class Attempt<T, E> {
  succeeded = false;
  readonly #lease: Lease<T>;
  readonly #callerSignal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #iterator: AsyncIterator<E>;
  readonly #onAbort: () => void;
  #lost: FlowsteadError | undefined;
  #whenLost: ((reason: FlowsteadError) => void) | undefined;

  constructor(lease: Lease<T>, { attempt, signal }: FailoverOptions<T, E>) {
    this.#lease = lease;
    this.#callerSignal = signal;
    this.#onAbort = () => this.#controller.abort(signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    lease.onLost = (reason) => {
      this.#lost = reason;
      this.#whenLost?.(reason);
    };
    try {
      this.#iterator = attempt(lease.member.value, this.#controller.signal)[Symbol.asyncIterator]();
    } catch (thrown) {
      const failure = FlowsteadError.from(thrown);
      this.#iterator = { next: () => Promise.reject(failure) };
    }
  }

  get wasLost(): boolean {
    return this.#lost !== undefined;
  }

  next(): Promise<IteratorResult<E>> {
    return this.#iterator.next();
  }

  nextUnlessLost(): Promise<IteratorResult<E>> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#whenLost = reject;
      this.#iterator.next().then(resolve, reject);
    });
  }

  /** Ends the lease and whatever still runs. Nothing waits for a member that is slow to stop. */
  close(failure: FlowsteadError | undefined, committed: boolean, judge: (error: FlowsteadError) => Judgement): void {
    this.#callerSignal.removeEventListener("abort", this.#onAbort);
    this.#lease.onLost = undefined;
    if (!this.succeeded) {
      this.#controller.abort();
      this.#iterator.return?.().catch(() => {});
    }
    if (this.succeeded) this.#lease.end({ outcome: "success" });
    else if (failure && !this.#callerSignal.aborted) {
      const { blame, cooldownMs } = judge(failure);
      this.#lease.end({
        outcome: blame ? "failure" : "neutral",
        reason: failure,
        cooldownMs,
      });
    } else this.#lease.end({ outcome: committed ? "success" : "neutral" });
  }
}
