// What runs in the thread or process of a script: it loads the module once and answers one call after the other.

import { Console } from "node:console";
import { register } from "node:module";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { Worker, parentPort, workerData } from "node:worker_threads";
import type { ProcessTask, ScriptFault, ScriptMessage, ScriptTask } from "./message.ts";

const task = (workerData ?? JSON.parse(process.argv[2] ?? "")) as ScriptTask | ProcessTask;
const { file, name, order } = task;

function post(message: ScriptMessage): void {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
}

function logger(stream: "stdout" | "stderr"): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string | Buffer, _encoding, done) {
      post({ t: "log", stream, text: String(text) });
      done();
    },
  });
}

const logs = { stdout: logger("stdout"), stderr: logger("stderr") };
globalThis.console = new Console(logs);
// What is written past the console stays in order with it, and comes before the result.
process.stdout.write = logs.stdout.write.bind(logs.stdout);
process.stderr.write = logs.stderr.write.bind(logs.stderr);

type Tool = (...values: unknown[]) => unknown;
let loaded: Promise<Tool> | undefined;

async function loadTool(): Promise<Tool> {
  register(import.meta.url.endsWith(".ts") ? "./load-hook.ts" : "./load-hook.js", import.meta.url);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const found = module[name];
  if (typeof found === "function") return found as Tool;
  throw new TypeError(`the export '${name}' is no function`);
}

async function run(inputs: Record<string, unknown>): Promise<void> {
  let loading = true;
  try {
    const tool = await (loaded ??= loadTool());
    loading = false;
    const values = order ? order.map((key) => inputs[key]) : [inputs];
    post({ t: "result", json: asJson(await collect(await tool(...values))) });
  } catch (thrown) {
    if (loading) loaded = undefined;
    post({ t: "error", ...describe(thrown), loading });
  }
}

/** What a generator yields is streamed as text; its result is all of it. */
async function collect(value: unknown): Promise<unknown> {
  if (!isIterator(value)) return value;
  let text = "";
  for await (const item of value as AsyncIterable<unknown>) {
    const piece = typeof item === "string" ? item : asJson(item);
    text += piece;
    post({ t: "chunk", text: piece });
  }
  return text;
}

function isIterator(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const isAsync = Symbol.asyncIterator in value;
  return isAsync || (Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function");
}

/** Maps are objects and sets are lists; an int is as long as it is, which the engine reads and `JSON.stringify` refuses. */
function asJson(value: unknown): string {
  const mark = `${Math.random()}`;
  let hasInts = false;
  const text = JSON.stringify(value ?? null, (_key, item: unknown) => {
    if (item instanceof Map) return Object.fromEntries(item) as unknown;
    if (item instanceof Set) return [...item] as unknown;
    if (typeof item !== "bigint") return item;
    hasInts = true;
    return `${mark}${item}${mark}`;
  }) as string | undefined;
  if (text === undefined) throw new TypeError(`the result is a ${typeof value}, which is no JSON`);
  return hasInts ? text.replaceAll(`"${mark}`, "").replaceAll(`${mark}"`, "") : text;
}

function describe(thrown: unknown): Omit<ScriptFault, "loading"> {
  if (!(thrown instanceof Error)) {
    return { type: "Error", message: typeof thrown === "string" ? thrown : inspect(thrown), stack: "" };
  }
  const { name: own, message, stack = "" } = thrown;
  const type = own === "Error" ? thrown.constructor.name : own;
  return { type, message, stack };
}

process.on("uncaughtException", (thrown) => post({ t: "error", ...describe(thrown), loading: false, stray: true }));

// A process ends with the one that started it, as a thread does; also one that never comes to hear of it.
if ("parent" in task) {
  process.on("disconnect", () => process.exit());
  const watch = `const { workerData: parent } = require("node:worker_threads");
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, 1000);`;
  new Worker(watch, { eval: true, workerData: task.parent, execArgv: [] }).unref();
}
(parentPort ?? process).on("message", (inputs: Record<string, unknown>) => void run(inputs));
post({ t: "ready" });
