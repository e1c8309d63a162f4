// Debian's nginx: as a proxy that keeps its connections and buffers nothing, which every front is compared with, and as the
// server behind them that costs least.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { Pool } from "undici";

export interface Proxy {
  url: string;
  child: ChildProcess;
}

/** A proxy of `upstream`. @throws Error when there is no nginx. */
export function startNginx(folder: string, upstream: string): Promise<Proxy> {
  return runNginx(path.join(folder, "nginx"), (port, prefix) => [
    `access_log ${prefix}/access.log;`,
    `upstream behind { server ${new URL(upstream).host}; keepalive 512; }`,
    `server {`,
    `  listen 127.0.0.1:${port} backlog=1024; keepalive_requests 10000000;`,
    `  location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }`,
    `}`,
  ]);
}

/** A server that gives the same JSON to every call of a path: nothing answers for less. @throws Error when there is no nginx. */
export function startFixedAnswers(folder: string, answers: Readonly<Record<string, string>>): Promise<Proxy> {
  return runNginx(path.join(folder, "fixed"), (port) => [
    `access_log off; default_type application/json;`,
    `server {`,
    `  listen 127.0.0.1:${port} backlog=1024; keepalive_requests 10000000;`,
    ...Object.entries(answers).map(([place, body]) => `  location ${place} { return 200 '${body}'; }`),
    `}`,
  ]);
}

/** In the foreground, one process, from a folder of its own. */
async function runNginx(prefix: string, http: (port: number, prefix: string) => string[]): Promise<Proxy> {
  const env = { PATH: `${process.env.PATH}:/usr/sbin` };
  execFileSync("sh", ["-c", "command -v nginx"], { env });
  await mkdir(prefix, { recursive: true });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${prefix}/${name};`,
  );
  await writeFile(
    path.join(prefix, "nginx.conf"),
    [
      `daemon off; master_process off; pid ${prefix}/pid; error_log ${prefix}/error.log;`,
      `events { worker_connections 4096; }`,
      `http {`,
      ...temporary,
      ...http(port, prefix),
      `}`,
    ].join("\n"),
  );
  const words = ["-p", prefix, "-c", path.join(prefix, "nginx.conf"), "-e", path.join(prefix, "error.log")];
  return listening({ url: `http://127.0.0.1:${port}`, child: spawn("nginx", words, { env, stdio: "ignore" }) });
}

/** The same once it answers anything. */
export async function listening<Started extends Proxy>(started: Started): Promise<Started> {
  const pool = new Pool(started.url);
  try {
    for (let tries = 0; ; tries++) {
      if (started.child.exitCode !== null) throw new Error(`it ended with ${started.child.exitCode}`);
      const isUp = await pool.request({ method: "GET", path: "/" }).then(
        ({ body }) => body.dump().then(() => true),
        () => false,
      );
      if (isUp) return started;
      if (tries === 200) {
        await stopProxy(started);
        throw new Error("it does not listen");
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await pool.destroy();
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export async function stopProxy({ child }: Proxy): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
