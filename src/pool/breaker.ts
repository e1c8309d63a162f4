// A circuit breaker: closed until failures dominate, open for a while, then half open for one trial call.

export interface BreakerOptions {
  /** Failures within the window that open the circuit, provided they are at least half of all calls. Default 5. */
  failures?: number;
  /** Default 30 000. */
  windowMs?: number;
  /** How long the circuit stays open at first; doubles, up to eight times this, while trials fail. Default 5000. */
  openMs?: number;
}

export type BreakerState = "closed" | "open" | "half-open";

export class Breaker {
  readonly #threshold: number;
  readonly #halfWindowMs: number;
  readonly #openMs: number;
  // Two half windows instead of a list of calls: the memory does not grow with the traffic.
  #current = { since: 0, failures: 0, successes: 0 };
  #previous = { failures: 0, successes: 0 };
  #openUntil: number | undefined;
  #trips = 0;
  #trialRuns = false;

  constructor({ failures = 5, windowMs = 30_000, openMs = 5000 }: BreakerOptions = {}) {
    this.#threshold = failures;
    this.#halfWindowMs = windowMs / 2;
    this.#openMs = openMs;
  }

  state(now: number): BreakerState {
    if (this.#openUntil === undefined) return "closed";
    return now < this.#openUntil ? "open" : "half-open";
  }

  /** Whether a call may start now; half open lets one trial through at a time. */
  allows(now: number): boolean {
    const state = this.state(now);
    return state === "closed" || (state === "half-open" && !this.#trialRuns);
  }

  /** Milliseconds until a trial is due; 0 when closed or due. */
  waitMs(now: number): number {
    return Math.max(0, (this.#openUntil ?? 0) - now);
  }

  /** Says that a call starts; the trial of a half-open circuit is taken by it. */
  enter(now: number): { isTrial: boolean } {
    const isTrial = this.state(now) === "half-open" && !this.#trialRuns;
    if (isTrial) this.#trialRuns = true;
    return { isTrial };
  }

  /** Reports how a call ended; `neutral` is a call that says nothing about the member, such as a canceled one. */
  leave(outcome: "success" | "failure" | "neutral", { isTrial, now }: { isTrial: boolean; now: number }): void {
    if (isTrial) this.#trialRuns = false;
    if (outcome === "neutral") return;
    if (isTrial) {
      if (outcome === "success") this.reset();
      else this.#open(now);
      return;
    }
    if (this.state(now) !== "closed") return;
    this.#roll(now);
    if (outcome === "success") this.#current.successes++;
    else {
      this.#current.failures++;
      const failures = this.#current.failures + this.#previous.failures;
      const successes = this.#current.successes + this.#previous.successes;
      if (failures >= this.#threshold && failures >= successes) this.#open(now);
    }
  }

  /** Closes the circuit and forgets what was counted. */
  reset(): void {
    this.#openUntil = undefined;
    this.#trips = 0;
    this.#current = { since: 0, failures: 0, successes: 0 };
    this.#previous = { failures: 0, successes: 0 };
  }

  #open(now: number): void {
    this.#openUntil = now + this.#openMs * Math.min(8, 2 ** this.#trips);
    this.#trips++;
    this.#current = { since: now, failures: 0, successes: 0 };
    this.#previous = { failures: 0, successes: 0 };
  }

  #roll(now: number): void {
    const age = now - this.#current.since;
    if (age < this.#halfWindowMs) return;
    const isAdjacent = age < 2 * this.#halfWindowMs;
    this.#previous = isAdjacent ? this.#current : { failures: 0, successes: 0 };
    this.#current = { since: now, failures: 0, successes: 0 };
  }
}
