import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";

/** The five fields of a managed deployment's probe, in milliseconds. */
export interface ProbeSettings {
  /** Default 0: the first probe runs at once. */
  initialDelayMs?: number;
  /** From the end of one probe to the start of the next. Default 10 000. */
  periodMs?: number;
  /** Default 2000. */
  timeoutMs?: number;
  /** Probes in a row that count as well. Default 1. */
  successThreshold?: number;
  /** Probes in a row that count as not well. Default 3. */
  failureThreshold?: number;
}

export interface ProbeWatch extends ProbeSettings {
  /** Proves that what is watched can work. @throws when it can not. */
  probe: (signal: AbortSignal) => Promise<void>;
  /** Called with every probe from the threshold on. */
  onWell: () => void;
  /** Called with every probe from the threshold on. */
  onIll: (reason: FlowsteadError) => void;
  /** Failures count only while this holds: what failed before something came back says nothing about what came back. */
  counts?: () => boolean;
}

/** Probes until the function returned is called. */
export function watchProbe(watch: ProbeWatch): () => void {
  const { initialDelayMs = 0, periodMs = 10_000, timeoutMs = 2000 } = watch;
  const { successThreshold = 1, failureThreshold = 3, counts = () => true } = watch;
  const stop = new AbortController();
  let successes = 0;
  let failures = 0;
  let timer = setTimeout(check, initialDelayMs);
  timer.unref();

  async function check(): Promise<void> {
    const counted = counts();
    const failure = await probeOnce(watch.probe, { timeoutMs, stop: stop.signal });
    if (stop.signal.aborted) return;
    if (failure) {
      successes = 0;
      failures = counted ? failures + 1 : 0;
      if (failures >= failureThreshold) watch.onIll(failure);
    } else {
      failures = 0;
      if (++successes >= successThreshold) watch.onWell();
    }
    // What was told may have stopped the watch.
    if (stop.signal.aborted) return;
    timer = setTimeout(check, periodMs);
    timer.unref();
  }

  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

/** The failure, or undefined when all is well. Settles in time even when the probe ignores its signal. */
export async function probeOnce(
  probe: ProbeWatch["probe"],
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
    await Promise.race([probe(controller.signal), late]);
    return undefined;
  } catch (thrown) {
    return FlowsteadError.from(thrown);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", onStop);
  }
}
