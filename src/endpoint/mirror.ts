// Shadow traffic: a copy of a part of the calls goes to another deployment, whose answers nobody sees. It must never slow
// or fail the caller, so a copy is made only while there is room for it, and dropped otherwise.

import type { FlowCall, Target } from "../flow/target.ts";

export interface Shadow {
  /** Copies that were run to their end. */
  readonly copied: number;
  /** Copies that there was no room for. */
  readonly dropped: number;
  /** Runs a copy of the call, or drops it. Returns at once and never throws. */
  take(call: FlowCall): void;
  /** Ends the copies that still run. */
  close(): void;
}

export interface ShadowOptions {
  /** Copies that may run at once; read at every call. */
  limit: () => number;
  timeoutMs: () => number;
}

export function openShadow(target: Target, { limit, timeoutMs }: ShadowOptions): Shadow {
  const running = new Set<AbortController>();
  let copied = 0;
  let dropped = 0;

  async function run({ requestId, runId: _ofTheOriginal, ...call }: FlowCall): Promise<void> {
    // The caller's own signal is not for copies: its leaving says nothing about them.
    const controller = new AbortController();
    running.add(controller);
    const timer = setTimeout(() => controller.abort(), timeoutMs());
    timer.unref();
    try {
      const copy = { ...call, ...(requestId === undefined ? {} : { requestId: `${requestId}-mirror` }) };
      for await (const event of target.invoke(copy, controller.signal)) if (event.type === "flow-end") copied++;
    } finally {
      clearTimeout(timer);
      running.delete(controller);
    }
  }

  return {
    get copied() {
      return copied;
    },
    get dropped() {
      return dropped;
    },
    take(call) {
      if (running.size >= limit()) dropped++;
      // What becomes of a copy is for counters; a target does not throw, and if it does, the caller must not see it.
      else run(call).catch(() => {});
    },
    close() {
      for (const controller of running) controller.abort();
    },
  };
}
