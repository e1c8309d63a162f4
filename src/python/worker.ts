// A process as the pool sees it: usable or not, and what becomes of it when a canceled call goes on.

import { FlowsteadError } from "../base/error/error.ts";
import type { TemplateReads } from "../prompt/foreign.ts";
import type { Answer, Progress, PythonProcess } from "./process.ts";
import { type PythonResult, type ObjectKeeper, type ObjectReference, PythonValue } from "./python-value.ts";
import { readView } from "./view.ts";

export class Worker implements ObjectKeeper {
  readonly process: PythonProcess;
  /** Runs that have this process. */
  runs = 0;
  readonly #graceMs: number;
  readonly #onFree: () => void;
  /** Canceled calls that have not ended. */
  #canceling = 0;
  #retired = false;

  /** @param onFree called when a run has left it, and when a canceled call has ended */
  constructor(process: PythonProcess, { graceMs, onFree }: { graceMs: number; onFree: () => void }) {
    this.process = process;
    this.#graceMs = graceMs;
    this.#onFree = onFree;
  }

  /** A run has left it. */
  release(): void {
    this.runs--;
    this.#onFree();
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Whether new runs may be given to it. */
  get usable(): boolean {
    return this.process.alive && !this.#retired;
  }

  /** Whether a call that was canceled goes on: it may hang, and would take with it what is given to the process now. */
  get suspect(): boolean {
    return this.#canceling > 0;
  }

  /**
   * Runs a call. When the signal is aborted the promise rejects at once with `Canceled`; a call that goes on all the
   * same costs the process its place, and its life as soon as its other calls have ended.
   */
  call(
    message: Record<string, unknown>,
    { onProgress, caller }: { onProgress: (message: Progress) => Promise<void> | void; caller: unknown },
    signal: AbortSignal,
  ): Promise<PythonResult> {
    if (signal.aborted) return Promise.reject(canceled());
    let isHeld = false;
    const tell = (progress: Progress): void => {
      const caughtUp = signal.aborted ? undefined : onProgress(progress);
      // What is on its way comes while it is held.
      if (!caughtUp || isHeld) return;
      isHeld = true;
      this.process.post({ t: "hold", call: id });
      void caughtUp.then(() => {
        isHeld = false;
        this.process.post({ t: "go", call: id });
      });
    };
    const { id, answer } = this.process.request(message, tell, caller);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.process.cancel(id);
        this.#watch(answer);
        reject(canceled());
      };
      signal.addEventListener("abort", onAbort, { once: true });
      answer
        .then((result) => resolve(this.#unpack(result)), reject)
        .finally(() => signal.removeEventListener("abort", onAbort));
    });
  }

  async view(reference: ObjectReference, reads: TemplateReads): Promise<unknown> {
    return readView((await this.process.request({ t: "view", ref: reference, ...reads }).answer).value);
  }

  async property(reference: ObjectReference, path: (string | number)[]): Promise<PythonResult> {
    const message = { t: "property", run: reference.run, ref: reference, path };
    return this.#unpack(await this.process.request(message).answer);
  }

  #unpack({ value, ref }: Answer): PythonResult {
    if (!ref) return value;
    const { run, id, type, error, shown, unfit, field } = ref;
    return new PythonValue(this, { reference: { run, id }, type, json: value, error, shown, unfit, field });
  }

  /** After a cancel: waits the grace time, then retires the process, at once when it does not even answer a ping. */
  #watch(answer: Promise<Answer>): void {
    const timer = setTimeout(() => void this.#retire(answer), this.#graceMs);
    timer.unref();
    this.#canceling++;
    const settled = (): void => {
      this.#canceling--;
      clearTimeout(timer);
      this.#onFree();
    };
    answer.then(settled, settled);
  }

  async #retire(hung: Promise<Answer>): Promise<void> {
    this.#retired = true;
    let ended = false;
    hung.catch(() => undefined).finally(() => (ended = true));
    while (this.process.alive) {
      const answered = await this.#ping();
      const others = this.process.inFlight - (ended ? 0 : 1);
      if (!answered || others <= 0) return this.process.kill();
      await delay(this.#graceMs / 4);
    }
  }

  #ping(): Promise<boolean> {
    const { answer } = this.process.request({ t: "ping" });
    return Promise.race([
      answer.then(
        () => true,
        () => false,
      ),
      delay(this.#graceMs).then(() => false),
    ]);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function canceled(): FlowsteadError {
  return new FlowsteadError("Canceled", "The work was canceled.");
}
