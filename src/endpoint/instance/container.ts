// One flow instance in a container, by the command line of podman or docker. The image is any server of `/score`; it is
// reached on a loopback port that the engine chooses, or, when it has no way out, by its own address.

import type { ChildProcess } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";
import type { Logger } from "../../base/log.ts";
import type { FlowCall } from "../../flow/target.ts";
import type { EnvironmentSpec } from "../specification/deployment-spec.ts";
import { Backoff } from "./backoff.ts";
import type { ContainerEngine, ContainerRun } from "./container-engine.ts";
import type { Instance, InstanceState, InstanceTarget, Slot } from "./instance.ts";
import { eachLine } from "./output.ts";
import { scoringTarget } from "./scoring.ts";

export interface ContainerOptions {
  slot: Slot;
  engine: ContainerEngine;
  image: string;
  routes: Pick<EnvironmentSpec, "livenessRoute" | "readinessRoute" | "scoringRoute">;
  env: Readonly<Record<string, string>>;
  /** Private folder; the variables lie there while the container starts, since arguments are public. */
  runFolder: string;
  /** Gives the container no network but its port. */
  isIsolated: boolean;
  /** A folder of sockets that the container sees. */
  lentFolder?: string | undefined;
  /** The engine ends a container that takes more. */
  memoryBytes?: number | undefined;
  log: Logger;
  onState: (instance: Instance) => void;
  /** Called with every line that the container prints. */
  onLine?: (line: string) => void;
  /** How long a container may take until it answers; one that takes longer is replaced. */
  startMs?: number;
  graceSeconds?: number;
}

const START_MS = 120_000;
const POLL_MS = 200;
/** Where the original's flow images listen. */
const DEFAULT_PORT = 8080;

export function startContainer(options: ContainerOptions): Instance {
  const instance = new ContainerInstance(options);
  instance.start();
  return instance;
}

class ContainerInstance implements Instance {
  readonly name: string;
  readonly zone: string;
  readonly target: InstanceTarget;
  readonly pid = undefined;
  state: InstanceState = "starting";
  problem: string | undefined;
  restarts = 0;
  readonly #options: ContainerOptions;
  readonly #backoff = new Backoff();
  #child: ChildProcess | undefined;
  #container: ContainerRun | undefined;
  #served: InstanceTarget | undefined;
  /** Until the engine's command runs. */
  #starting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.name = options.slot.name;
    this.zone = options.slot.zone;
    const served = (): InstanceTarget => {
      if (this.#served) return this.#served;
      throw new FlowsteadError("InstanceUnavailable", `Instance ${this.name} is ${this.state}.`);
    };
    this.target = {
      describe: async (signal) => served().describe(signal),
      async *invoke(call: FlowCall, signal: AbortSignal) {
        try {
          yield* served().invoke(call, signal);
        } catch (thrown) {
          yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
        }
      },
      health: async (signal, probe) => served().health(signal, probe),
      close: async () => {},
    };
  }

  start(): void {
    this.#become("starting");
    const startedAt = Date.now();
    this.#starting = this.#run().catch((thrown: unknown) =>
      this.#ended(undefined, { problem: (thrown as Error).message, startedAt }),
    );
  }

  kill(): void {
    const child = this.#child;
    const killed = this.#container && this.#options.engine.kill(this.#container.name);
    void killed?.catch(() => child?.kill("SIGKILL"));
  }

  async stop({ now = false }: { now?: boolean } = {}): Promise<void> {
    if (this.state === "stopped") return;
    this.#become("stopped");
    clearTimeout(this.#timer);
    await this.#starting;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const seconds = now ? 0 : (this.#options.graceSeconds ?? 5);
      const { engine } = this.#options;
      const name = this.#container?.name ?? "";
      await engine.stop(name, seconds).catch(async () => {
        // It was not there yet, and may come to be still.
        child.kill("SIGKILL");
        await ended;
        await engine.remove(name).catch(() => {});
      });
      await ended;
    }
    await this.#drop();
  }

  async #run(): Promise<void> {
    const { engine, image, env, runFolder, routes, isIsolated, memoryBytes, lentFolder } = this.#options;
    const startedAt = Date.now();
    const name = `flowstead-${this.name}-${uuid().slice(0, 8)}`;
    const envFile = path.join(runFolder, `${name}.env`);
    const container = {
      name,
      image,
      envFile,
      port: routes.scoringRoute?.port ?? DEFAULT_PORT,
      isIsolated,
      memoryBytes,
      lentFolder,
    };
    this.#container = container;
    await writeFile(envFile, envLines(env), { mode: 0o600 });
    const child = await engine.run(container).catch(async (thrown: unknown) => {
      await rm(envFile, { force: true });
      throw thrown;
    });
    this.#child = child;
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      eachLine(stream, (line) => {
        last = line;
        this.#options.log.info({ instance: this.name, line }, "instance output");
        this.#options.onLine?.(line);
      });
    }
    child.once("error", (error) => this.#ended(child, { problem: error.message, startedAt }));
    // Not at its exit: what it said last may still be on its way.
    child.once("close", (code, signal) => {
      void rm(envFile, { force: true });
      const problem = `ended with ${signal ?? `exit code ${code}`}${last ? `: ${last}` : ""}`;
      this.#ended(child, { problem, startedAt });
    });
    void this.#untilWell(child, container);
  }

  async #untilWell(child: ChildProcess, container: ContainerRun): Promise<void> {
    const { startMs = START_MS, routes, engine } = this.#options;
    const deadline = Date.now() + startMs;
    const isCurrent = (): boolean => this.#child === child && this.state === "starting";
    while (isCurrent() && Date.now() < deadline) {
      try {
        this.#served ??= scoringTarget({
          url: `http://${await engine.address(container)}${routes.scoringRoute?.path ?? "/score"}`,
          peer: `Instance ${this.name}`,
          healthPath: routes.readinessRoute?.path ?? "/health",
          livenessPath: routes.livenessRoute?.path ?? "/health",
        });
        await this.#served.health(AbortSignal.timeout(2_000));
        // The engine has read them; nobody needs them any more.
        await rm(container.envFile, { force: true });
        if (isCurrent()) this.#become("ready");
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
    if (isCurrent()) this.kill();
  }

  #ended(child: ChildProcess | undefined, { problem, startedAt }: { problem: string; startedAt: number }): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    void this.#drop();
    if (this.state === "stopped") return;
    this.#options.log.warn({ instance: this.name, problem }, "instance ended");
    this.problem = problem;
    this.restarts++;
    this.#become("backing-off");
    this.#timer = setTimeout(() => this.start(), this.#backoff.nextMs(Date.now() - startedAt));
  }

  async #drop(): Promise<void> {
    const served = this.#served;
    this.#served = undefined;
    await served?.close();
  }

  #become(state: InstanceState): void {
    this.state = state;
    if (state === "ready") this.problem = undefined;
    this.#options.onState(this);
  }
}

/** @throws FlowsteadError `InvalidConfig` for a value with a line end, which such a file cannot hold. */
function envLines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      if (!/[\r\n]/.test(value)) return `${name}=${value}\n`;
      throw new FlowsteadError(
        "InvalidConfig",
        `The variable ${name} has several lines, which a container cannot be given.`,
      );
    })
    .join("");
}
