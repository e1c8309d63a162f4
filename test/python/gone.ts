// Whether a process that is nobody's child here has ended.

import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Waits some seconds for its end. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++, await delay(50)) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    // Nobody may be there to take the end of an orphan.
    const state = `/proc/${pid}/status`;
    if (existsSync(state) && /^State:\s+Z/m.test(readFileSync(state, "utf8"))) return true;
  }
  return false;
}
