import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type Interrupt = (typeof SIGNALS)[number];

/** What shells give for a program that the signal ended: scripts and supervisors tell by it who stopped the work. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Calls `stop` at Ctrl-C and at a kind kill, in place of ending the process. @returns what makes them end it again. */
export function whenInterrupted(stop: (signal: Interrupt) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, stop);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
