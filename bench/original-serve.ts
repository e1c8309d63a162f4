// The original's `pf flow serve`, to be measured beside: `--original FILE` names its program.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type Program, startProgram } from "./program.ts";

export interface OriginalServe {
  /** Path of `pf`. */
  pf: string;
  flow: string;
  /** For its home; of this flow alone. */
  folder: string;
  engine: "flask" | "fastapi";
  /** Of a model server that the flow's connection `default` leads to. */
  model?: string;
  env?: Record<string, string>;
  signal: AbortSignal;
}

const READY_MS = 90_000;

export async function startOriginalServe(options: OriginalServe): Promise<Program> {
  const { pf, flow, folder, engine, model, signal } = options;
  const home = path.join(folder, `original-${engine}`);
  await mkdir(home, { recursive: true });
  const env = { HOME: home, PF_HOME_DIRECTORY: home, PF_DISABLE_TRACING: "true", ...options.env };
  if (model !== undefined) await createConnection({ pf, home, model, env, signal });
  const port = await freePort();
  const args = ["flow", "serve", "--source", flow, "--port", `${port}`, "--host", "127.0.0.1", "--skip-open-browser"];
  const ready = /executor initializing succeed/;
  const program = await startProgram({ program: pf, args: [...args, "--engine", engine], env, ready, signal });
  const found = `http://127.0.0.1:${port}`;
  await untilHealthy(found, signal);
  return { ...program, found };
}

async function createConnection(options: {
  pf: string;
  home: string;
  model: string;
  env: Record<string, string>;
  signal: AbortSignal;
}): Promise<void> {
  const { pf, home, model, env, signal } = options;
  const file = path.join(home, "connection.yaml");
  await writeFile(file, `name: default\ntype: open_ai\napi_key: k\nbase_url: ${model}/v1\n`);
  const variables = { PATH: process.env["PATH"] ?? "", ...env };
  await promisify(execFile)(pf, ["connection", "create", "--file", file], { env: variables, signal });
}

/** It cannot be told to choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What it prints comes before it listens. */
async function untilHealthy(address: string, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + READY_MS; ;) {
    const status = await fetch(`${address}/health`, { signal }).then(
      ({ status: code }) => code,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > end) throw new Error(`The original did not serve within ${READY_MS / 1000} s.`);
    await delay(200, undefined, { signal });
  }
}
