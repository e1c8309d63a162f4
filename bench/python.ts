// A Python node's call against what it replaces: a process for each call.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { setMaxListeners } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { type PythonPool, createPythonPool } from "../src/python/pool.ts";
import type { PythonCall, PythonSession } from "../src/python/session.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Quantiles, quantiles, round } from "./statistic.ts";

const NODES = {
  "plain.py": "from promptflow.core import tool\n\n\n@tool\ndef node(text: str) -> str:\n    return text.upper()\n",
  "waiting.py":
    "import asyncio\n\nfrom promptflow.core import tool\n\n\n@tool\nasync def node(text: str) -> str:\n    await asyncio.sleep(0.01)\n    return text\n",
};
const WAIT_MS = 10;
const IN_FLIGHT = 64;
const SILENT = { onText: () => undefined, onLog: () => undefined, onMetric: () => undefined };

export const python: Bench = {
  name: "python",
  about: "one call of a Python node against spawning an interpreter for it, and many waiting calls at a time",
  run,
};

async function run({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(path.join(tmpdir(), "flowstead-bench-"));
  for (const [name, text] of Object.entries(NODES)) writeFileSync(path.join(directory, name), text);
  const env = { PATH: process.env["PATH"] };
  const pool = createPythonPool({ directory, env, maxWorkers: 1 });
  try {
    for (const name of Object.keys(NODES)) await pool.load(name);
    const calls = await callTimes(pool, isQuick ? 200 : 5000, signal);
    const spawned = spawnTimes(directory, isQuick ? 3 : 20, signal);
    const waves = isQuick ? 2 : 20;
    const together = await togetherMs(pool, waves, signal);
    const ratio = round(spawned.p50 / calls.p50);
    const atATime = round((waves * IN_FLIGHT * WAIT_MS) / together);
    console.error(`one call            p50 ${calls.p50} ms, p99 ${calls.p99} ms`);
    console.error(`spawning a process  p50 ${spawned.p50} ms, p99 ${spawned.p99} ms`);
    console.error(`ratio               ${ratio} times as fast`);
    console.error(`${IN_FLIGHT} calls that wait   ${atATime} at a time in one process`);
    return { call_ms: calls, spawn_ms: spawned, ratio, in_flight: IN_FLIGHT, at_a_time: atATime };
  } finally {
    await pool.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One call after the other; the first tenth is warming up. */
async function callTimes(pool: PythonPool, count: number, signal: AbortSignal): Promise<Quantiles> {
  const session = pool.session("bench");
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    await call(session, "plain.py", signal);
    if (index >= count / 10) times.push(performance.now() - began);
  }
  session.end();
  return quantiles(times);
}

/** Waves of calls that each wait for a moment. */
async function togetherMs(pool: PythonPool, waves: number, signal: AbortSignal): Promise<number> {
  const session = pool.session("bench-together");
  setMaxListeners(0, signal);
  const began = performance.now();
  for (let wave = 0; wave < waves; wave++) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => call(session, "waiting.py", signal)));
  }
  session.end();
  return performance.now() - began;
}

async function call(session: PythonSession, file: string, signal: AbortSignal): Promise<void> {
  const request: PythonCall = {
    file,
    inputs: { text: "hello" },
    init: [],
    connections: {},
    images: [],
    imageFormat: "basic",
  };
  await session.call(request, SILENT, signal);
}

/** The least that a process for each call can do: the interpreter starts and runs the function's line. */
function spawnTimes(directory: string, count: number, signal: AbortSignal): Quantiles {
  // The interpreter itself: what the name stands for may be a script that chooses one.
  const interpreter = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).stdout.trim();
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    signal.throwIfAborted();
    const began = performance.now();
    spawnSync(interpreter, ["-c", "print('hello'.upper())"], { cwd: directory });
    times.push(performance.now() - began);
  }
  return quantiles(times);
}
