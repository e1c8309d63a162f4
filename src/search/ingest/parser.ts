import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { IngestLimits } from "./limit.ts";
import type { ParseAnswer, ParseTask, ReadDocument } from "./parse-task.ts";

/** Reads one file at a time in a thread of its own. */
export interface Parser {
  /**
   * The bytes are handed over to the thread and are empty afterwards.
   * @throws FlowsteadError of the `Document...` codes, or `Canceled`.
   */
  parse(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<ReadDocument>;
  close(): Promise<void>;
}

const WATCH_MS = 100;

/** The thread starts with the first file and again after one that broke it. `beside` threads share the memory that is watched. */
export function threadParser(limits: IngestLimits, beside = 1): Parser {
  let worker: Worker | undefined;

  const stop = async (): Promise<void> => {
    const stopping = worker;
    worker = undefined;
    await stopping?.terminate();
  };

  return {
    async parse(bytes, name, signal) {
      throwIfAborted(signal);
      worker ??= await startWorker(limits);
      try {
        return await runTask(worker, { bytes, name, limits }, { signal, beside });
      } catch (thrown) {
        if (!(thrown instanceof TaskFailed)) await stop();
        throw thrown instanceof TaskFailed ? thrown.reason : thrown;
      }
    },
    close: stop,
  };
}

// A watched folder changes a file at a time, and a thread costs more to start than a file to read.
const REST_MS = 10_000;

/** Threads that wait a while for more work before they end; they keep no process alive. */
export function restingParsers(limits: IngestLimits) {
  let waiting: readonly Parser[] = [];
  let end: NodeJS.Timeout | undefined;
  const dismiss = (parsers: readonly Parser[]): void => {
    for (const parser of parsers) void parser.close();
  };
  return {
    /** As many as asked for, all of the same share of memory. */
    take(count: number): readonly Parser[] {
      clearTimeout(end);
      const taken = waiting;
      waiting = [];
      if (taken.length === count) return taken;
      dismiss(taken);
      return Array.from({ length: count }, () => threadParser(limits, count));
    },
    giveBack(parsers: readonly Parser[]): void {
      dismiss(waiting);
      waiting = parsers;
      end = setTimeout(() => {
        dismiss(waiting);
        waiting = [];
      }, REST_MS).unref();
    },
  };
}

/** The file failed and the thread is well. */
class TaskFailed extends Error {
  readonly reason: FlowsteadError;
  constructor(reason: FlowsteadError) {
    super(reason.message);
    this.reason = reason;
  }
}

/** A thread that cannot even start is not the fault of the file it was started for. */
async function startWorker({ memoryMb }: IngestLimits): Promise<Worker> {
  const worker = new Worker(workerScript(), {
    // Flags such as --test are of the main thread only, and a loader is registered by the script.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  try {
    await once(worker, "message");
  } catch (thrown) {
    throw new FlowsteadError("Unexpected", `The thread that reads documents did not start: ${String(thrown)}`, {
      cause: thrown,
    });
  }
  worker.unref();
  return worker;
}

/** The same file runs from a build and from source; Node 20 does not give a thread the main thread's loader. */
function workerScript(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./parse-worker.js", import.meta.url);
  const loader = import.meta.resolve("tsx/esm/api");
  const script = new URL("./parse-worker.ts", import.meta.url).href;
  const source = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(script)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

interface Surroundings {
  signal: AbortSignal;
  /** How many threads read at the same time. */
  beside: number;
}

function runTask(worker: Worker, task: ParseTask, { signal, beside }: Surroundings): Promise<ReadDocument> {
  const { timeMs, memoryMb } = task.limits;
  const startRss = process.memoryUsage.rss();
  const tooMuchMemory = (cause?: unknown): FlowsteadError =>
    new FlowsteadError("DocumentTooLarge", `Reading it took more than ${memoryMb} MB of memory.`, { cause });
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener("abort", onAbort);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      // A thread at rest may not keep the process alive; one at work must.
      worker.unref();
      end();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => {
      fail(new FlowsteadError("Canceled", "The work was canceled.", { cause: signal.reason }));
    };
    const onMessage = (answer: ParseAnswer): void => {
      if ("ok" in answer) settle(() => resolve(answer.ok));
      else fail(new TaskFailed(new FlowsteadError(answer.failed.code, answer.failed.message)));
    };
    const onError = (thrown: NodeJS.ErrnoException): void => {
      if (thrown.code === "ERR_WORKER_OUT_OF_MEMORY") fail(tooMuchMemory(thrown));
      else fail(new FlowsteadError("DocumentDamaged", `Reading it failed: ${thrown.message}`, { cause: thrown }));
    };
    const onExit = (code: number): void => {
      fail(new FlowsteadError("DocumentDamaged", `Reading it ended its thread with code ${code}.`));
    };
    const timer = setTimeout(() => {
      fail(new FlowsteadError("DocumentTooSlow", `Reading it took longer than ${timeMs / 1000} seconds.`));
    }, timeMs);
    // Buffers lie outside the heap that the thread's own limit watches.
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() - startRss > memoryMb * beside * 1024 * 1024) fail(tooMuchMemory());
    }, WATCH_MS);
    worker.ref();
    signal.addEventListener("abort", onAbort, { once: true });
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    const { buffer } = task.bytes;
    const whole = task.bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
    worker.postMessage(task, whole ? [buffer] : []);
  });
}
