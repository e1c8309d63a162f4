// Debian's PostgreSQL in a folder of its own: no port, only a socket in that folder.

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = "/usr/lib/postgresql";

export interface PostgresServer {
  url: string;
  stop(): Promise<void>;
}

/** Why there is none here, or false. With CI=true a missing program is a failure. */
export function noPostgres(): string | false {
  if (process.env.CI === "true" || programs() !== undefined) return false;
  return "PostgreSQL is not installed (apt-get install postgresql)";
}

export async function startPostgres(): Promise<PostgresServer> {
  const bin = programs();
  if (bin === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-pg-"));
  // The server refuses to run as root; then it is the package's own user that runs it.
  const as = process.getuid?.() === 0 ? postgresUser() : {};
  if (as.uid !== undefined) execFileSync("chown", ["postgres", folder]);
  await chmod(folder, 0o755);
  const data = path.join(folder, "data");
  await run(
    path.join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    { ...as, cwd: folder },
  );
  const server = spawn(
    path.join(bin, "postgres"),
    ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"],
    {
      ...as,
      cwd: folder,
      stdio: "ignore",
    },
  );
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
  await untilReady(server, path.join(bin, "pg_isready"), folder);
  return {
    url,
    async stop() {
      const ended = once(server, "exit");
      // SIGINT is its fast shutdown: connections are cut.
      server.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(server: ChildProcess, isReady: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    if (
      await run(isReady, ["-h", folder]).then(
        () => true,
        () => false,
      )
    )
      return;
    await delay(100);
  }
  throw new Error("PostgreSQL did not get ready");
}

function programs(): string | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  const bins = versions.map((version) => path.join(ROOT, version, "bin"));
  return bins.find((bin) => existsSync(path.join(bin, "initdb")));
}

function postgresUser(): { uid?: number; gid?: number } {
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
