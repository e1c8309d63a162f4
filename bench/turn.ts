// What the whole system adds to a streamed chat turn: the page's own call (entry, chat, router, instance, flow, search,
// model pool) beside the very same model call made directly. Both run in one go, in turns, against one fake model.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Program, startProgram } from "./program.ts";
import { quantiles, round } from "./statistic.ts";
import { type StreamClient, type TimedStream, streamClient } from "./stream.ts";

const FIRST_TOKEN_MS = 50;
const TOKENS_PER_SECOND = 50;
/** Fifty words, which are the fake model's tokens, with one citation. */
const REPLY =
  `Full-time employees accrue 26 days of vacation. [1] ${"They tell their team in good time. ".repeat(6)}`.trimEnd();

/** Turns at one time, and how many rounds of so many turns are measured on each side. */
const LOADS = [
  { concurrency: 1, rounds: 10, quickRounds: 3 },
  { concurrency: 20, rounds: 8, quickRounds: 2 },
] as const;
/** Turns of one round begin this far apart: people do not ask in the same millisecond. */
const STAGGER_MS = 10;
/** Turns at one time before anything is measured, so that what runs is compiled and connected. */
const WARM_UP = { concurrency: 20, rounds: 3 };

const QUESTIONS = [
  "How many days of vacation do full-time employees get?",
  "How long is the warranty of the tent?",
  "What does the company pay for learning?",
  "How do I report an accident?",
];

export const turn: Bench = {
  name: "turn",
  about: "a streamed chat turn through the whole system over the model alone: time to first text, total, CPU",
  run: measure,
};

interface Side {
  name: "model" | "system";
  program: Program;
  ask(question: string): Promise<TimedStream>;
  /** The answer in a body, for the check that every turn was a whole one. */
  textOf(body: string): string;
}

