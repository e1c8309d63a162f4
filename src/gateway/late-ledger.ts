import type { Logger } from "../base/log.ts";
import type { Ledger, UsageRow } from "./ledger.ts";

const PAUSE_MS = 250;
const MOST_WAITING = 50_000;

/**
 * A ledger that is opened when there is something to write, or to read: the store takes longer to load than a command does
 * to answer. One that cannot be opened is tried again with the next row, which is told in the log; rows wait meanwhile.
 */
export function lateLedger(open: () => Promise<Ledger>, log: Logger): Ledger {
  const waiting: UsageRow[] = [];
  let opening: Promise<Ledger> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const opened = async (): Promise<Ledger> => {
    try {
      const ledger = await (opening ??= open());
      for (const row of waiting.splice(0)) ledger.add(row);
      return ledger;
    } catch (thrown) {
      opening = undefined;
      throw thrown;
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0 && !opening) return;
    try {
      await (await opened()).flush();
    } catch (thrown) {
      log.error({ err: thrown, rows: waiting.length }, "usage could not be saved; it is kept and tried again");
    }
  };

  return {
    add(row) {
      if (waiting.length < MOST_WAITING) waiting.push(row);
      timer ??= setTimeout(() => void flush(), PAUSE_MS).unref();
    },
    flush,
    sums: async (fields, since) => (await opened()).sums(fields, since),
    async close() {
      await flush();
      await (await opening)?.close();
    },
  };
}
