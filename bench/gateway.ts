// The model gateway with all its features on (keys, limits, prices, ledger, pool with failover, access log) beside Debian's
// nginx and Portkey's gateway as proxies of the same upstream: CPU of the gateway's process, time added, first byte of
// streams, at 1, 50 and 500 connections; then streams that stay open.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Calls, PATH, many } from "./gateway-call.ts";
import { saturate } from "./gateway-json.ts";
import { type Measured, report } from "./gateway-report.ts";
import { type Side, type SideName, startFresh, startSides, takesPart } from "./gateway-side.ts";
import { startUpstream } from "./gateway-upstream.ts";
import { holdStreams, mostStreams } from "./hold.ts";
import { cpuUs } from "./program.ts";
import { quantiles } from "./statistic.ts";
import { lackingForWrk } from "./wrk.ts";

export const gateway: Bench = {
  name: "gateway",
  about:
    "the model gateway beside nginx and Portkey: CPU per call, p99 and first byte added, JSON and streams of 64 and 500 tokens, 1 to 500 connections, open streams",
  run: measure,
};

/** @returns the loads of a round; what takes longest is left to the full run. */
function loadsOf(isQuick: boolean, hasJson: boolean): Calls[] {
  const few = (quick: number, full: number): number => (isQuick ? quick : full);
  const json = [
    { tokens: undefined, connections: 50, calls: few(1500, 3000) },
    { tokens: undefined, connections: 500, calls: few(1000, 3000) },
    { tokens: undefined, connections: 1, calls: few(200, 1000) },
  ];
  return [
    ...(hasJson ? json : []),
    { tokens: 64, connections: 1, calls: few(6, 30) },
    { tokens: 64, connections: 50, calls: few(50, 200) },
    { tokens: 64, connections: 500, calls: few(0, 500) },
    { tokens: 500, connections: 1, calls: few(1, 10) },
    { tokens: 500, connections: 50, calls: few(0, 100) },
    { tokens: 500, connections: 500, calls: few(0, 500) },
  ].filter(({ calls }) => calls > 0);
}

const nameOf = ({ tokens, connections }: Calls): string =>
  `${tokens === undefined ? "JSON" : `${tokens} tokens`}, ${connections} connections`;

async function measure(options: BenchOptions): Promise<Record<string, unknown>> {
  const { isQuick, signal } = options;
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const upstream = await startUpstream();
  try {
    const lacking = lackingForWrk();
    if (lacking) console.error(`  JSON is loaded by this process: there is no ${lacking}, which the load by wrk needs`);
    const json = lacking ? {} : await saturate(folder, options);
    const { all, skipped, close } = await startSides(folder, upstream.url, signal);
    try {
      for (const side of all) {
        await many(side, { tokens: undefined, connections: 50, calls: isQuick ? 1000 : 5000 });
        await many(side, { tokens: 64, connections: 50, calls: isQuick ? 200 : 1000 });
      }
      const loads: Record<string, unknown> = { ...json };
      for (const load of loadsOf(isQuick, lacking !== undefined)) {
        const sides = all.filter((side) => takesPart(side, load));
        loads[nameOf(load)] = await compare(sides, load, { rounds: isQuick ? 2 : 6, signal });
      }
      await close();
      const fresh = await startFresh(folder, upstream.url, signal);
      try {
        const left = lacking ? { ...skipped, wrk: `there is no ${lacking}` } : skipped;
        return { quick: isQuick, skipped: left, loads, open: await openStreams(fresh, isQuick, signal) };
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

/** All sides are up at the same time and visited in turns, so that what else the machine does falls on all. */
async function compare(
  sides: readonly Side[],
  load: Calls,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const taken = new Map(
    sides.map(({ name }) => [name, { cpuUs: [] as number[], first: [] as number[], total: [] as number[] }]),
  );
  for (let number = 0; number < rounds; number++) {
    for (const side of sides.toSorted(() => Math.random() - 0.5)) {
      signal.throwIfAborted();
      const calls = side.name === "portkey" ? Math.ceil(load.calls / 5) : load.calls;
      const before = await cpuUs(side.pid);
      const timed = await many(side, { ...load, calls });
      const into = taken.get(side.name);
      into?.cpuUs.push(((await cpuUs(side.pid)) - before) / calls);
      into?.first.push(...timed.map(({ firstMs }) => firstMs));
      into?.total.push(...timed.map(({ totalMs }) => totalMs));
    }
  }
  const results = [...taken].map(([name, { cpuUs: used, first, total }]): [SideName, Measured] => {
    const { p50: p50Ms, p99: p99Ms } = quantiles(total);
    return [name, { cpuUs: used, firstP50Ms: quantiles(first).p50, p50Ms, p99Ms }];
  });
  return report(nameOf(load), new Map(results));
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
