import { sleep, throwIfAborted } from "../base/abort.ts";
import type { FlowsteadError } from "../base/error/error.ts";
import type { FailoverOptions } from "./failover-options.ts";
import type { Lease, Member } from "./member.ts";

/** Which member comes next for one call, and how long the call may wait for one. */
export class Search<T, E> {
  readonly #options: FailoverOptions<T, E>;
  readonly #tried = new Set<Member<T>>();
  readonly #deadline: number;
  #round = 1;

  constructor(options: FailoverOptions<T, E>) {
    this.#options = options;
    this.#deadline = options.pool.now() + (options.waitMs ?? 0);
  }

  /** At once when a member is free, as nearly always. @throws what `exhausted` returns, or `Canceled`. */
  next(last: FlowsteadError | undefined): Lease<T> | Promise<Lease<T>> {
    return this.#take() ?? this.#wait(last);
  }

  #take(): Lease<T> | undefined {
    const { pool, signal, zone } = this.#options;
    throwIfAborted(signal);
    const lease = pool.acquire({ exclude: this.#tried, zone });
    if (lease) this.#tried.add(lease.member);
    return lease;
  }

  async #wait(last: FlowsteadError | undefined): Promise<Lease<T>> {
    const { pool, signal, rounds = 1, backoffMs = 200 } = this.#options;
    for (;;) {
      const retryAfterMs = this.#smallestWait();
      const leftMs = this.#deadline - pool.now();
      if (retryAfterMs !== undefined && retryAfterMs <= leftMs) await this.#waitFor(retryAfterMs);
      else if (this.#round < rounds && pool.members.some((member) => member.status() === "available")) {
        this.#round++;
        await sleep(backoffMs, signal);
        this.#tried.clear();
      } else if (this.#someMayComeReady() && leftMs > 0) await pool.changed(leftMs, signal);
      else {
        throw this.#options.exhausted({ last, retryAfterMs });
      }
      const lease = this.#take();
      if (lease) return lease;
    }
  }

  /** Waits, then lets the members that were waited for be tried again. */
  async #waitFor(ms: number): Promise<void> {
    const { pool, signal } = this.#options;
    const waiting = pool.members.filter((member) => (member.waitMs() ?? 0) > 0);
    // Timers may fire a fraction early against the monotonic clock.
    await pool.changed(Math.ceil(ms) + 1, signal);
    for (const member of waiting) if (member.waitMs() === 0) this.#tried.delete(member);
  }

  #smallestWait(): number | undefined {
    const waits = this.#options.pool.members
      .map((member) => member.waitMs())
      .filter((ms) => ms !== undefined && ms > 0);
    return waits.length === 0 ? undefined : Math.min(...(waits as number[]));
  }

  /** A member that a probe may let in, or whose circuit waits for the outcome of a trial, or one still to be added. */
  #someMayComeReady(): boolean {
    const { members } = this.#options.pool;
    if (members.every((member) => member.isDraining)) return true;
    return members.some((member) => {
      const status = member.status();
      return (status === "unready" || status === "open") && !this.#tried.has(member);
    });
  }
}
