// The threads of one script. Each runs one call at a time: a call that hangs is ended with its thread and harms no other.

import { once } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { FlowsteadError } from "../../base/error/error.ts";
import type { ScriptFault, ScriptMessage, ScriptTask } from "./message.ts";

export interface ScriptCall {
  inputs: Record<string, unknown>;
  onText(text: string): void;
  onLog(stream: "stdout" | "stderr", text: string): void;
}

export interface ScriptPool {
  /** The result as JSON. @throws ScriptFailure for what the script threw; FlowsteadError `Canceled`. */
  call(call: ScriptCall, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

export interface ScriptPoolOptions {
  /** The flow's folder; stacks are cut to its files. */
  directory: string;
  /** The variables that the script sees; nothing else of this process's environment. */
  env: Readonly<Record<string, string | undefined>>;
  maxThreads?: number;
  memoryMb?: number;
}

/** What a script threw, before it is given its place among the errors of nodes. */
export class ScriptFailure extends Error {
  override readonly name = "ScriptFailure";
  readonly fault: ScriptFault;
  constructor(fault: ScriptFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export function scriptPool(task: ScriptTask, options: ScriptPoolOptions): ScriptPool {
  const { maxThreads = 16 } = options;
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  async function take(signal: AbortSignal): Promise<Worker> {
    // A thread that is given back is handed to the next in the row.
    if (busy >= maxThreads || waiting.length > 0) await turn(waiting, signal);
    else busy++;
    try {
      if (closed) throw new FlowsteadError("ShuttingDown", "The flow is being closed.");
      return idle.pop() ?? (await start());
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else busy--;
  }

  async function start(): Promise<Worker> {
    const worker = startThread(task, options);
    all.add(worker);
    worker.once("exit", () => all.delete(worker));
    await once(worker, "message");
    return worker;
  }

  return {
    async call(call, signal) {
      if (signal.aborted) throw canceled();
      const worker = await take(signal);
      let isWell = false;
      try {
        const json = await runCall(worker, call, { signal, options });
        isWell = true;
        return json;
      } catch (thrown) {
        isWell = thrown instanceof ScriptFailure;
        throw thrown;
      } finally {
        if (isWell && !closed) idle.push(worker);
        else void worker.terminate();
        release();
      }
    },
    async close() {
      closed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

function turn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      waiting.splice(waiting.indexOf(wake), 1);
      reject(canceled());
    };
    const wake = (): void => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    waiting.push(wake);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** The same file runs from a build and from source; Node 20 does not give a thread the main thread's loader. */
function startThread(task: ScriptTask, { env, memoryMb = 512 }: ScriptPoolOptions): Worker {
  const worker = new Worker(threadScript(), {
    workerData: task,
    // Flags such as --test are of the main thread only, and a loader is registered by the script.
    execArgv: [],
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  worker.unref();
  return worker;
}

function threadScript(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./thread-main.js", import.meta.url);
  const loader = import.meta.resolve("tsx/esm/api");
  const script = new URL("./thread-main.ts", import.meta.url).href;
  const source = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(script)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function runCall(
  worker: Worker,
  call: ScriptCall,
  { signal, options }: { signal: AbortSignal; options: ScriptPoolOptions },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      worker.stdout.off("data", onOut);
      worker.stderr.off("data", onErr);
      // A thread at rest may not keep the process alive; one at work must.
      worker.unref();
      end();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onOut = (text: Buffer): void => call.onLog("stdout", text.toString("utf8"));
    const onErr = (text: Buffer): void => call.onLog("stderr", text.toString("utf8"));
    const onAbort = (): void => fail(canceled());
    const onMessage = (message: ScriptMessage): void => {
      if (message.t === "log") call.onLog(message.stream, message.text);
      else if (message.t === "chunk") call.onText(message.text);
      else if (message.t === "result") settle(() => resolve(message.json));
      else if (message.t === "error")
        fail(new ScriptFailure({ ...message, stack: own(message.stack, options.directory) }));
    };
    const onError = (thrown: NodeJS.ErrnoException): void => fail(crashed(thrown.message, thrown));
    const onExit = (code: number): void => fail(crashed(`it ended its thread with exit code ${code}`));
    signal.addEventListener("abort", onAbort, { once: true });
    worker.ref();
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.stdout.on("data", onOut);
    worker.stderr.on("data", onErr);
    worker.postMessage(call.inputs);
  });
}

/** The lines of a stack that lie in the flow's folder, with paths relative to it. */
function own(stack: string, directory: string): string {
  const lines = stack.split("\n");
  const at = lines.findIndex((line) => /^\s+at /.test(line));
  const head = at < 0 ? lines : lines.slice(0, at);
  const root = `${pathToFileURL(directory).href}/`;
  const frames = (at < 0 ? [] : lines.slice(at)).filter(
    (line) => line.includes(root) || line.includes(directory + path.sep),
  );
  return [...head, ...frames.map((line) => line.replace(root, "").replace(directory + path.sep, ""))].join("\n");
}

function crashed(reason: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError("ScriptThreadCrashed", `The thread that ran this node's script broke: ${reason}.`, {
    cause,
  });
}

function canceled(): FlowsteadError {
  return new FlowsteadError("Canceled", "The work was canceled.");
}
