// The command line of podman or docker, as far as instances need it. Containers carry the process that they belong to in
// labels: what a killed process left behind is removed by the next one of its machine.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Environment } from "../../config/environment.ts";
import { isAlive } from "../../store/alive.ts";
import { MOUNTED_AT } from "./lent-socket.ts";

export interface ContainerRun {
  name: string;
  image: string;
  envFile: string;
  /** Where the server listens inside. */
  port: number;
  /** Gives the container no way out; it is reached by its own address then, since such networks publish no ports. */
  isIsolated: boolean;
  memoryBytes: number | undefined;
  /** A folder of sockets that the container sees. */
  lentFolder: string | undefined;
}

export interface ContainerEngine {
  /** Runs in the foreground: the process prints what the container prints and ends with it. */
  run(container: ContainerRun): Promise<ChildProcess>;
  /** `127.0.0.1:49153`. @throws while the container is not there yet. */
  address(container: ContainerRun): Promise<string>;
  kill(name: string): Promise<void>;
  /** SIGTERM, and SIGKILL when the seconds are over. */
  stop(name: string, seconds: number): Promise<void>;
  remove(name: string): Promise<void>;
}

const INTERNAL = "flowstead-internal";
const PROCESS_LABEL = "flowstead.process";
const HOST_LABEL = "flowstead.host";
const COMMAND_MS = 30_000;
/** No program in it gets more rights than it began with. */
const CONFINED = ["--security-opt", "no-new-privileges"];

/**
 * The first container engine on the path.
 * @param env what the engine's command may see: it never gets the keys that this process holds
 * @throws FlowsteadError `InvalidConfig` when there is none.
 */
export function openEngine(env: Environment): ContainerEngine {
  const program = findProgram(env.PATH ?? "");
  const labels = ["--label", `${PROCESS_LABEL}=${process.pid}`, "--label", `${HOST_LABEL}=${hostname()}`];
  // Also where it fails, for the engine's own words come with the first container.
  const swept = sweep().catch(() => {});
  let internal: Promise<void> | undefined;

  function command(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(program, args, { timeout: COMMAND_MS, env: { ...env } }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.trim()),
      );
    });
  }

  async function sweep(): Promise<void> {
    const ids = await command("ps", "--all", "--quiet", "--filter", `label=${HOST_LABEL}=${hostname()}`);
    for (const id of ids.split("\n").filter((line) => line !== "")) {
      const pid = await command("inspect", "--format", `{{index .Config.Labels "${PROCESS_LABEL}"}}`, id);
      if (isAlive(Number(pid))) continue;
      // Nothing in it serves anybody, so it gets no time to end.
      await command("kill", id).catch(() => {});
      await command("rm", "--force", id).catch(() => {});
    }
  }

  async function makeInternal(): Promise<void> {
    const backend = await command("info", "--format", "{{.Host.NetworkBackend}}").catch(() => "");
    if (backend === "cni") {
      const text =
        "A container without a way out cannot be reached with podman's CNI networks. Install netavark, or set egress_public_network_access: enabled.";
      throw new FlowsteadError("InvalidConfig", text);
    }
    await command("network", "inspect", INTERNAL).catch(() => command("network", "create", "--internal", INTERNAL));
  }

  return {
    async run({ name, image, envFile, port, isIsolated, memoryBytes, lentFolder }) {
      await swept;
      if (isIsolated) {
        internal ??= makeInternal();
        await internal.catch((thrown: unknown) => {
          internal = undefined;
          throw thrown;
        });
      }
      const network = isIsolated ? ["--network", INTERNAL] : ["--publish", `127.0.0.1::${port}`];
      const memory = memoryBytes === undefined ? [] : ["--memory", String(memoryBytes)];
      const lent = lentFolder === undefined ? [] : ["--volume", `${lentFolder}:${MOUNTED_AT}:ro`];
      const given = ["--env-file", envFile, ...CONFINED, ...memory, ...lent, ...network];
      const args = ["run", "--rm", "--name", name, ...labels, ...given, image];
      return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...env } });
    },
    async address({ name, port, isIsolated }) {
      const found = isIsolated
        ? await command("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
        : await command("port", name, `${port}/tcp`);
      const [address = ""] = found.split("\n");
      if (address === "") throw new FlowsteadError("InstanceUnavailable", `Container ${name} has no address yet.`);
      return isIsolated ? `${address}:${port}` : address;
    },
    kill: async (name) => {
      await command("kill", name);
    },
    stop: async (name, seconds) => {
      await command("stop", "--time", String(seconds), name);
    },
    remove: async (name) => {
      await command("rm", "--force", name);
    },
  };
}

function findProgram(searchPath: string): string {
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
