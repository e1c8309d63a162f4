import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { Member } from "./member.ts";

/** The five fields of a managed deployment's probe, in milliseconds. */
export interface HealthOptions<T> {
  /** Proves that the member can work. @throws when it can not. */
  probe: (value: T, signal: AbortSignal) => Promise<void>;
  /** Default 0: the first probe runs at once. */
  initialDelayMs?: number;
  /** From the end of one probe to the start of the next. Default 10 000. */
  periodMs?: number;
  /** Default 2000. */
  timeoutMs?: number;
  /** Probes in a row that let a member in. Default 1. */
  successThreshold?: number;
  /** Probes in a row that take it out; calls on it that have not begun to answer move. Default 3. */
  failureThreshold?: number;
}

/** Probes one member until the function returned is called. */
export function watchHealth<T>(member: Member<T>, options: HealthOptions<T>): () => void {
  const { initialDelayMs = 0, periodMs = 10_000, timeoutMs = 2000 } = options;
  const { successThreshold = 1, failureThreshold = 3 } = options;
  const stop = new AbortController();
  let successes = 0;
  let failures = 0;
  let timer = setTimeout(check, initialDelayMs);
  timer.unref();

  async function check(): Promise<void> {
    const wasReady = member.isReady;
    const failure = await probeOnce(options.probe, member.value, { timeoutMs, stop: stop.signal });
    if (stop.signal.aborted) return;
    if (failure) {
      successes = 0;
      // What failed before it came back says nothing about the one that came back.
      failures = wasReady ? failures + 1 : 0;
      if (failures >= failureThreshold && member.isReady) member.lose(failure);
    } else {
      failures = 0;
      if (++successes >= successThreshold && !member.isReady) member.setReady(true);
    }
    timer = setTimeout(check, periodMs);
    timer.unref();
  }

  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

/** The failure, or undefined when the member is well. Settles in time even when the probe ignores its signal. */
async function probeOnce<T>(
  probe: HealthOptions<T>["probe"],
  value: T,
  { timeoutMs, stop }: { timeoutMs: number; stop: AbortSignal },
): Promise<FlowsteadError | undefined> {
  const controller = new AbortController();
  const onStop = (): void => controller.abort();
  stop.addEventListener("abort", onStop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`no answer to the health probe within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    throwIfAborted(stop);
    await Promise.race([probe(value, controller.signal), late]);
    return undefined;
  } catch (thrown) {
    return FlowsteadError.from(thrown);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", onStop);
  }
}
