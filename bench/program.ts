// Programs under measurement: each a process of its own from dist/, as it is installed, and what CPU it used.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";

export interface Program {
  /** What `ready` found. */
  readonly found: string;
  readonly pid: number;
  /** Resident memory in kB; undefined where there is no /proc. */
  memoryKb(): Promise<number | undefined>;
  /** CPU time of the process and its children since their start, in ms; undefined where there is no /proc. */
  cpuMs(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface StartProgramOptions {
  /** Of the command line, or a program of the bench with its arguments. */
  args: readonly string[];
  /** A TypeScript file in place of the command line. */
  file?: string;
  /** Another program in its place. */
  program?: string;
  /** Besides PATH and HOME. */
  env?: Record<string, string>;
  /** Looked for in its output; the first group is what is found. */
  ready: RegExp;
  signal: AbortSignal;
}

const MAIN = "dist/cli/main.js";
const READY_MS = 60_000;
/** Linux counts CPU time in ticks of 10 ms. */
const TICK_MS = 10;

export async function startProgram({ args, file, program, env, ready, signal }: StartProgramOptions): Promise<Program> {
  signal.throwIfAborted();
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run node scripts/setup.mjs first.`);
  const ours = file ? ["--import", "tsx", file, ...args] : [MAIN, ...args];
  const child = spawn(program ?? process.execPath, program ? args : ours, {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C is for the bench, which then ends its programs.
    detached: true,
  });
  return {
    found: await untilReady(child, { ready, signal, name: args.join(" ") }),
    pid: child.pid ?? 0,
    memoryKb: () => residentKb(child.pid ?? 0).catch(() => undefined),
    cpuMs: () => cpuOfTree(child.pid ?? 0).catch(() => undefined),
    stop: () => stop(child),
  };
}

function untilReady(
  child: ChildProcess,
  { ready, signal, name }: { ready: RegExp; signal: AbortSignal; name: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string): void => {
      const error = new Error(`${name}: ${why}\n${output}`);
      // Only then may its folder be removed.
      void stop(child).then(() => reject(error), reject);
    };
    const timer = setTimeout(() => fail(`not ready within ${READY_MS} ms`), READY_MS);
    const onAbort = (): void => fail("stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = ready.exec(output);
      if (!match) return;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(match[1] ?? match[0]);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function residentKb(pid: number): Promise<number | undefined> {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return match ? Number(match[1]) : undefined;
}

async function cpuOfTree(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const parts = await Promise.all(
    children
      .split(" ")
      .filter(Boolean)
      .map((child) => cpuOfTree(Number(child))),
  );
  return (await ticksOf(pid)) * TICK_MS + parts.reduce((sum, part) => sum + part, 0);
}

async function ticksOf(pid: number): Promise<number> {
  // After the name in brackets, which may hold blanks: state is the first field, utime and stime the 12th and 13th.
  const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return Number(stat[11]) + Number(stat[12]);
}

/** CPU time of one process in microseconds, threads that have ended among it, in ticks: for what takes seconds. */
export async function processCpuUs(pid: number | undefined): Promise<number> {
  return pid === undefined ? 0 : (await ticksOf(pid)) * TICK_MS * 1000;
}

/** The same of the threads that run, to the nanosecond: for what takes little. */
export async function cpuUs(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const threads = await readdir(`/proc/${pid}/task`);
  const spent = await Promise.all(
    threads.map(async (thread) =>
      Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0")).split(" ")[0]),
    ),
  );
  return spent.reduce((sum, ns) => sum + ns, 0) / 1000;
}
