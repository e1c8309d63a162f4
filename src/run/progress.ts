// How fast a batch run goes and how long it will take.

export interface BatchProgress {
  /** Lines that have ended, with those taken over from an earlier run. */
  done: number;
  failed: number;
  total: number;
  /** Lines per second over the last seconds. */
  rate: number;
  remainingSeconds?: number;
}

const WINDOW_MS = 15_000;
const SAMPLE_MS = 250;

/** Counts lines; the rate follows changes of pace within a few seconds. */
export class Pace {
  readonly #total: number;
  readonly #samples: { time: number; done: number }[];
  #done: number;
  #failed = 0;

  constructor(total: number, done = 0, now = performance.now()) {
    this.#total = total;
    this.#done = done;
    this.#samples = [{ time: now, done }];
  }

  add(failed: boolean, now = performance.now()): void {
    this.#done++;
    if (failed) this.#failed++;
    if (now - (this.#samples.at(-1)?.time ?? 0) < SAMPLE_MS) return;
    this.#samples.push({ time: now, done: this.#done });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.time ?? 0) > WINDOW_MS) this.#samples.shift();
  }

  progress(now = performance.now()): BatchProgress {
    const first = this.#samples[0] ?? { time: now, done: this.#done };
    const seconds = (now - first.time) / 1000;
    const rate = seconds > 0 ? (this.#done - first.done) / seconds : 0;
    const progress: BatchProgress = { done: this.#done, failed: this.#failed, total: this.#total, rate };
    if (rate > 0) progress.remainingSeconds = (this.#total - this.#done) / rate;
    return progress;
  }
}
