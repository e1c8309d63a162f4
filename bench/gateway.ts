// The model gateway with all its features on (keys, limits, prices, ledger, pool with failover, access log) beside Debian's
// nginx and Portkey's gateway as proxies of the same upstream: CPU of the gateway's process, time added, first byte of
// streams, at 1, 50 and 500 connections; then streams that stay open.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Side, type SideName, startFresh, startSides } from "./gateway-side.ts";
import { startUpstream } from "./gateway-upstream.ts";
import { holdStreams, mostStreams } from "./hold.ts";
import { cpuUs } from "./program.ts";
import { quantiles, round } from "./statistic.ts";

const MESSAGES = [
  { role: "system", content: "Answer from the documents, briefly, and say where it stands. ".repeat(4) },
  { role: "user", content: "How long is the warranty of the tent, and does it cover the poles? ".repeat(3) },
];
const PATH = "/v1/chat/completions";

export const gateway: Bench = {
  name: "gateway",
  about:
    "the model gateway beside nginx and Portkey: CPU per call, p99 and first byte added, JSON and streams of 64 and 500 tokens, 1 to 500 connections, open streams",
  run: measure,
};

interface Load {
  /** Of a stream; undefined for JSON. */
  tokens: number | undefined;
  connections: number;
  /** Per round. */
  calls: number;
}

/** @returns the loads of a round; what takes longest is left to the full run. */
function loadsOf(isQuick: boolean): Load[] {
  const few = (quick: number, full: number): number => (isQuick ? quick : full);
  return [
    { tokens: undefined, connections: 50, calls: few(1500, 3000) },
    { tokens: undefined, connections: 500, calls: few(1000, 3000) },
    { tokens: undefined, connections: 1, calls: few(200, 1000) },
    { tokens: 64, connections: 1, calls: few(6, 30) },
    { tokens: 64, connections: 50, calls: few(50, 200) },
    { tokens: 64, connections: 500, calls: few(0, 500) },
    { tokens: 500, connections: 1, calls: few(1, 10) },
    { tokens: 500, connections: 50, calls: few(0, 100) },
    { tokens: 500, connections: 500, calls: few(0, 500) },
  ].filter(({ calls }) => calls > 0);
}

const nameOf = ({ tokens, connections }: Load): string =>
  `${tokens === undefined ? "JSON" : `${tokens} tokens`}, ${connections} connections`;

/** The guard and Portkey, which cost many times as much, are measured at one number of connections. */
const takesPart = ({ name }: Side, { connections, tokens }: Load): boolean =>
  (name !== "portkey" && name !== "flowstead with guard") || (connections === 50 && tokens !== 500);

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const upstream = await startUpstream();
  try {
    const { all, skipped, close } = await startSides(folder, upstream.url, signal);
    try {
      for (const side of all) await many(side, { tokens: undefined, connections: 50, calls: isQuick ? 1000 : 5000 });
      const loads: Record<string, unknown> = {};
      for (const load of loadsOf(isQuick)) {
        const sides = all.filter((side) => takesPart(side, load));
        loads[nameOf(load)] = await compare(sides, load, { rounds: isQuick ? 2 : 6, signal });
      }
      await close();
      const fresh = await startFresh(folder, upstream.url, signal);
      try {
        return { quick: isQuick, skipped, loads, open: await openStreams(fresh, isQuick, signal) };
      } finally {
        await fresh.pool.destroy();
        await fresh.program.stop();
      }
    } finally {
      await close();
    }
  } finally {
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  cpuUs: number[];
  firstMs: number[];
  totalMs: number[];
}

/** All sides are up at the same time and visited in turns, so that what else the machine does falls on all. */
async function compare(
  sides: readonly Side[],
  load: Load,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const results = new Map<SideName, Measured>();
  for (const { name } of sides) results.set(name, { cpuUs: [], firstMs: [], totalMs: [] });
  for (let number = 0; number < rounds; number++) {
    for (const side of sides.toSorted(() => Math.random() - 0.5)) {
      signal.throwIfAborted();
      const calls = side.name === "portkey" ? Math.ceil(load.calls / 5) : load.calls;
      const before = await cpuUs(side.pid);
      const timed = await many(side, { ...load, calls });
      const into = results.get(side.name) as Measured;
      into.cpuUs.push(((await cpuUs(side.pid)) - before) / calls);
      into.firstMs.push(...timed.map(({ firstMs }) => firstMs));
      into.totalMs.push(...timed.map(({ totalMs }) => totalMs));
    }
  }
  return report(nameOf(load), results);
}

