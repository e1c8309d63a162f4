/**
 * Keeps retries from multiplying the load of an outage: over the last seconds they may be a share of the calls, or a few
 * when there are hardly any calls.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #least: number;
  readonly #now: () => number;
  // Two windows instead of a list of calls: the memory does not grow with the traffic.
  #since = 0;
  #calls = [0, 0];
  #retries = [0, 0];

  /** @param share retries per call; @param least retries in a window that are always allowed. */
  constructor({ share, least = 50, now }: { share: number; least?: number; now: () => number }) {
    this.#share = share;
    this.#least = least;
    this.#now = now;
    this.#since = now();
  }

  call(): void {
    this.#roll();
    this.#calls[0]! += 1;
  }

  /** Whether one more retry fits; it is counted then. */
  allows(): boolean {
    this.#roll();
    const calls = this.#calls[0]! + this.#calls[1]!;
    const retries = this.#retries[0]! + this.#retries[1]!;
    if (retries >= Math.max(this.#least, calls * this.#share)) return false;
    this.#retries[0]! += 1;
    return true;
  }

  #roll(): void {
    const age = this.#now() - this.#since;
    if (age < WINDOW_MS) return;
    const isAdjacent = age < 2 * WINDOW_MS;
    this.#calls = [0, isAdjacent ? this.#calls[0]! : 0];
    this.#retries = [0, isAdjacent ? this.#retries[0]! : 0];
    this.#since = this.#now();
  }
}

const WINDOW_MS = 5_000;
