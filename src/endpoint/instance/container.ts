// One flow instance in a container, by the command line of podman or docker. The image is any server of `/score`; it is
// reached on a loopback port that the engine chooses.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { FlowCall } from "../../flow/target.ts";
import type { EnvironmentSpec } from "../specification/deployment-spec.ts";
import { Backoff } from "./backoff.ts";
import type { Instance, InstanceState, InstanceTarget, Slot } from "./instance.ts";
import { scoringTarget } from "./scoring.ts";

export interface ContainerOptions {
  slot: Slot;
  /** `podman` or `docker`, or its path. */
  engine: string;
  image: string;
  routes: Pick<EnvironmentSpec, "readinessRoute" | "scoringRoute">;
  env: Readonly<Record<string, string>>;
  /** Private folder; the variables lie there while the container starts, since arguments are public. */
  runFolder: string;
  /** Gives the container no network but its port. */
  isIsolated: boolean;
  log: Logger;
  onState: (instance: Instance) => void;
  /** How long a container may take until it answers; one that takes longer is replaced. */
  startMs?: number;
  graceSeconds?: number;
}

const START_MS = 120_000;
const POLL_MS = 200;

/** The first container engine on the path. @throws FlowsteadError `InvalidConfig` when there is none. */
export function findEngine(searchPath: string): string {
  for (const name of ["podman", "docker"]) {
    for (const folder of searchPath.split(path.delimiter)) {
      try {
        accessSync(path.join(folder, name), constants.X_OK);
        return path.join(folder, name);
      } catch {
        // Not here.
      }
    }
  }
  throw new FlowsteadError(
    "InvalidConfig",
    "A deployment runs in containers, but there is no podman or docker. Install one.",
  );
}

export function startContainer(options: ContainerOptions): Instance {
  const instance = new ContainerInstance(options);
  instance.start();
  return instance;
}

let containers = 0;

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
  #container = "";
  #served: InstanceTarget | undefined;
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
      health: async (signal) => served().health(signal),
      close: async () => {},
    };
  }

  start(): void {
    this.#become("starting");
    this.#run().catch((thrown: unknown) => this.#ended((thrown as Error).message, Date.now()));
  }

  kill(): void {
    void this.#engine("kill", this.#container).catch(() => this.#child?.kill("SIGKILL"));
  }

  async stop({ now = false }: { now?: boolean } = {}): Promise<void> {
    if (this.state === "stopped") return;
    this.#become("stopped");
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const seconds = now ? 0 : (this.#options.graceSeconds ?? 5);
      await this.#engine("stop", "-t", String(seconds), this.#container).catch(() => child.kill("SIGKILL"));
      await ended;
    }
    await this.#drop();
  }

  async #run(): Promise<void> {
    const { engine, image, env, runFolder, routes, isIsolated } = this.#options;
    const startedAt = Date.now();
    this.#container = `flowstead-${process.pid}-${this.name}-${++containers}`;
    const envFile = path.join(runFolder, `${this.#container}.env`);
    await writeFile(envFile, envLines(env), { mode: 0o600 });
    const port = routes.scoringRoute?.port ?? 8080;
    // An engine's internal network has ports for this machine and no way out.
    const network = isIsolated ? ["--network", await this.#internalNetwork()] : [];
    const options = ["--rm", "--name", this.#container, "--env-file", envFile, "-p", `127.0.0.1::${port}`, ...network];
    if (this.state === "stopped") return rm(envFile, { force: true });
    const child = spawn(engine, ["run", ...options, image], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-2_000);
        for (const line of text.split("\n"))
          if (line !== "") this.#options.log.info({ instance: this.name, line }, "instance output");
      });
    }
    child.once("error", (error) => this.#ended(error.message, startedAt));
    child.once("exit", (code, signal) => {
      void rm(envFile, { force: true });
      const last = said.trim().split("\n").at(-1);
      this.#ended(`ended with ${signal ?? `exit code ${code}`}${last ? `: ${last}` : ""}`, startedAt);
    });
    await this.#untilWell(child, port);
  }

  async #untilWell(child: ChildProcess, port: number): Promise<void> {
    const { startMs = START_MS, routes } = this.#options;
    const deadline = Date.now() + startMs;
    const isCurrent = (): boolean => this.#child === child && this.state === "starting";
    let served: InstanceTarget | undefined;
    while (isCurrent() && Date.now() < deadline) {
      try {
        served ??= this.#served = scoringTarget({
          url: `http://${await this.#address(port)}${routes.scoringRoute?.path ?? "/score"}`,
          peer: `Instance ${this.name}`,
          healthPath: routes.readinessRoute?.path ?? "/health",
        });
        await served.health(AbortSignal.timeout(2_000));
        if (isCurrent()) this.#become("ready");
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
    if (isCurrent()) this.kill();
  }

  #ended(problem: string, startedAt: number): void {
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

  /** `127.0.0.1:49153` */
  async #address(port: number): Promise<string> {
    const [line = ""] = (await this.#engine("port", this.#container, `${port}/tcp`)).split("\n");
    return line.trim();
  }

  async #internalNetwork(): Promise<string> {
    const name = "flowstead-internal";
    await this.#engine("network", "inspect", name).catch(() => this.#engine("network", "create", "--internal", name));
    return name;
  }

  #engine(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(this.#options.engine, args, { timeout: 30_000 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
    });
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
