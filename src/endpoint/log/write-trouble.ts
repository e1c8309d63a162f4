// Files that cannot be written, as on a full disk, cost their lines and not the calls; somebody has to be told so, once.

import type { Logger } from "../../base/log.ts";

export interface WriteTrouble {
  /** Lines that are lost because the file could not be written. */
  lost(file: string, lines: number, thrown: unknown): void;
  /** A file has been written. */
  written(): void;
}

export interface WriteTroubleOptions {
  log: Logger;
  /** What the files hold, as the log is to call it. */
  what: string;
  /** Milliseconds; for tests. */
  now?: () => number;
}

/** A disk with a little room lets some lines through: their end is not told before this time has gone by without a loss. */
const QUIET_MS = 5_000;

/** One line when it begins, and one with the number of lines lost when it has ended. */
export function writeTrouble({ log, what, now = Date.now }: WriteTroubleOptions): WriteTrouble {
  let lost = 0;
  let lastLoss = 0;
  return {
    lost(file, lines, thrown) {
      lastLoss = now();
      if (lost === 0) {
        const { code, message } = thrown as NodeJS.ErrnoException;
        const why = code === "ENOSPC" ? "the disk is full" : message;
        log.error({ file, code }, `${what} cannot be written, and is lost until it can be: ${why}. Calls go on.`);
      }
      lost += lines;
    },
    written() {
      if (lost === 0 || now() - lastLoss < QUIET_MS) return;
      log.warn({ lines: lost }, `${what} is written again; ${lost} lines were lost.`);
      lost = 0;
    },
  };
}
