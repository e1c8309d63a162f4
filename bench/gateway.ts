// The model gateway with all its features on (keys, limits, prices, ledger, pool with failover, access log) beside Debian's
// nginx and Portkey's gateway as proxies of the same upstream: CPU of the gateway's process, time added, first byte of streams.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Pool } from "undici";
import type { Bench, BenchOptions } from "./bench.ts";
import { startUpstream } from "./gateway-upstream.ts";
import { cpuUs, startProgram } from "./program.ts";
import { quantiles, round } from "./statistic.ts";

const KEY = "key-of-the-bench-0001";
const CONCURRENCY = 16;
/** 1.15.2 with its own range of @hono/node-server answers 500 to every call; this is the newest that works with it. */
const PORTKEY = { gateway: "1.15.2", server: "1.14.1" };
const MESSAGES = [
  { role: "system", content: "Answer from the documents, briefly, and say where it stands. ".repeat(4) },
  { role: "user", content: "How long is the warranty of the tent, and does it cover the poles? ".repeat(3) },
];

export const gateway: Bench = {
  name: "gateway",
  about: "the model gateway beside nginx and Portkey: CPU per request and chunk, added time, first byte of a stream",
  run: measure,
};

interface Side {
  name: string;
  pid: number | undefined;
  pool: Pool;
  path: string;
  headers: Record<string, string>;
  model: string;
}

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const upstream = await startUpstream();
  const closers: (() => Promise<unknown>)[] = [() => upstream.close()];
  const sides: Side[] = [sideOf("direct", upstream.url, undefined)];
  const skipped: Record<string, string> = {};
  try {
    for (const [name, guards] of [
      ["flowstead", ""],
      ["flowstead with guard", "  guards: [{ moderator: rules }]\n"],
    ] as const) {
      const config = path.join(folder, `${name.replaceAll(" ", "-")}.yaml`);
      await writeFile(config, configuration(upstream.url) + guards);
      const home = path.join(folder, name.replaceAll(" ", "-"));
      const program = await startProgram({
        args: ["up", "--port", "0", "--home", home, "--config", config],
        ready: /^ {2}(http:\S+)$/m,
        signal,
      });
      closers.push(() => program.stop());
      const { pid } = JSON.parse(await readFile(path.join(home, "running.json"), "utf8")) as { pid: number };
      sides.push({
        ...sideOf(name, program.found, pid),
        headers: { authorization: `Bearer ${KEY}` },
        model: "default",
      });
    }
    for (const [name, start] of [
      ["nginx", startNginx],
      ["portkey", startPortkey],
    ] as const) {
      try {
        const { url, child, headers } = await start(folder, upstream.url);
        closers.push(() => stop(child));
        sides.push({ ...sideOf(name, url, child.pid), headers: headers ?? {} });
      } catch (thrown) {
        skipped[name] = (thrown as Error).message.split("\n", 1)[0] ?? "";
        console.error(`  ${name} is left out: ${skipped[name]}`);
      }
    }
    return { quick: isQuick, skipped, ...(await compare(sides, { isQuick, signal })) };
  } finally {
    await Promise.all(sides.map(({ pool }) => pool.destroy()));
    for (const close of closers.toReversed()) await close();
    await rm(folder, { recursive: true, force: true });
  }
}

function sideOf(name: string, url: string, pid: number | undefined): Side {
  const pool = new Pool(url, { connections: CONCURRENCY, pipelining: 1 });
  return { name, pid, pool, path: "/v1/chat/completions", headers: {}, model: "gpt-4o" };
}

interface Measured {
  jsonCpuUs: number[];
  chunkCpuUs: number[];
  latencyMs: number[];
  firstByteMs: number[];
}

const TOKENS = 64;

/** All sides are up at the same time and visited in turns, so that what else the machine does falls on all. */
async function compare(
  sides: readonly Side[],
  { isQuick, signal }: { isQuick: boolean; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const rounds = isQuick ? 2 : 10;
  const results = new Map<string, Measured>();
  for (const { name } of sides) results.set(name, { jsonCpuUs: [], chunkCpuUs: [], latencyMs: [], firstByteMs: [] });
  for (const side of sides) await json(side, isQuick ? 500 : 3000);
  for (let number = 0; number < rounds; number++) {
    for (const side of sides.toSorted(() => Math.random() - 0.5)) {
      signal.throwIfAborted();
      const result = results.get(side.name) as Measured;
      const requests = side.name === "portkey" ? 300 : 2000;
      result.jsonCpuUs.push(await cpuPer(side, requests, () => json(side, requests)));
      const streams = side.name === "portkey" ? 16 : 64;
      result.chunkCpuUs.push(await cpuPer(side, streams * TOKENS, () => streamed(side, streams)));
      for (let call = 0; call < 100; call++) result.latencyMs.push(await timed(() => one(side, false)));
      for (let call = 0; call < 30; call++) result.firstByteMs.push(await one(side, true));
    }
  }
  return report(results);
}

function report(results: ReadonlyMap<string, Measured>): Record<string, unknown> {
  const direct = results.get("direct") as Measured;
  const nginx = results.get("nginx");
  const portkey = results.get("portkey");
  const least = (values: readonly number[]): number => round(Math.min(...values));
  const sides: Record<string, unknown> = {};
  console.error(
    `\n  ${"".padEnd(22)}${["CPU us/req", "us/chunk", "x nginx", "x Portkey", "added p50", "p99", "first byte +p50"].map((head) => head.padStart(16)).join("")}`,
  );
  for (const [name, result] of results) {
    const added = (of: "latencyMs" | "firstByteMs"): { p50: number; p99: number } => {
      const [own, floor] = [quantiles(result[of]), quantiles(direct[of])];
      return { p50: round(own.p50 - floor.p50), p99: round(own.p99 - floor.p99) };
    };
    if (name === "direct") continue;
    const entry = {
      cpuUsPerRequest: least(result.jsonCpuUs),
      cpuUsPerChunk: least(result.chunkCpuUs),
      ratioToNginx: nginx && round(least(result.jsonCpuUs) / least(nginx.jsonCpuUs)),
      ratioToPortkey: portkey && Math.round((least(result.jsonCpuUs) / least(portkey.jsonCpuUs)) * 1e4) / 1e4,
      addedMs: added("latencyMs"),
      addedFirstByteMs: added("firstByteMs"),
    };
    sides[name] = entry;
    const cells = [
      entry.cpuUsPerRequest,
      entry.cpuUsPerChunk,
      entry.ratioToNginx,
      entry.ratioToPortkey,
      entry.addedMs.p50,
      entry.addedMs.p99,
      entry.addedFirstByteMs.p50,
    ];
    console.error(`  ${name.padEnd(22)}${cells.map((cell) => String(cell ?? "-").padStart(16)).join("")}`);
  }
  return { sides };
}

async function json(side: Side, requests: number): Promise<void> {
  let left = requests;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await one(side, false);
    }),
  );
}

