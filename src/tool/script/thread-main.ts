// What runs in the thread of a script: it loads the module once and answers one call after the other.

import { Console } from "node:console";
import { register } from "node:module";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { ScriptMessage, ScriptTask } from "./message.ts";

const { file, name, order } = workerData as ScriptTask;

function post(message: ScriptMessage): void {
  parentPort?.postMessage(message);
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

globalThis.console = new Console({ stdout: logger("stdout"), stderr: logger("stderr") });

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

function asJson(value: unknown): string {
  const text = JSON.stringify(value ?? null) as string | undefined;
  if (text === undefined) throw new TypeError(`the result is a ${typeof value}, which is no JSON`);
  return text;
}

function describe(thrown: unknown): { type: string; message: string; stack: string } {
  if (!(thrown instanceof Error)) return { type: "Error", message: String(thrown), stack: "" };
  const { name: type, message, stack = "" } = thrown;
  return { type, message, stack };
}

parentPort?.on("message", (inputs: Record<string, unknown>) => void run(inputs));
post({ t: "ready" });