interface Sample {
  turns: TimedStream[];
  cpuMs: number | undefined;
}

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const client = streamClient(signal);
  const programs: Program[] = [];
  const start = async (args: string[], ready: RegExp, env?: Record<string, string>): Promise<Program> => {
    const program = await startProgram({ args, ready, env, signal });
    programs.push(program);
    return program;
  };
  try {
    const script = path.join(folder, "script.json");
    await writeFile(
      script,
      JSON.stringify({ firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: TOKENS_PER_SECOND, reply: REPLY }),
    );
    const fake = await start(["dev", "fake-model", "--port", "0", "--script", script], /^(http:\S+)\/v1$/m);
    const up = await start(["up", "--port", "0", "--home", path.join(folder, "home")], /^ {2}(http:\S+)$/m, {
      OPENAI_BASE_URL: `${fake.found}/v1`,
      OPENAI_MODEL: "fake-model",
    });
    const system = systemSide(up, client);
    await askAtOnce(system, 1);
    const model = modelSide(fake, client, await lastModelCall(fake.found));
    await compare(model, system, { ...WARM_UP, rounds: isQuick ? 1 : WARM_UP.rounds });

    const loads: Record<string, unknown> = {};
    for (const { concurrency, rounds, quickRounds } of LOADS) {
      loads[concurrency] = await compare(model, system, { concurrency, rounds: isQuick ? quickRounds : rounds });
      show(concurrency, loads[concurrency] as Comparison);
    }
    return {
      quick: isQuick,
      reply: { tokens: REPLY.split(" ").length, firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: TOKENS_PER_SECOND },
      concurrency: loads,
    };
  } finally {
    client.close();
    await Promise.all(programs.toReversed().map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

type Comparison = ReturnType<typeof comparison>;

/** Rounds of both sides in turns, each side first in every other one, so that what else the machine does falls on both. */
async function compare(
  model: Side,
  system: Side,
  { concurrency, rounds }: { concurrency: number; rounds: number },
): Promise<Comparison> {
  const samples: Record<Side["name"], Sample[]> = { model: [], system: [] };
  for (let number = 0; number < rounds; number++) {
    for (const side of number % 2 === 0 ? [model, system] : [system, model])
      samples[side.name].push(await askAtOnce(side, concurrency));
  }
  return comparison(samples.model, samples.system);
}

/** So many turns at one time; every one must have given the whole answer. */
async function askAtOnce(side: Side, concurrency: number): Promise<Sample> {
  const before = await side.program.cpuMs();
  const turns = await Promise.all(
    Array.from({ length: concurrency }, async (_, index) => {
      await delay(index * STAGGER_MS);
      return side.ask(QUESTIONS[index % QUESTIONS.length] as string);
    }),
  );
  const after = await side.program.cpuMs();
  for (const { body } of turns) {
    const text = side.textOf(body);
    if (text !== REPLY) throw new Error(`The ${side.name} gave another answer: ${JSON.stringify(text)}\n${body}`);
  }
  return { turns, cpuMs: before === undefined || after === undefined ? undefined : after - before };
}

function comparison(model: readonly Sample[], system: readonly Sample[]) {
  const [alone, through] = [summary(model), summary(system)];
  const added = (what: "firstTextMs" | "totalMs"): { p50: number; p99: number } => ({
    p50: round(through[what].p50 - alone[what].p50),
    p99: round(through[what].p99 - alone[what].p99),
  });
  return {
    turns: alone.turns,
    model: alone,
    system: through,
    addedFirstTextMs: added("firstTextMs"),
    addedTotalMs: added("totalMs"),
    ratioFirstText: round(through.firstTextMs.p50 / alone.firstTextMs.p50),
    ratioTotal: round(through.totalMs.p50 / alone.totalMs.p50),
  };
}

function summary(samples: readonly Sample[]) {
  const turns = samples.flatMap((sample) => sample.turns);
  const cpu = samples.map(({ cpuMs }) => cpuMs).filter((ms) => ms !== undefined);
  return {
    turns: turns.length,
    firstTextMs: quantiles(turns.map(({ firstTextMs }) => firstTextMs)),
    totalMs: quantiles(turns.map(({ totalMs }) => totalMs)),
    ...(cpu.length > 0 ? { cpuMsPerTurn: round(cpu.reduce((sum, ms) => sum + ms, 0) / turns.length) } : {}),
  };
}

function systemSide(program: Program, client: StreamClient): Side {
  return {
    name: "system",
    program,
    ask: (question) =>
      client.post({
        url: `${program.found}/api/chat`,
        body: JSON.stringify({
          id: randomUUID(),
          messages: [{ id: randomUUID(), role: "user", parts: [{ type: "text", text: question }] }],
        }),
        firstText: /"type":"text-delta"/,
      }),
    textOf: (body) =>
      events<{ type: string; delta?: string }>(body)
        .map(({ delta = "" }) => delta)
        .join(""),
  };
}

function modelSide(program: Program, client: StreamClient, body: string): Side {
  interface Chunk {
    choices: { delta?: { content?: string | null } }[];
  }
  return {
    name: "model",
    program,
    ask: () => client.post({ url: `${program.found}/v1/chat/completions`, body, firstText: /"content":"[^"]/ }),
    textOf: (text) =>
      events<Chunk>(text)
        .map(({ choices }) => choices[0]?.delta?.content ?? "")
        .join(""),
  };
}

/** What the system sent to the model, to be sent again without it. */
async function lastModelCall(fake: string): Promise<string> {
  const entries = (await (await fetch(`${fake}/__fake/journal`)).json()) as { path: string; body: unknown }[];
  const call = entries.findLast((entry) => entry.path.endsWith("/chat/completions"));
  if (!call) throw new Error("The system did not call the model.");
  return JSON.stringify(call.body);
}

function events<T>(body: string): T[] {
  const data = body.split("\n").filter((line) => line.startsWith("data: ") && line !== "data: [DONE]");
  return data.map((line) => JSON.parse(line.slice(6)) as T);
}

function show(concurrency: number, { turns, model, system, ...more }: Comparison): void {
  const cell = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(1)).padStart(9);
  const line = (name: string, cells: readonly (number | undefined)[]): void =>
    console.error(`  ${name.padEnd(22)}${cells.map(cell).join("")}`);
  console.error(`\n${turns} turns a side, ${concurrency} at a time (ms)`);
  console.error(
    `  ${"".padEnd(22)}${["first p50", "p99", "total p50", "p99", "CPU/turn"].map((head) => head.padStart(9)).join("")}`,
  );
  for (const [name, { firstTextMs, totalMs, cpuMsPerTurn }] of [
    ["model alone", model],
    ["whole system", system],
  ] as const)
    line(name, [firstTextMs.p50, firstTextMs.p99, totalMs.p50, totalMs.p99, cpuMsPerTurn]);
  const { addedFirstTextMs: first, addedTotalMs: total } = more;
  line("added", [first.p50, first.p99, total.p50, total.p99]);
  console.error(`  ratio of medians: first text ${more.ratioFirstText}, total ${more.ratioTotal}`);
}
