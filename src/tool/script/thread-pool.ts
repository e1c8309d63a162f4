// The threads of one script. Each runs one call at a time: a call that hangs is ended with its thread and harms no other.

import { once } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { FlowsteadError } from "../../base/error/error.ts";
import type { ScriptFault, ScriptMessage, ScriptTask } from "./message.ts";
import { type ScriptRunner, type ScriptRunnerOptions, startRunner } from "./runner.ts";

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

/** Stacks are cut to the files of the flow's folder. */
export interface ScriptPoolOptions extends ScriptRunnerOptions {
  maxThreads?: number;
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
  const idle: ScriptRunner[] = [];
  const all = new Set<ScriptRunner>();
  const spent = new WeakSet<ScriptRunner>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  async function take(signal: AbortSignal): Promise<ScriptRunner> {
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

  async function start(): Promise<ScriptRunner> {
    const runner = startRunner(task, options);
    all.add(runner);
    // What a script left running may fail or end while its thread is at rest.
    const retire = (): void => {
      spent.add(runner);
      if (idle.includes(runner)) idle.splice(idle.indexOf(runner), 1);
    };
    runner.events
      .on("exit", () => {
        all.delete(runner);
        retire();
      })
      .on("error", retire)
      .on("message", (message: ScriptMessage) => {
        if (message.t !== "error" || !message.stray) return;
        retire();
        runner.end();
      });
    runner.ref();
    await begun(runner);
    return runner;
  }

  return {
    async call(call, signal) {
      if (signal.aborted) throw canceled();
      const runner = await take(signal);
      let isWell = false;
      try {
        const json = await runCall(runner, call, { signal, options });
        isWell = true;
        return json;
      } catch (thrown) {
        isWell = thrown instanceof ScriptFailure && !thrown.fault.stray;
        throw thrown;
      } finally {
        if (isWell && !closed && !spent.has(runner)) idle.push(runner);
        else runner.end();
        release();
      }
    },
    async close() {
      closed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...all].map(ended));
    },
  };
}

function begun({ events }: ScriptRunner): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEnd = (code: number | null, by?: string): void => reject(crashed(endOf(code, by)));
    events.once("message", () => {
      events.off("error", reject).off("exit", onEnd);
      resolve();
    });
    events.once("error", reject).once("exit", onEnd);
  });
}

async function ended(runner: ScriptRunner): Promise<void> {
  const gone = once(runner.events, "exit");
  runner.ref();
  runner.end();
  await gone;
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

function runCall(
  { events, stdout, stderr, ...runner }: ScriptRunner,
  call: ScriptCall,
  { signal, options }: { signal: AbortSignal; options: ScriptPoolOptions },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      events.off("message", onMessage).off("error", onError).off("exit", onExit);
      stdout.off("data", onOut);
      stderr.off("data", onErr);
      // A thread at rest may not keep the process alive; one at work must.
      runner.unref();
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
      else if (message.t === "error") fail(new ScriptFailure(local(message, options.directory)));
    };
    const onError = (thrown: NodeJS.ErrnoException): void => fail(crashed(thrown.message, thrown));
    const onExit = (code: number | null, by?: string): void => fail(crashed(endOf(code, by)));
    if (signal.aborted) return reject(canceled());
    signal.addEventListener("abort", onAbort, { once: true });
    runner.ref();
    events.on("message", onMessage).on("error", onError).on("exit", onExit);
    stdout.on("data", onOut);
    stderr.on("data", onErr);
    runner.run(call.inputs);
  });
}

/** A fault with paths relative to the flow's folder, and of its stack the lines that lie there. */
function local(fault: ScriptFault, directory: string): ScriptFault {
  const roots = [`${pathToFileURL(directory).href}/`, directory + path.sep];
  const isOwn = (line: string): boolean => !/^\s+at /.test(line) || roots.some((root) => line.includes(root));
  const short = (text: string): string => roots.reduce((left, root) => left.replaceAll(root, ""), text);
  const stack = fault.stack.split("\n").filter(isOwn).join("\n");
  return { ...fault, message: short(fault.message), stack: short(stack) };
}

/** A process of Node's whose memory is used up ends itself so. */
function endOf(code: number | null, by?: string): string {
  if (code !== null) return `the script ended it with exit code ${code}`;
  return `it was ended by ${by ?? "a signal"}${by === "SIGABRT" ? ", most likely since its memory was used up" : ""}`;
}

function crashed(reason: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError(
    "ScriptThreadCrashed",
    `The thread or process that ran this node's script broke: ${reason}.`,
    {
      cause,
    },
  );
}

function canceled(): FlowsteadError {
  return new FlowsteadError("Canceled", "The work was canceled.");
}
