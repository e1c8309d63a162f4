// What the engine adds to a served flow: `flow serve` beside the same calls written by hand (floor.ts), against one model
// (model.ts), in alternating rounds.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Pool } from "undici";
import type { Bench, BenchOptions } from "./bench.ts";
import { holdStreams, mostStreams } from "./hold.ts";
import { startOriginalServe } from "./original-serve.ts";
import { type Program, startProgram } from "./program.ts";
import { writeServeFlow } from "./serve-flow.ts";
import { type Format, type Sample, type ScoredSide, scoreLoad, scoredSide } from "./score-load.ts";
import { quantiles, round } from "./statistic.ts";

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)/m;
const LOADS: readonly { format: Format; concurrency: number; requests: number }[] = [
  { format: "json", concurrency: 1, requests: 40 },
  { format: "json", concurrency: 50, requests: 2000 },
  { format: "json", concurrency: 500, requests: 5000 },
  { format: "sse", concurrency: 1, requests: 8 },
  { format: "sse", concurrency: 50, requests: 200 },
  { format: "sse", concurrency: 500, requests: 1000 },
];
const ROUNDS = 3;
const IDLE_STREAMS = 500;

export const serve: Bench = {
  name: "serve",
  about: "a served three-node flow over the same calls written by hand: CPU per request, added time, open streams",
  run: measure,
};

type Side = ScoredSide<"floor" | "engine">;

