// Many lines through one target.

import { setMaxListeners } from "node:events";
import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { type NestedError, nestedErrorChain } from "../flow/error-chain.ts";
import { type BatchLine, type LineResult, type RunLineOptions, runLine } from "./line-run.ts";

export interface BatchOptions extends RunLineOptions {
  /** Lines at a time. */
  concurrency: number;
  /** Limit for all lines together; none when absent. */
  batchTimeoutMs?: number | undefined;
  /** Called for each line as it ends, in the order of ending; the line's place is taken until it resolves. */
  onLine(result: LineResult): Promise<void>;
}

/**
 * Runs every line. A line that fails is a result like another; lines that were running when the signal fired are none.
 * Lines are read only as places become free. A process that dies takes all lines with it that it was running: each of them
 * runs once more at the end, alone, so that only the one that does it fails.
 * @throws FlowsteadError `Canceled`, `BatchExecutionTimeoutError`; whatever reading lines or `onLine` throws.
 */
export async function runLines(
  lines: AsyncIterable<BatchLine>,
  options: BatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { batchTimeoutMs, concurrency } = options;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let reason: unknown;
  const fail = (thrown: unknown): void => {
    reason ??= thrown;
    stop.abort();
  };
  const onAbort = (): void => fail(new FlowsteadError("Canceled", "The batch run was canceled."));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const timer =
    batchTimeoutMs === undefined ? undefined : setTimeout(() => fail(batchTimeout(batchTimeoutMs)), batchTimeoutMs);
  const source = lines[Symbol.asyncIterator]();
  const suspects: BatchLine[] = [];
  const place = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const next = await source.next();
      if (next.done) return;
      throwIfAborted(stop.signal);
      const result = await runLine(next.value, options, stop.signal);
      if (result && concurrency > 1 && lostItsProcess(result)) suspects.push(next.value);
      else if (result) await options.onLine(result);
    }
  };
  const alone = async (): Promise<void> => {
    for (const line of suspects) {
      throwIfAborted(stop.signal);
      const result = await runLine(line, options, stop.signal);
      if (result) await options.onLine(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, () => place().catch(fail)));
    if (reason === undefined) await alone().catch(fail);
    if (reason !== undefined) throw reason;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    await source.return?.();
  }
}

function lostItsProcess({ error }: LineResult): boolean {
  return error !== null && nestedErrorChain(error as NestedError).endsWith("/ProcessCrashError");
}

function batchTimeout(timeoutMs: number): FlowsteadError {
  return new FlowsteadError(
    "BatchExecutionTimeoutError",
    `The batch run failed due to timeout [${timeoutMs / 1000}s]. Please adjust the timeout to a higher value.`,
  );
}
