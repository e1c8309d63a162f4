// Podman with a store of its own, and an image made of this machine's own files: no registry is asked.

import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { environment } from "../../e2e/system.ts";
import { CLI } from "../../program.ts";

const NEEDED = ["podman", "runc", "iptables", "/usr/lib/podman/netavark"];
const root = process.cwd();

/** The reason why no container can be run here, or undefined. In CI a missing program is a failure, not a reason. */
export function noPodman(): string | undefined {
  const missing = NEEDED.filter((name) => !isThere(name)).map((name) => path.basename(name));
  if (missing.length > 0) {
    if (process.env.CI === "true") throw new Error(`CI must have the Debian packages ${missing.join(", ")}.`);
    return `not installed: the Debian packages ${missing.join(", ")}`;
  }
  return process.getuid?.() === 0 ? undefined : "containers of a store of their own need root";
}

export interface Podman {
  /** What the engine's command has to see. */
  readonly env: Record<string, string>;
  /** Runs one command to its end. @returns what it printed. */
  run(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** @param base name of the image with Node and this program */
export async function openPodman(base: string): Promise<Podman> {
  const folder = mkdtempSync(path.join(tmpdir(), "podman-"));
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const places = ["/usr", "/bin", "/lib", "/lib64"].filter((place) => existsSync(place));
  const node = path.dirname(path.dirname(process.execPath));
  const mounts = [...places, ...(node.startsWith("/usr") ? [] : [node]), root].map((place) => `${place}:${place}:ro`);
  const settings = `[containers]
volumes = ${JSON.stringify(mounts)}
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "${folder}/engine"
[network]
network_backend = "netavark"
network_config_dir = "${folder}/networks"
default_subnet = "10.97.0.0/16"
default_subnet_pools = [{ "base" = "10.98.0.0/16", "size" = 24 }]
`;
  const env = {
    ...environment(),
    CONTAINERS_CONF: write("containers.conf", settings),
    CONTAINERS_STORAGE_CONF: write(
      "storage.conf",
      `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`,
    ),
  };
  const execute = promisify(execFile);
  const run = async (...args: string[]): Promise<string> => (await execute("podman", args, { env })).stdout.trim();

  write("image/etc/passwd", "root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n");
  write("image/etc/group", "root:x:0:\nnode:x:1000:\n");
  write("image/opt/bin/flowstead", `#!/bin/sh\nexec "${process.execPath}" ${CLI.join(" ")} "$@"\n`);
  chmodSync(path.join(folder, "image/opt/bin/flowstead"), 0o755);
  for (const place of [...places, "/tmp", "/proc", "/dev", "/sys", "/app"])
    mkdirSync(path.join(folder, "image", place), { recursive: true });
  chmodSync(path.join(folder, "image/tmp"), 0o1777);
  const file = path.join(folder, "image.tar");
  await execute("tar", ["-C", path.join(folder, "image"), "-cf", file, "."]);
  const searchPath = `ENV PATH=/opt/bin:${path.dirname(process.execPath)}:/usr/bin:/bin`;
  await run("import", "--quiet", "--change", searchPath, file, base);
  return {
    env,
    run,
    async close() {
      await run("rm", "--all", "--force", "--time", "0");
      await run("network", "prune", "--force");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return existsSync(path.join("/usr/sbin", program));
  }
}
