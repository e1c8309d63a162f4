import { onAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { FailoverOptions } from "./failover-options.ts";
import type { Judgement } from "./judge.ts";
import type { Lease } from "./member.ts";

/** A reason that is made once: an error with a stack for each would cost more than the rest of the end. */
const GIVEN_UP = "given up";

/**
 * One call on one member: its lease, its abort, and the race against the loss of the member. Once closed it refers to nothing
 * of the call: many are old before the next collection of young objects, and what an old one refers to stays until a full one.
 */
export class Attempt<T, E> {
  succeeded = false;
  readonly #lease: Lease<T>;
  readonly #callerSignal: AbortSignal;
  /** Absent for a sequence that needs none. */
  #controller: AbortController | undefined;
  #iterator: AsyncIterator<E> | undefined;
  #deafen: (() => void) | undefined;
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
    const abort = (): void => controller.abort(this.#callerSignal.reason);
    this.#controller = controller;
    this.#deafen = onAborted(this.#callerSignal, abort);
    if (this.#callerSignal.aborted) abort();
    return controller.signal;
  }

  get wasLost(): boolean {
    return this.#lost !== undefined;
  }

  next(): Promise<IteratorResult<E>> {
    return this.#iterator?.next() ?? Promise.resolve({ value: undefined, done: true });
  }

  nextUnlessLost(): Promise<IteratorResult<E>> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#whenLost = reject;
      this.next().then(resolve, reject);
    });
  }

  /** Ends the lease and whatever still runs. Nothing waits for a member that is slow to stop. */
  close(failure: FlowsteadError | undefined, committed: boolean, judge: (error: FlowsteadError) => Judgement): void {
    this.#deafen?.();
    this.#lease.onLost = undefined;
    if (!this.succeeded) {
      this.#controller?.abort(GIVEN_UP);
      this.#iterator?.return?.().catch(() => {});
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
    this.#iterator = undefined;
    this.#whenLost = undefined;
    this.#controller = undefined;
    this.#deafen = undefined;
  }
}
