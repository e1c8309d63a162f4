// One flow instance in a child process: started, watched, restarted after a crash with growing pauses, and stopped.

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../base/log.ts";
import { Backoff } from "./backoff.ts";
import type { Instance, InstanceState, InstanceTarget } from "./instance.ts";
import { eachLine } from "./output.ts";
import { remoteTarget } from "./remote.ts";
import type { InstanceMessage, InstanceSpec } from "./spec.ts";

export interface ChildOptions {
  spec: InstanceSpec;
  log: Logger;
  onState: (instance: Instance) => void;
  /** Called with every line that the process prints. */
  onLine?: (line: string) => void;
  /** How long a child may drain after SIGTERM. */
  graceMs?: number;
  /** How long a child may take to say that it is ready; one that takes longer hangs and is replaced. */
  startMs?: number;
}

// Longer than the slowest start on a busy machine: giving up early would make it busier still.
const START_MS = 60_000;

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const MAIN = fileURLToPath(new URL(`./main.${EXTENSION}`, import.meta.url));

export function startInstance(options: ChildOptions): Instance {
  const instance = new ChildInstance(options);
  instance.start();
  return instance;
}

class ChildInstance implements Instance {
  readonly name: string;
  readonly zone: string;
  readonly target: InstanceTarget;
  state: InstanceState = "starting";
  problem: string | undefined;
  restarts = 0;
  #child: ChildProcess | undefined;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  readonly #options: ChildOptions;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.name = options.spec.name;
    this.zone = options.spec.zone;
    this.target = remoteTarget(
      { socketPath: options.spec.socketPath, url: "http://instance" },
      `Instance ${this.name}`,
    );
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { spec, log } = this.#options;
    const startedAt = Date.now();
    // A process that was killed leaves its socket behind, and nobody can listen there until it is gone.
    rmSync(spec.socketPath, { force: true });
    const child = this.#spawn();
    if (!child) return this.#restartLater(0);
    this.#child = child;
    this.#become("starting");
    child.stdin?.on("error", () => {});
    child.stdin?.end(JSON.stringify(spec));
    for (const stream of [child.stdout, child.stderr]) {
      eachLine(stream, (line) => {
        log.info({ instance: this.name, line }, "instance output");
        this.#options.onLine?.(line);
      });
    }
    let why: string | undefined;
    const startMs = this.#options.startMs ?? START_MS;
    const patience = setTimeout(() => {
      why = `did not become ready within ${startMs} ms`;
      child.kill("SIGKILL");
    }, startMs);
    child.on("message", (message: InstanceMessage) => {
      if (message.type === "failed") why = message.message;
      else if (this.#child === child && this.state === "starting") {
        clearTimeout(patience);
        this.#become("ready");
      }
    });
    child.on("error", (error) => {
      log.error({ err: error, instance: this.name }, "instance could not be started");
      why ??= error.message;
      // A process that never came to be has no exit either.
      if (child.pid === undefined) ended(null, null);
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(patience);
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.state === "stopped") return;
      log.warn({ instance: this.name, code, signal, problem: why }, "instance ended");
      const missing = code === NOT_RUN ? `${process.execPath} cannot be run` : undefined;
      this.problem = why ?? missing ?? (signal ? `ended by ${signal}` : `ended with exit code ${code}`);
      this.#restartLater(Date.now() - startedAt);
    };
    child.on("exit", ended);
  }

  /** Undefined where the system takes no such process, as with variables that are too long. */
  #spawn(): ChildProcess | undefined {
    const [program = "", ...args] = withoutCoreDumps([process.execPath, ...process.execArgv, MAIN]);
    try {
      return spawn(program, args, { env: this.#options.spec.env, stdio: ["pipe", "pipe", "pipe", "ipc"] });
    } catch (thrown) {
      this.problem = (thrown as Error).message;
      this.#options.log.error({ err: thrown, instance: this.name }, "instance could not be started");
      return undefined;
    }
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async stop({ now = false }: { now?: boolean } = {}): Promise<void> {
    if (this.state === "stopped") return;
    this.#become("stopped");
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child) await endProcess(child, now ? 0 : (this.#options.graceMs ?? 5_000));
    await this.target.close();
    await rm(this.#options.spec.socketPath, { force: true });
  }

  #restartLater(livedMs: number): void {
    this.#become("backing-off");
    this.restarts++;
    this.#timer = setTimeout(() => this.start(), this.#backoff.nextMs(livedMs));
  }

  #become(state: InstanceState): void {
    this.state = state;
    if (state === "ready") this.problem = undefined;
    this.#options.onState(this);
  }
}

/** What a shell ends with when it does not find the program. */
const NOT_RUN = 127;

/** What a process of users' code leaves when it crashes would hold what callers asked, and lie in the flow's folder. */
function withoutCoreDumps(command: readonly string[]): readonly string[] {
  if (process.platform === "win32") return command;
  return ["/bin/sh", "-c", 'ulimit -c 0; exec "$@"', "sh", ...command];
}

/** SIGTERM, then SIGKILL when the grace is over. */
export function endProcess(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(graceMs === 0 ? "SIGKILL" : "SIGTERM");
  });
}
