// JSON calls as many as a gateway can take: it has a core to itself, and the load and the model server, both programs in C,
// have the others. Only then is its CPU what a call costs, and not what waking up for a single call costs.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { BenchOptions } from "./bench.ts";
import { PATH, bodyOf, one } from "./gateway-call.ts";
import { type Measured, report } from "./gateway-report.ts";
import { type Side, type SideName, startSides, takesPart } from "./gateway-side.ts";
import { NO_MODELS, WHOLE } from "./gateway-upstream.ts";
import { startFixedAnswers, stopProxy } from "./nginx.ts";
import { processCpuUs } from "./program.ts";
import { quantiles } from "./statistic.ts";
import { pin, wrk } from "./wrk.ts";

const CONNECTIONS = [50, 500, 1];
/** Until V8 has compiled what is hot: after 3 s a call still took a third more than after 10. */
const WARM_SECONDS = 10;
/** Short and many: of those, one falls into a moment in which nobody else takes the caches. */
const ROUND_SECONDS = 1;
/** A round in which others had nearly all of the core says nothing: it is counted in ticks. */
const LEAST_USED_US = 100_000;

export async function saturate(folder: string, { isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const place = path.join(folder, "saturated");
  await mkdir(place);
  const upstream = await startFixedAnswers(place, { "/": NO_MODELS, [PATH]: WHOLE });
  try {
    await pin(upstream.child.pid, "other");
    const { all, close } = await startSides(place, upstream.url, signal);
    try {
      for (const { pid } of all) await pin(pid, "measured");
      const { length: leastBytes } = WHOLE;
      const load = async (side: Side, connections: number, seconds: number) =>
        wrk({
          url: `${side.url}${PATH}`,
          headers: side.headers,
          body: bodyOf(side.model, undefined),
          leastBytes,
          connections,
          seconds,
          script: path.join(place, "load.lua"),
          signal,
        });
      for (const side of all) {
        await one(side, undefined);
        await load(side, 50, WARM_SECONDS);
      }
      const loads: Record<string, unknown> = {};
      for (const connections of CONNECTIONS) {
        const sides = all.filter((side) => takesPart(side, { connections, tokens: undefined }));
        const results = await inTurns(sides, {
          rounds: isQuick ? 4 : 16,
          load: async (side) => load(side, connections, ROUND_SECONDS),
        });
        loads[`JSON, ${connections} connections`] = report(`JSON, ${connections} connections`, results);
      }
      for (const side of all) await one(side, undefined);
      return loads;
    } finally {
      await close();
    }
  } finally {
    await stopProxy(upstream);
  }
}

interface Turns {
  rounds: number;
  load: (side: Side) => ReturnType<typeof wrk>;
}

/** All sides are up at the same time and visited in turns, so that what else the machine does falls on all. */
async function inTurns(sides: readonly Side[], { rounds, load }: Turns): Promise<Map<SideName, Measured>> {
  const taken = new Map(
    sides.map(({ name }) => [name, { cpuUs: [] as number[], p50: [] as number[], p99: [] as number[] }]),
  );
  for (let number = 0; number < rounds; number++) {
    for (const side of sides.toSorted(() => Math.random() - 0.5)) {
      const before = await processCpuUs(side.pid);
      const { calls, p50Ms, p99Ms } = await load(side);
      const into = taken.get(side.name);
      const used = (await processCpuUs(side.pid)) - before;
      if (calls === 0) continue;
      if (used >= LEAST_USED_US) into?.cpuUs.push(used / calls);
      into?.p50.push(p50Ms);
      into?.p99.push(p99Ms);
    }
  }
  const results = [...taken].map(([name, { cpuUs, p50, p99 }]): [SideName, Measured] => [
    name,
    { cpuUs, p50Ms: quantiles(p50).p50, p99Ms: quantiles(p99).p50 },
  ]);
  return new Map(results);
}