function report(name: string, results: ReadonlyMap<SideName, Measured>): Record<string, unknown> {
  const direct = results.get("direct") as Measured;
  const least = (side: SideName): number | undefined => {
    const values = results.get(side)?.cpuUs;
    return values && round(Math.min(...values));
  };
  const ratio = (side: SideName, to: SideName): number | undefined => {
    const [own, other] = [least(side), least(to)];
    return own === undefined || other === undefined ? undefined : Math.round((own / other) * 1000) / 1000;
  };
  const sides: Record<string, unknown> = {};
  console.error(`\n  ${name}`);
  for (const [side, result] of results) {
    if (side === "direct") continue;
    const added = (of: "firstMs" | "totalMs", at: "p50" | "p99"): number =>
      round(quantiles(result[of])[at] - quantiles(direct[of])[at]);
    const entry = {
      cpuUsPerCall: least(side),
      ratioToNginx: ratio(side, "nginx"),
      ratioToPortkey: ratio(side, "portkey"),
      addedFirstByteMs: added("firstMs", "p50"),
      addedP50Ms: added("totalMs", "p50"),
      addedP99Ms: added("totalMs", "p99"),
    };
    sides[side] = entry;
    console.error(`    ${side.padEnd(22)}${JSON.stringify(entry)}`);
  }
  return sides;
}

interface Timed {
  firstMs: number;
  totalMs: number;
}

async function many(side: Side, { tokens, connections, calls }: Load): Promise<Timed[]> {
  const timed: Timed[] = [];
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) timed.push(await one(side, tokens));
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return timed;
}

/** One call, whose answer must be whole. */
async function one({ pool, headers, model, name }: Side, tokens: number | undefined): Promise<Timed> {
  const isStream = tokens !== undefined;
  const body = JSON.stringify({
    model,
    messages: MESSAGES,
    temperature: 0,
    max_tokens: tokens ?? 64,
    ...(isStream ? { stream: true } : {}),
  });
  const startedAt = performance.now();
  let firstMs = 0;
  let text = "";
  await new Promise<void>((resolve, reject) => {
    pool.dispatch(
      { method: "POST", path: PATH, body, headers: { "content-type": "application/json", ...headers } },
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
        onResponseError: (_controller, error) => reject(new Error(`${name}: ${error.message}`, { cause: error })),
      },
    );
  });
  const totalMs = performance.now() - startedAt;
  const isWhole = isStream
    ? text.split('"content":"word "').length === tokens + 1 && text.includes("data: [DONE]")
    : text.includes('"finish_reason":"stop"');
  if (!isWhole || text.startsWith("status")) throw new Error(`${name} gave no whole answer: ${text.slice(0, 300)}`);
  return { firstMs, totalMs };
}

/** Streams that stay open after their first token: some, whose memory is told, then as many as there may be. */
async function openStreams(
  side: Awaited<ReturnType<typeof startFresh>>,
  isQuick: boolean,
  signal: AbortSignal,
): Promise<unknown> {
  const { program, pool, headers, model } = side;
  const messages = [{ role: "user", content: "HOLD" }];
  const call = {
    path: PATH,
    headers,
    body: JSON.stringify({ model, messages, stream: true }),
    opened: '"content":"word "',
  };
  // What is made once at the first calls is no stream's.
  await many(side, { tokens: 64, connections: 50, calls: 200 });
  const most = Math.min(10_000, await mostStreams());
  const held: unknown[] = [];
  for (const count of isQuick ? [500] : [500, most]) {
    held.push(await holdStreams({ program, pool, call }, Math.min(count, most), signal));
    console.error("\n  open streams:", JSON.stringify(held.at(-1)));
  }
  return held;
}
