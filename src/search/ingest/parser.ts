import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { IngestLimits } from "./limit.ts";
import type { ParseAnswer, ParseTask, ReadDocument } from "./parse-task.ts";

/** Reads one file at a time in a process of its own. */
export interface Parser {
  /** @throws FlowsteadError of the `Document...` codes, or `Canceled`. */
  parse(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<ReadDocument>;
  close(): Promise<void>;
}

/**
 * The process starts with the first file and again after one that broke it. A thread would not do: one whose memory is full can
 * take all others of its process with it.
 */
export function processParser(limits: IngestLimits): Parser {
  let child: ChildProcess | undefined;

  const stop = async (): Promise<void> => {
    const stopping = child;
    child = undefined;
    if (!stopping || !isAlive(stopping)) return;
    const ended = once(stopping, "exit");
    stopping.ref();
    stopping.kill("SIGKILL");
    await ended;
  };

  return {
    async parse(bytes, name, signal) {
      throwIfAborted(signal);
      // One at rest may have been ended from outside.
      if (child && !isAlive(child)) child = undefined;
      child ??= await startProcess(limits);
      try {
        return await runTask(child, { bytes, name, limits }, signal);
      } catch (thrown) {
        if (!(thrown instanceof TaskFailed)) await stop();
        throw thrown instanceof TaskFailed ? thrown.reason : thrown;
      }
    },
    close: stop,
  };
}

function isAlive({ exitCode, signalCode, connected }: ChildProcess): boolean {
  return exitCode === null && signalCode === null && connected;
}

// A watched folder changes a file at a time, and a process costs more to start than a file to read.
const REST_MS = 10_000;

/** Processes that wait a while for more work before they end; they keep the main one not alive. */
export function restingParsers(limits: IngestLimits) {
  let waiting: readonly Parser[] = [];
  let end: NodeJS.Timeout | undefined;
  const dismiss = (parsers: readonly Parser[]): void => {
    for (const parser of parsers) void parser.close();
  };
  return {
    /** As many as asked for. */
    take(count: number): readonly Parser[] {
      clearTimeout(end);
      const taken = waiting.slice(0, count);
      dismiss(waiting.slice(count));
      waiting = [];
      return [...taken, ...Array.from({ length: count - taken.length }, () => processParser(limits))];
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

/** The file failed and the process is well. */
class TaskFailed extends Error {
  readonly reason: FlowsteadError;
  constructor(reason: FlowsteadError) {
    super(reason.message);
    this.reason = reason;
  }
}

/** A process that cannot even start is not the fault of the file it was started for. */
async function startProcess({ memoryMb }: IngestLimits): Promise<ChildProcess> {
  const isSource = import.meta.url.endsWith(".ts");
  const script = new URL(isSource ? "./parse-worker.ts" : "./parse-worker.js", import.meta.url);
  const loader = isSource ? ["--import", import.meta.resolve("tsx")] : [];
  const child = fork(script, [String(memoryMb)], {
    // Flags such as --test are of the main process only.
    execArgv: [...loader, `--max-old-space-size=${memoryMb}`],
    // A file may be hostile: what reads it holds no key.
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const failed = (cause: unknown): FlowsteadError =>
    new FlowsteadError("Unexpected", `The process that reads documents did not start: ${String(cause)}`, { cause });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("error", (thrown) => reject(failed(thrown)));
    child.once("exit", (code, signal) => reject(failed(signal ?? `it ended with code ${code}`)));
  });
  child.removeAllListeners();
  // A message that cannot be sent ends the process too, which is told there.
  child.on("error", () => undefined);
  rest(child);
  return child;
}

/** A process at rest may not keep this one alive; one at work must. */
function rest(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function runTask(child: ChildProcess, task: ParseTask, signal: AbortSignal): Promise<ReadDocument> {
  const { timeMs, memoryMb } = task.limits;
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      child.off("message", onMessage).off("exit", onExit);
      rest(child);
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
    const onExit = (code: number | null, by: NodeJS.Signals | null): void => {
      // By its own hand, its engine's, or the system's when all memory is taken.
      if (by === "SIGKILL" || by === "SIGABRT" || code === 134) {
        fail(new FlowsteadError("DocumentTooLarge", `Reading it took more than ${memoryMb} MB of memory.`));
      } else fail(new FlowsteadError("DocumentDamaged", `Reading it ended its process (${by ?? `code ${code}`}).`));
    };
    const timer = setTimeout(() => {
      fail(new FlowsteadError("DocumentTooSlow", `Reading it took longer than ${timeMs / 1000} seconds.`));
    }, timeMs);
    child.ref();
    child.channel?.ref();
    signal.addEventListener("abort", onAbort, { once: true });
    child.on("message", onMessage).on("exit", onExit);
    child.send(task);
  });
}
