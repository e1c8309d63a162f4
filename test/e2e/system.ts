// The whole system as a person starts it: the command line in a process of its own, with a state folder of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CLI } from "../program.ts";

export interface System {
  readonly url: string;
  readonly home: string;
  readonly process: ChildProcess;
  /** Everything it wrote to the terminal. */
  output(): string;
  /** Sends the signal and waits for the end. @returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface SystemOptions {
  home: string;
  /** Only these variables besides PATH and HOME: the machine's own keys must not matter. */
  env?: Record<string, string>;
  args?: string[];
}

const START_MS = 90_000;

export function environment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...more };
}

export async function startSystem({ home, env, args = [] }: SystemOptions): Promise<System> {
  const child = spawn(process.execPath, [...CLI, "up", "--home", home, "--port", "0", ...args], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}\n${output}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`not ready within ${START_MS} ms`);
    }, START_MS);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /^ {2}(https?:\/\/\S+)$/m.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
  return {
    url,
    home,
    process: child,
    output: () => output,
    stop: (signal = "SIGINT") =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
        child.once("exit", (code) => resolve(code));
        child.kill(signal);
      }),
  };
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command of the command line to its end. */
export function runCommand(args: string[], env: Record<string, string> = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...CLI, ...args], {
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const result: CommandResult = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (result.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (result.stderr += chunk.toString()));
    child.once("close", (code) => resolve({ ...result, code }));
  });
}

export async function temporaryHome(): Promise<{ home: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "home-"));
  return { home: path.join(folder, "state"), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The pids of the flow instances that a process runs, by /proc. */
export async function instancesOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const found: number[] = [];
  for (const child of children.split(" ").filter(Boolean)) {
    const title = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "");
    if (/flowstead instance|instance\/main/.test(title)) found.push(Number(child));
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
