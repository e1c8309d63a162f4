// What the gateway bench compares, each a process of its own in front of the same upstream: the gateway with all its features
// on, the same with the guard of rules, nginx, and Portkey's gateway.

import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Pool } from "undici";
import type { Calls } from "./gateway-call.ts";
import { type Proxy, freePort, listening, startNginx, stopProxy } from "./nginx.ts";
import { type Program, startProgram } from "./program.ts";

const KEY = "key-of-the-bench-0001";
/** 1.15.2 with its own range of @hono/node-server answers 500 to every call; this is the newest that works with it. */
const PORTKEY = { gateway: "1.15.2", server: "1.14.1" };

export type SideName = "direct" | "flowstead" | "flowstead with guard" | "nginx" | "portkey";

export interface Side {
  name: SideName;
  pid: number | undefined;
  url: string;
  pool: Pool;
  headers: Record<string, string>;
  model: string;
}

/** The guard and Portkey, which cost many times as much, are measured at one number of connections. */
export const takesPart = ({ name }: Side, { connections, tokens }: Omit<Calls, "calls">): boolean =>
  (name !== "portkey" && name !== "flowstead with guard") || (connections === 50 && tokens !== 500);

export interface Sides {
  all: Side[];
  /** Why what is missing is missing. */
  skipped: Record<string, string>;
  close(): Promise<void>;
}

export async function startSides(folder: string, upstream: string, signal: AbortSignal): Promise<Sides> {
  const closers: (() => Promise<unknown>)[] = [];
  const all: Side[] = [sideOf("direct", upstream, undefined)];
  const skipped: Record<string, string> = {};
  /** The second time there is nothing left to do. */
  const close = async (): Promise<void> => {
    await Promise.all(all.filter(({ pool }) => !pool.destroyed).map(({ pool }) => pool.destroy()));
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    for (const [name, guards] of [
      ["flowstead", ""],
      ["flowstead with guard", "  guards: [{ moderator: rules }]\n"],
    ] as const) {
      const side = await startGateway(
        path.join(folder, name.replaceAll(" ", "-")),
        configuration(upstream) + guards,
        signal,
      );
      closers.push(() => side.program.stop());
      all.push({ ...side, name });
    }
    for (const [name, start] of [
      ["nginx", startNginx],
      ["portkey", startPortkey],
    ] as const) {
      try {
        const started: Started = await start(folder, upstream);
        closers.push(() => stopProxy(started));
        all.push({ ...sideOf(name, started.url, started.child.pid), headers: started.headers ?? {} });
      } catch (thrown) {
        skipped[name] = (thrown as Error).message.split("\n", 1)[0] ?? "";
        console.error(`  ${name} is left out: ${skipped[name]}`);
      }
    }
    return { all, skipped, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** One more of ours, which has done nothing yet. */
export async function startFresh(folder: string, upstream: string, signal: AbortSignal): Promise<OwnSide> {
  return startGateway(path.join(folder, "fresh"), configuration(upstream), signal);
}

type OwnSide = Side & { program: Program };

async function startGateway(home: string, config: string, signal: AbortSignal): Promise<OwnSide> {
  await writeFile(`${home}.yaml`, config);
  const args = ["up", "--port", "0", "--home", home, "--config", `${home}.yaml`];
  const program = await startProgram({ args, ready: /^ {2}(http:\S+)$/m, signal });
  const { pid } = JSON.parse(await readFile(path.join(home, "running.json"), "utf8")) as { pid: number };
  const headers = { authorization: `Bearer ${KEY}` };
  return { ...sideOf("flowstead", program.found, pid), headers, model: "default", program };
}

function sideOf(name: SideName, url: string, pid: number | undefined): Side {
  const pool = new Pool(url, { connections: 16_384, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  return { name, pid, url, pool, headers: {}, model: "gpt-4o" };
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

interface Started extends Proxy {
  headers?: Record<string, string>;
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
