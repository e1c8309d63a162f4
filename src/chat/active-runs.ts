import type { LiveRun } from "./live-run.ts";
import { runActive } from "./question.ts";

/** Which conversations are being answered in this process: at most one run each. */
export class ActiveRuns {
  readonly #runs = new Map<string, LiveRun>();
  /** Conversations of which something is being changed, so that no run may begin meanwhile. */
  readonly #reserved = new Map<string, Promise<unknown>>();

  /** The run of a conversation; one that is just beginning is waited for. */
  async of(conversationId: string): Promise<LiveRun | undefined> {
    await this.#reserved.get(conversationId)?.catch(() => undefined);
    return this.#runs.get(conversationId);
  }

  /** The same without waiting. */
  now(conversationId: string): LiveRun | undefined {
    return this.#runs.get(conversationId);
  }

  /** Waits for what is just beginning. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reserved.values());
  }

  get all(): LiveRun[] {
    return [...this.#runs.values()];
  }

  /** Does `work`, which may begin a run, while no other begins in this conversation. @throws FlowsteadError `RunActive`. */
  reserve<Result>(conversationId: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#reserved.has(conversationId) || this.#runs.has(conversationId)) return Promise.reject(runActive());
    const reserved = work().finally(() => this.#reserved.delete(conversationId));
    this.#reserved.set(conversationId, reserved);
    return reserved;
  }

  /** Keeps the run until `work`, which is all of it, has ended. */
  add(run: LiveRun, work: Promise<void>): void {
    const { conversationId } = run.ids;
    this.#runs.set(conversationId, run);
    void work.finally(() => {
      this.#runs.delete(conversationId);
      run.end();
    });
  }

  /** Ends the run of a conversation early, for this reason, and waits until it is saved. False when there is none. */
  async stop(conversationId: string, reason: string): Promise<boolean> {
    const run = await this.of(conversationId);
    if (!run) return false;
    run.controller.abort(reason);
    await run.over;
    return true;
  }
}
