// A flow whose Python nodes wait for services, as most do: three that each wait a quarter of a second, then one that asks a
// service which waits a second, for many people at once. The waits alone are the floor; what is added to them is the engine's.
// It has the shape of the benchmark that the original publishes; with `--original FILE` its `pf` serves the same flow.

import { setMaxListeners } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { Bench, BenchOptions } from "./bench.ts";
import { startOriginalServe } from "./original-serve.ts";
import { type Program, startProgram } from "./program.ts";
import { quantiles, round } from "./statistic.ts";

export const waiting: Bench = {
  name: "waiting",
  about: "people at once at a flow whose Python nodes wait for services: time added to the waits, answers a second",
  run: measure,
};

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)/m;
const SERVICE_MS = 1000;
/** Of one answer: the three nodes wait beside each other. */
const WAITS_MS = 250 + SERVICE_MS;
const SIZES = { full: { users: 500, seconds: 60 }, quick: { users: 100, seconds: 6 } } as const;
/** So long after the one before it does each person come. */
const HATCH_MS = 20;

const KINDS = {
  sync: {
    engine: "flask",
    wait: "import time\n\nfrom promptflow.core import tool\n\n\n@tool\ndef wait(question: str) -> str:\n    time.sleep(0.25)\n    return question\n",
    ask: "import os\nimport urllib.request\n\nfrom promptflow.core import tool\n\n\n@tool\ndef ask(first: str, second: str, third: str) -> str:\n    with urllib.request.urlopen(os.environ['SERVICE']) as answer:\n        return first + second + third + answer.read().decode()\n",
  },
  async: {
    engine: "fastapi",
    wait: "import asyncio\n\nfrom promptflow.core import tool\n\n\n@tool\nasync def wait(question: str) -> str:\n    await asyncio.sleep(0.25)\n    return question\n",
    ask: "import asyncio\nimport os\nfrom urllib.parse import urlsplit\n\nfrom promptflow.core import tool\n\n\n@tool\nasync def ask(first: str, second: str, third: str) -> str:\n    place = urlsplit(os.environ['SERVICE'])\n    reader, writer = await asyncio.open_connection(place.hostname, place.port)\n    writer.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n    answer = await reader.read()\n    writer.close()\n    return first + second + third + answer.decode().split('\\r\\n\\r\\n')[1]\n",
  },
} as const;
type Kind = keyof typeof KINDS;

const NODE = (name: string): string =>
  `- name: ${name}\n  type: python\n  source: {type: code, path: wait.py}\n  inputs: {question: "\${inputs.question}"}\n`;
const FLOW = `inputs:
  question: {type: string}
outputs:
  answer: {type: string, reference: "\${ask.output}"}
nodes:
${["first", "second", "third"].map(NODE).join("")}- name: ask
  type: python
  source: {type: code, path: ask.py}
  inputs: {first: "\${first.output}", second: "\${second.output}", third: "\${third.output}"}
`;

async function measure({ isQuick, original, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const service = await startService();
  const env = { SERVICE: `http://127.0.0.1:${(service.address() as AddressInfo).port}/` };
  const size = isQuick ? SIZES.quick : SIZES.full;
  setMaxListeners(0, signal);
  try {
    const results: Record<string, unknown> = {};
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const flow = await writeFlow(folder, kind);
      const args = ["flow", "serve", "--source", flow, "--port", "0", "--home", path.join(folder, `home-${kind}`)];
      results[kind] = await crowd(await startProgram({ args, env, ready: ADDRESS, signal }), { ...size, signal });
      show(`${kind} nodes`, results[kind] as Crowd);
      if (original === undefined) continue;
      const { engine } = KINDS[kind];
      const program = await startOriginalServe({ pf: original, flow, folder, engine, env, signal });
      results[`original ${kind}`] = await crowd(program, { ...size, signal });
      show(`${kind} nodes, the original with ${engine}`, results[`original ${kind}`] as Crowd);
    }
    return { quick: isQuick, ...size, waitsMs: WAITS_MS, results };
  } finally {
    service.closeAllConnections();
    service.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function startService(): Promise<Server> {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end("done"), SERVICE_MS);
  });
  return new Promise((resolve) => server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => resolve(server)));
}

async function writeFlow(folder: string, kind: Kind): Promise<string> {
  const flow = path.join(folder, kind);
  await mkdir(flow);
  const { wait, ask } = KINDS[kind];
  for (const [name, text] of Object.entries({ "flow.dag.yaml": FLOW, "wait.py": wait, "ask.py": ask }))
    await writeFile(path.join(flow, name), text);
  return flow;
}

interface Crowd {
  answers: number;
  failed: number;
  perSecond: number;
  /** To the waits themselves. */
  addedMs: { p50: number; p99: number };
  cpuMsPerAnswer: number;
}

/** Each person asks, thinks for one to two seconds, and asks again. */
async function crowd(
  program: Program,
  { users, seconds, signal }: { users: number; seconds: number; signal: AbortSignal },
): Promise<Crowd> {
  const pool = new Pool(program.found, { connections: users, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  try {
    await ask(pool);
    const before = (await program.cpuMs()) ?? Number.NaN;
    const times: number[] = [];
    let failed = 0;
    const end = performance.now() + seconds * 1000;
    const person = async (number: number): Promise<void> => {
      await delay(number * HATCH_MS, undefined, { signal });
      // From a fixed sequence, so that each round thinks alike.
      for (let turn = number; performance.now() < end; turn++) {
        const began = performance.now();
        await ask(pool).then(
          () => times.push(performance.now() - began),
          () => failed++,
        );
        await delay(1000 + ((turn * 379) % 1000), undefined, { signal });
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: users }, (_, number) => person(number)));
    const tookS = (performance.now() - began) / 1000;
    const cpu = ((await program.cpuMs()) ?? Number.NaN) - before;
    const { p50, p99 } = quantiles(times);
    return {
      answers: times.length,
      failed,
      perSecond: round(times.length / tookS),
      addedMs: { p50: round(p50 - WAITS_MS), p99: round(p99 - WAITS_MS) },
      cpuMsPerAnswer: round(cpu / times.length),
    };
  } finally {
    await pool.destroy();
    await program.stop();
  }
}

async function ask(pool: Pool): Promise<void> {
  const headers = { "content-type": "application/json" };
  const { statusCode, body } = await pool.request({
    path: "/score",
    method: "POST",
    headers,
    body: '{"question":"why "}',
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes("why why why done")) throw new Error(`Another answer came: ${text}`);
}

function show(name: string, { answers, failed, perSecond, addedMs, cpuMsPerAnswer }: Crowd): void {
  console.error(
    `${name}: ${answers} answers, ${failed} failed, ${perSecond}/s; added to the waits p50 ${addedMs.p50} ms, p99 ${addedMs.p99} ms; CPU ${cpuMsPerAnswer} ms an answer`,
  );
}