async function streamed(side: Side, streams: number): Promise<void> {
  let left = streams;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await one(side, true);
    }),
  );
}

/** One call, whose answer must be whole. @returns ms to the first bytes of the body. */
async function one({ pool, path: target, headers, model, name }: Side, stream: boolean): Promise<number> {
  const body = JSON.stringify({
    model,
    messages: MESSAGES,
    temperature: 0,
    max_tokens: TOKENS,
    ...(stream ? { stream } : {}),
  });
  const startedAt = performance.now();
  let firstMs = 0;
  let text = "";
  await new Promise<void>((resolve, reject) => {
    pool.dispatch(
      { method: "POST", path: target, body, headers: { "content-type": "application/json", ...headers } },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) text = `status ${status}: `;
        },
        onResponseData(_controller, chunk) {
          firstMs ||= performance.now() - startedAt;
          text += chunk.toString("latin1");
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
  if (!text.includes(stream ? "data: [DONE]" : '"finish_reason":"stop"') || text.startsWith("status")) {
    throw new Error(`${name} gave no whole answer: ${text.slice(0, 300)}`);
  }
  return firstMs;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function cpuPer({ pid }: Side, count: number, work: () => Promise<void>): Promise<number> {
  const before = await cpuUs(pid);
  await work();
  return ((await cpuUs(pid)) - before) / count;
}

function configuration(upstream: string): string {
  return [
    "log: { level: info }",
    "endpoint: { instances: 1 }",
    "models:",
    `  - { provider: openai, base_url: ${upstream}/v1, api_key: upstream-key, model: gpt-4o, region: east }`,
    `  - { provider: openai, base_url: ${upstream}/v1, api_key: upstream-key, model: gpt-4o, region: west }`,
    "gateway:",
    `  keys: [{ name: bench, key: ${KEY} }]`,
    "  limits:",
    '    - { principal: "*", requests_per_minute: 100000000, tokens_per_minute: 100000000000 }',
    "    - { model: default, max_tokens: 4000, budget_usd: 1000000 }",
    "  prices: { default: { input: 2.5, output: 10 } }",
    "",
  ].join("\n");
}

interface Started {
  url: string;
  child: ChildProcess;
  headers?: Record<string, string>;
}

async function startNginx(folder: string, upstream: string): Promise<Started> {
  execFileSync("sh", ["-c", "command -v nginx"], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
  const prefix = path.join(folder, "nginx");
  await mkdir(prefix, { recursive: true });
  const port = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${prefix}/${name};`,
  );
  await writeFile(
    path.join(prefix, "nginx.conf"),
    `daemon off; master_process off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 1024; }
http {
  access_log ${prefix}/access.log; ${paths.join(" ")}
  upstream model { server ${new URL(upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 10000000;
    location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}`,
  );
  const child = spawn(
    "nginx",
    ["-p", prefix, "-c", path.join(prefix, "nginx.conf"), "-e", path.join(prefix, "error.log")],
    {
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
      stdio: "ignore",
    },
  );
  return listening({ url: `http://127.0.0.1:${port}`, child });
}

async function startPortkey(folder: string, upstream: string): Promise<Started> {
  const place = path.join(folder, "portkey");
  await mkdir(place);
  const manifest = { private: true, overrides: { "@hono/node-server": PORTKEY.server } };
  await writeFile(path.join(place, "package.json"), JSON.stringify(manifest));
  const install = ["install", `@portkey-ai/gateway@${PORTKEY.gateway}`, "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", install, { cwd: place, stdio: "ignore", timeout: 300_000 });
  const main = path.join(place, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(main)) throw new Error("its package has no build/start-server.js");
  const port = await freePort();
  const child = spawn(process.execPath, [main, "--headless", `--port=${port}`], {
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" },
    stdio: "ignore",
  });
  const headers = {
    authorization: "Bearer upstream-key",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstream}/v1`,
  };
  return listening({ url: `http://127.0.0.1:${port}`, child, headers });
}

async function listening(started: Started): Promise<Started> {
  const pool = new Pool(started.url);
  try {
    for (let tries = 0; ; tries++) {
      if (started.child.exitCode !== null) throw new Error(`it ended with ${started.child.exitCode}`);
      const isUp = await pool.request({ method: "GET", path: "/" }).then(
        ({ body }) => body.dump().then(() => true),
        () => false,
      );
      if (isUp) return started;
      if (tries === 200) throw new Error("it does not listen");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await pool.destroy();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
