// Commands of the command line that stay: a server's process with the address that it printed.

import { type ChildProcess, spawn } from "node:child_process";
import { environment } from "../e2e/system.ts";
import { CLI } from "../program.ts";

export interface RunningCommand {
  readonly process: ChildProcess;
  /** What `ready` matched. */
  readonly found: string;
  stdout(): string;
  stderr(): string;
  /** Sends the signal and waits for the end. @returns the exit code, or null when the signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StartCommandOptions {
  env?: Record<string, string>;
  /** Looked for in both outputs; its first group is what is found. */
  ready: RegExp;
}

const READY_MS = 60_000;

/** Starts a command and waits until it has printed what `ready` looks for. */
export async function startCommand(args: string[], { env, ready }: StartCommandOptions): Promise<RunningCommand> {
  const child = spawn(process.execPath, [...CLI, ...args], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const found = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`${args.join(" ")}: ${why}\n${stdout}${stderr}`));
    };
    const timer = setTimeout(() => fail(`not ready within ${READY_MS} ms`), READY_MS);
    const look = (): void => {
      const match = ready.exec(stdout) ?? ready.exec(stderr);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1] ?? match[0]);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      look();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      look();
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
  return {
    process: child,
    found,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: (signal = "SIGINT") => {
      child.kill(signal);
      return ended;
    },
  };
}
