// Whether thousands of half-open and slow clients make others wait: the same load on the entry without and with them, in turns.

import { setTimeout as delay } from "node:timers/promises";
import type { Bench, BenchOptions } from "./bench.ts";
import { mostStreams } from "./hold.ts";
import { load } from "./load.ts";
import { startProgram } from "./program.ts";
import { ROUTER_KEY, startUpstream } from "./router.ts";
import { round } from "./statistic.ts";

const CLIENTS = 10_000;
const PER_SECOND = 100;
/** How many times what it was the p95 may be. */
const GOAL = 2;

export const slowClient: Bench = {
  name: "slow-client",
  about: "p95 of calls to the entry while 10,000 clients are half-open or slow, beside the same without them",
  run: measure,
};

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const upstream = await startUpstream();
  const program = await startProgram({
    file: "bench/router-process.ts",
    args: [`${upstream.url}/score`, ROUTER_KEY],
    ready: /^ {2}(http:\S+)$/m,
    signal,
  });
  // Each has a file here and one there; the process that serves opens no other for it.
  const clients = Math.min(isQuick ? 1_000 : CLIENTS, (await mostStreams()) * 2);
  const seconds = isQuick ? 2 : 6;
  const shoot = async (): Promise<number[]> => {
    const shots = await load({
      url: `${program.found}/endpoints/bench/score`,
      headers: { authorization: `Bearer ${ROUTER_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ question: "4" }),
      perSecond: PER_SECOND,
      seconds,
      signal,
    });
    const failed = shots.find(({ status }) => status !== 200);
    if (failed) throw new Error(`A call ended with ${failed.status}: ${failed.problem}`);
    return shots.map(({ tookMs }) => tookMs);
  };
  // The best turn of each counts: what else a machine has to do makes a turn slower, never faster.
  const without: number[] = [];
  const beside: number[] = [];
  let grownKb: number | undefined;
  try {
    await shoot();
    for (let turn = 0; turn < (isQuick ? 1 : 3); turn++) {
      without.push(p95(await shoot()));
      const before = await program.memoryKb();
      const { hostname, port } = new URL(program.found);
      const slow = await startProgram({
        file: "bench/slow-client-process.ts",
        args: [hostname, port, String(clients), ROUTER_KEY],
        ready: /^ {2}open (\d+)$/m,
        signal,
      });
      try {
        // The entry's own front waits two seconds for the rest of a request; then they are where they stay.
        await delay(3_000, undefined, { signal });
        beside.push(p95(await shoot()));
        const after = await program.memoryKb();
        if (before !== undefined && after !== undefined) grownKb ??= (after - before) / clients;
      } finally {
        await slow.stop();
      }
      await delay(1_000, undefined, { signal });
    }
  } finally {
    await program.stop();
    await upstream.close();
  }
  const [alone, crowded] = [Math.min(...without), Math.min(...beside)];
  const ratio = round(crowded / alone);
  console.error(`p95 ${alone} ms alone, ${crowded} ms beside ${clients} slow clients: ${ratio} times`);
  return {
    quick: isQuick,
    clients,
    p95Ms: { without: alone, beside: crowded },
    ratio,
    ...(grownKb === undefined ? {} : { kbPerClient: round(grownKb) }),
    below: !isQuick && ratio > GOAL ? [`p95 beside slow clients at most ${GOAL} times`] : [],
  };
}

function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN);
}
