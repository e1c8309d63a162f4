const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 10_000;
/** What lived this long did not crash at its start, so the pauses begin anew. */
const SETTLED_MS = 10_000;

/** Pauses between restarts: doubled with every crash that follows soon after a start. */
export class Backoff {
  #pauseMs = FIRST_PAUSE_MS;

  nextMs(livedMs: number): number {
    if (livedMs > SETTLED_MS) this.#pauseMs = FIRST_PAUSE_MS;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return pauseMs;
  }
}
