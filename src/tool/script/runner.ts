// Where a script runs: in a thread of this process, or, where this process holds keys that a flow's code may not see, in a
// process of its own. Threads share the memory of their process, its report and what /proc says of it.

import { fork } from "node:child_process";
import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { ProcessTask, ScriptTask } from "./message.ts";

export interface ScriptRunnerOptions {
  /** The variables that the script sees; nothing else of this process's environment. */
  env: Readonly<Record<string, string | undefined>>;
  memoryMb?: number;
  /** Runs it in a process of its own. */
  apart?: boolean;
  /** The flow's folder, where a process of its own runs; a thread runs where its process does. */
  directory: string;
}

/** One thread or process that runs one call at a time; it tells `message`, `error` and `exit` as both do. */
export interface ScriptRunner {
  readonly events: EventEmitter;
  readonly stdout: Readable;
  readonly stderr: Readable;
  run(inputs: Record<string, unknown>): void;
  end(): void;
  /** One at rest may not keep the process alive; one at work must. */
  ref(): void;
  unref(): void;
}

const MEMORY_MB = 512;
const IS_SOURCE = import.meta.url.endsWith(".ts");
const MAIN = new URL(IS_SOURCE ? "./thread-main.ts" : "./thread-main.js", import.meta.url);

export function startRunner(task: ScriptTask, options: ScriptRunnerOptions): ScriptRunner {
  const runner = options.apart ? startProcess(task, options) : startThread(task, options);
  runner.unref();
  return runner;
}

/** The same file runs from a build and from source; Node 20 does not give a thread the main thread's loader. */
function startThread(task: ScriptTask, { env, memoryMb = MEMORY_MB }: ScriptRunnerOptions): ScriptRunner {
  const worker = new Worker(threadScript(), {
    workerData: task,
    // Flags such as --test are of the main thread only, and a loader is registered by the script.
    execArgv: [],
    env: given(env),
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  return {
    events: worker,
    stdout: worker.stdout,
    stderr: worker.stderr,
    run: (inputs) => worker.postMessage(inputs),
    end: () => void worker.terminate(),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
  };
}

/** What is read of a process keeps this one alive, too. */
type Pipe = Readable & { ref(): void; unref(): void };

function startProcess(task: ScriptTask, { env, directory, memoryMb = MEMORY_MB }: ScriptRunnerOptions): ScriptRunner {
  const argument: ProcessTask = { ...task, parent: process.pid };
  const child = fork(fileURLToPath(MAIN), [JSON.stringify(argument)], {
    env: given(env),
    cwd: directory,
    execArgv: [`--max-old-space-size=${memoryMb}`, ...(IS_SOURCE ? ["--import", import.meta.resolve("tsx")] : [])],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // As a thread gets them.
    serialization: "advanced",
  });
  const [stdout, stderr] = [child.stdout as Pipe, child.stderr as Pipe];
  const held = [child, stdout, stderr, ...(child.channel ? [child.channel] : [])];
  return {
    events: child,
    stdout,
    stderr,
    run: (inputs) => void child.send(inputs),
    end: () => void child.kill("SIGKILL"),
    ref: () => {
      for (const one of held) one.ref();
    },
    unref: () => {
      for (const one of held) one.unref();
    },
  };
}

function given(env: ScriptRunnerOptions["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

function threadScript(): URL {
  if (!IS_SOURCE) return MAIN;
  const loader = import.meta.resolve("tsx/esm/api");
  const source = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(MAIN.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
