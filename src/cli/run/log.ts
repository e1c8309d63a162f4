// The log of a run as it is told to whoever watches.

import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { RunInfo } from "../../run/run-info.ts";
import type { Console } from "../console.ts";

type Tell = (line: string) => void;

/** Where a run's log is told: with its result, as in the original, unless the result is for programs. */
export function teller({ json }: { json?: boolean }, console: Console): Tell {
  return json ? console.say : console.print;
}

const POLL_MS = 200;

/** Tells each line of the log as it comes, until it is known to have ended. */
export async function followLog(file: string, tell: Tell, hasEnded: () => boolean | Promise<boolean>): Promise<void> {
  let at = 0;
  let rest = "";
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    // Asked before the file is read, so that what was written last is told too.
    const ended = await hasEnded();
    const handle = await open(file, "r").catch(() => undefined);
    if (handle) {
      try {
        for (;;) {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) break;
          at += bytesRead;
          rest += buffer.toString("latin1", 0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tell(Buffer.from(line, "latin1").toString("utf8"));
    if (ended) return;
    await delay(POLL_MS);
  }
}

export function tellRunSummary(run: RunInfo, folder: string, tell: Tell): void {
  const end = run.end_time === null ? Date.now() : Date.parse(run.end_time);
  const seconds = Math.max(0, (end - Date.parse(run.created_on)) / 1000);
  tell("======= Run Summary =======\n");
  tell(`Run name: "${run.name}"\nRun status: "${run.status}"\nStart time: "${run.created_on}"`);
  tell(`Duration: "${seconds.toFixed(1)} s"\nOutput path: "${folder}"\n`);
}
