import { FlowsteadError } from "../base/error/error.ts";
import type { FailoverOptions } from "./failover-options.ts";
import type { Judgement } from "./judge.ts";
import type { Lease } from "./member.ts";

/** A reason that is made once: an error with a stack for each would cost more than the rest of the end. */
const GIVEN_UP = "given up";

/** One call on one member: its lease, its abort, and the race against the loss of the member. */
export class Attempt<T, E> {
  succeeded = false;
  readonly #lease: Lease<T>;
  readonly #callerSignal: AbortSignal;
  /** Absent for a sequence that needs none. */
  #controller: AbortController | undefined;
  readonly #iterator: AsyncIterator<E>;
  #onAbort: (() => void) | undefined;
  #lost: FlowsteadError | undefined;
  #whenLost: ((reason: FlowsteadError) => void) | undefined;

  constructor(lease: Lease<T>, { direct, attempt, signal }: FailoverOptions<T, E>) {
    this.#lease = lease;
    this.#callerSignal = signal;
    lease.onLost = (reason) => {
      this.#lost = reason;
      this.#whenLost?.(reason);
    };
    try {
      const sequence = direct?.(lease.member.value) ?? attempt(lease.member.value, this.#ownSignal());
      this.#iterator = sequence[Symbol.asyncIterator]();
    } catch (thrown) {
      const failure = FlowsteadError.from(thrown);
      this.#iterator = { next: () => Promise.reject(failure) };
    }
  }

  #ownSignal(): AbortSignal {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(this.#callerSignal.reason);
    this.#controller = controller;
    this.#onAbort = onAbort;
    this.#callerSignal.addEventListener("abort", onAbort, { once: true });
    if (this.#callerSignal.aborted) onAbort();
    return controller.signal;
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
    if (this.#onAbort) this.#callerSignal.removeEventListener("abort", this.#onAbort);
    this.#lease.onLost = undefined;
    if (!this.succeeded) {
      this.#controller?.abort(GIVEN_UP);
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