async function measure({ isQuick, original, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const programs: Program[] = [];
  const start = async (options: Parameters<typeof startProgram>[0]): Promise<Program> => {
    const program = await startProgram(options);
    programs.push(program);
    return program;
  };
  const pools: Pool[] = [];
  const side = <Name extends string>(name: Name, program: Program): ScoredSide<Name> => {
    const scored = scoredSide(name, program);
    pools.push(scored.pool);
    return scored;
  };
  try {
    const model = await start({ args: [], file: "bench/model.ts", ready: ADDRESS, signal });
    const floor = await start({ args: [model.found], file: "bench/floor.ts", ready: ADDRESS, signal });
    const flow = await writeServeFlow(folder);
    const args = ["flow", "serve", "--source", flow, "--port", "0", "--home", path.join(folder, "home")];
    const env = { OPENAI_BASE_URL: `${model.found}/v1`, OPENAI_API_KEY: "k" };
    const engine = await start({ args, env, ready: ADDRESS, signal });
    const sides = [side("floor", floor), side("engine", engine)] as const;
    for (const one of sides) {
      await scoreLoad(one, { format: "json", concurrency: 50, requests: isQuick ? 300 : 2000 }, signal);
      await scoreLoad(one, { format: "sse", concurrency: 50, requests: isQuick ? 50 : 150 }, signal);
    }
    const loads: Record<string, unknown> = {};
    for (const one of LOADS.filter(({ concurrency }) => !isQuick || concurrency < 500)) {
      loads[`${one.format} ${one.concurrency}`] = await compare(sides, one, { isQuick, signal });
    }
    const idle: Record<string, unknown> = {};
    for (const one of sides) idle[one.name] = await holdStreams(one, isQuick ? 100 : IDLE_STREAMS, signal);
    console.error("memory per idle stream:", JSON.stringify(idle));
    const many = isQuick ? undefined : await holdStreams(sides[1], Math.min(10_000, await mostStreams()), signal);
    if (many) console.error("most streams at once:", JSON.stringify(many));
    const beside: Record<string, unknown> = {};
    for (const kind of original === undefined ? [] : (["flask", "fastapi"] as const)) {
      const served = { pf: original as string, flow, folder, engine: kind, model: model.found, signal };
      const program = await startOriginalServe(served);
      programs.push(program);
      beside[kind] = await compareOriginal(sides[1], side(kind, program), { isQuick, signal });
      await program.stop();
    }
    return { quick: isQuick, loads, idle, ...(many ? { many } : {}), ...(original ? { original: beside } : {}) };
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
    await Promise.all(programs.toReversed().map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  sides: readonly [Side, Side],
  one: (typeof LOADS)[number],
  { isQuick, signal }: BenchOptions,
): Promise<Record<string, unknown>> {
  const samples: Record<Side["name"], Sample[]> = { floor: [], engine: [] };
  const requests = isQuick ? Math.ceil(one.requests / 5) : one.requests;
  for (let number = 0; number < (isQuick ? 1 : ROUNDS); number++) {
    for (const side of number % 2 === 0 ? sides : sides.toReversed())
      samples[side.name].push(await scoreLoad(side, { ...one, requests }, signal));
  }
  const [floor, engine] = [summary(samples.floor, requests), summary(samples.engine, requests)];
  const added = (what: "firstMs" | "totalMs"): Record<string, number> => ({
    p50: round(engine[what].p50 - floor[what].p50),
    p99: round(engine[what].p99 - floor[what].p99),
  });
  const result = {
    floor,
    engine,
    cpuRatio: round(engine.cpuMsPerRequest / floor.cpuMsPerRequest),
    addedFirstMs: added("firstMs"),
    addedTotalMs: added("totalMs"),
  };
  const { cpuRatio, addedFirstMs } = result;
  console.error(
    `${one.format} at ${one.concurrency}: CPU per request ${engine.cpuMsPerRequest} ms, floor ${floor.cpuMsPerRequest} ms (${cpuRatio}x); ${engine.perSecond} requests/s, floor ${floor.perSecond}; added to the first byte p50 ${addedFirstMs.p50} ms, p99 ${addedFirstMs.p99} ms`,
  );
  return result;
}

/** JSON at 50 at a time, in turns; the original is given fewer requests, as it takes so much longer. */
async function compareOriginal(
  engine: ScoredSide,
  original: ScoredSide,
  { isQuick, signal }: Pick<BenchOptions, "isQuick" | "signal">,
): Promise<Record<string, unknown>> {
  const load = { format: "json", concurrency: 50 } as const;
  const [few, many] = [isQuick ? 100 : 500, isQuick ? 500 : 4000];
  await scoreLoad(original, { ...load, requests: 50 }, signal);
  const samples: Record<"engine" | "original", Sample[]> = { engine: [], original: [] };
  for (let number = 0; number < (isQuick ? 1 : ROUNDS); number++) {
    samples.engine.push(await scoreLoad(engine, { ...load, requests: many }, signal));
    samples.original.push(await scoreLoad(original, { ...load, requests: few }, signal));
  }
  const result = { engine: summary(samples.engine, many), original: summary(samples.original, few) };
  const perSecondRatio = round(result.engine.perSecond / result.original.perSecond);
  const perCoreRatio = round(result.engine.perSecondAndCore / result.original.perSecondAndCore);
  console.error(
    `the original with ${original.name}, JSON at 50: CPU per request ${result.original.cpuMsPerRequest} ms, here ${result.engine.cpuMsPerRequest} ms (${perCoreRatio} times the requests per second and core); ${result.original.perSecond} requests/s, here ${result.engine.perSecond} (${perSecondRatio} times); whole answers p99 ${result.original.totalMs.p99} ms, here ${result.engine.totalMs.p99} ms`,
  );
  return { ...result, perSecondRatio, perCoreRatio };
}

function summary(samples: readonly Sample[], requests: number) {
  const cpu = samples.map(({ cpuMs }) => cpuMs / requests);
  return {
    // The quietest round: what else the machine does only adds.
    cpuMsPerRequest: round(Math.min(...cpu)),
    perSecond: Math.round(Math.max(...samples.map(({ seconds }) => requests / seconds))),
    perSecondAndCore: Math.round(1000 / Math.min(...cpu)),
    firstMs: quantiles(samples.flatMap(({ firstMs }) => firstMs)),
    totalMs: quantiles(samples.flatMap(({ totalMs }) => totalMs)),
  };
}
