// What the engine adds to a served flow: `flow serve` beside the same calls written by hand (floor.ts), against one model
// (model.ts), in alternating rounds.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { Bench, BenchOptions } from "./bench.ts";
import { holdStreams, mostStreams } from "./hold.ts";
import { type Program, startProgram } from "./program.ts";
import { writeServeFlow } from "./serve-flow.ts";
import { quantiles, round } from "./statistic.ts";

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)/m;
const ACCEPT = { json: "application/json", sse: "text/event-stream" } as const;
type Format = keyof typeof ACCEPT;

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

interface Side {
  name: "floor" | "engine";
  program: Program;
  pool: Pool;
}

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const programs: Program[] = [];
  const start = async (options: Parameters<typeof startProgram>[0]): Promise<Program> => {
    const program = await startProgram(options);
    programs.push(program);
    return program;
  };
  const pools: Pool[] = [];
  const side = (name: Side["name"], program: Program): Side => {
    const pool = new Pool(program.found, { connections: 16_384, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    pools.push(pool);
    return { name, program, pool };
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
      await load(one, { format: "json", concurrency: 50, requests: isQuick ? 300 : 2000 }, signal);
      await load(one, { format: "sse", concurrency: 50, requests: isQuick ? 50 : 150 }, signal);
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
    return { quick: isQuick, loads, idle, ...(many ? { many } : {}) };
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
    await Promise.all(programs.toReversed().map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

interface Sample {
  firstMs: number[];
  totalMs: number[];
  cpuMs: number;
  seconds: number;
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
      samples[side.name].push(await load(side, { ...one, requests }, signal));
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

/** So many requests, so many at a time; every answer must be whole. */
async function load(
  { name, program, pool }: Side,
  { format, concurrency, requests }: { format: Format; concurrency: number; requests: number },
  signal: AbortSignal,
): Promise<Sample> {
  const firstMs: number[] = [];
  const totalMs: number[] = [];
  const before = await program.cpuMs();
  const began = performance.now();
  let left = requests;
  const worker = async (number: number): Promise<void> => {
    // People do not all come in one millisecond; what follows is as it comes.
    await delay((number * 50) / concurrency);
    while (left-- > 0) {
      signal.throwIfAborted();
      const timed = await call(pool, format);
      if (!timed.body.endsWith(format === "json" ? "}" : "}\n\n") || !timed.body.includes("Asked: How many days?"))
        throw new Error(`The ${name} gave another answer: ${timed.body.slice(-300)}`);
      firstMs.push(timed.firstMs);
      totalMs.push(timed.totalMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number)));
  const seconds = (performance.now() - began) / 1000;
  return { firstMs, totalMs, cpuMs: ((await program.cpuMs()) ?? Number.NaN) - (before ?? 0), seconds };
}

const BODY = JSON.stringify({ question: "How many days?", chat_history: [] });

interface Timed {
  /** To the first byte of the answer's text: of a stream, what follows the plain fields. */
  firstMs: number;
  totalMs: number;
  body: string;
}

function call(pool: Pool, format: Format): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let firstMs: number | undefined;
    let status = 0;
    let body = "";
    const isFirst = (): boolean => format === "json" || body.includes('{"answer"');
    const headers = { "content-type": "application/json", accept: ACCEPT[format] };
    pool.dispatch(
      { path: "/score", method: "POST", headers, body: BODY },
      {
        onRequestStart() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData(_controller, chunk) {
          body += chunk.toString("utf8");
          if (firstMs === undefined && isFirst()) firstMs = performance.now() - began;
        },
        onResponseEnd() {
          const totalMs = performance.now() - began;
          if (status === 200) resolve({ firstMs: firstMs ?? totalMs, totalMs, body });
          else reject(new Error(`${status} ${body.slice(0, 300)}`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}
