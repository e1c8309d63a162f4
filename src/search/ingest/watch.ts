// Keeps an index up to date with a source: at once where the operating system tells of changes, and by looking again at
// intervals, since events get lost and stores of objects send none.

import { type FSWatcher, watch } from "node:fs";
import { sleep } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Collection } from "./collection.ts";
import type { IngestReport } from "./report.ts";
import { isAddress } from "./scan-path.ts";

export interface WatchOptions {
  /** Between two looks when nothing tells of a change. */
  intervalMs: number;
  /** Ends the watch. */
  signal: AbortSignal;
  /** After each look that changed something in the index. */
  onChange(report: IngestReport): void;
  /** A look that failed; the next one is made all the same. */
  onFailure(error: FlowsteadError): void;
}

// A program that saves a file, or copies many, makes several events; one look after them is enough.
const QUIET_MS = 200;
const LONGEST_WAIT_MS = 3000;

/** Resolves when the signal is aborted and the last look is over. */
export async function watchSource(collection: Collection, target: string, options: WatchOptions): Promise<void> {
  const { intervalMs, signal, onChange, onFailure } = options;
  const events = isAddress(target) ? undefined : folderEvents(target, onFailure);
  try {
    while (!signal.aborted) {
      await changed(events, intervalMs, signal);
      if (signal.aborted) return;
      try {
        const report = await collection.addFolder(target, { signal });
        if (report.added + report.changed + report.removed > 0) onChange(report);
      } catch (thrown) {
        const error = FlowsteadError.from(thrown);
        // Another process writes at the moment: it is looked at again after it.
        if (!signal.aborted && error.code !== "StateLocked") onFailure(error);
      }
    }
  } finally {
    events?.close();
  }
}

interface Events {
  /** When the last event came; 0 when none has since the look began. */
  take(): number;
  /** Resolves with the next event. */
  next(): Promise<void>;
  close(): void;
}

function folderEvents(folder: string, onFailure: WatchOptions["onFailure"]): Events | undefined {
  let last = 0;
  let wake = (): void => undefined;
  const failed = (cause: unknown): void =>
    onFailure(
      new FlowsteadError("DocumentUnreadable", `Changes in ${folder} are not told of; it is looked at instead.`, {
        cause,
      }),
    );
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, { recursive: true, persistent: false }, () => {
      last = performance.now();
      wake();
    });
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
  watcher.on("error", failed);
  return {
    take() {
      const at = last;
      last = 0;
      return at;
    },
    next: () => (last > 0 ? Promise.resolve() : new Promise((resolve) => (wake = resolve))),
    close: () => watcher.close(),
  };
}

/** Waits for events and a pause after them, or for the interval. */
async function changed(events: Events | undefined, intervalMs: number, signal: AbortSignal): Promise<void> {
  const end = new AbortController();
  const interval = sleep(intervalMs, AbortSignal.any([signal, end.signal])).catch(() => undefined);
  try {
    await (events ? Promise.race([interval, events.next()]) : interval);
    const first = performance.now();
    while (events && !signal.aborted && events.take() > 0 && performance.now() - first < LONGEST_WAIT_MS) {
      await sleep(QUIET_MS, signal).catch(() => undefined);
    }
  } finally {
    end.abort();
  }
}
