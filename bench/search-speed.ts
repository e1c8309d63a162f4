// How fast the embedded index answers, as a multiple of the least that such an answer costs (`search-floor.ts`), and beside other
// engines for words that come from npm. With `--keep DIR` a run that was stopped goes on, and what was measured is not again.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SILENT } from "../src/base/log.ts";
import type { Embedder } from "../src/model/embedder.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../src/search/provider/index.ts";
import type { QueryMode, SearchIndex } from "../src/search/search-index.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { alternatives } from "./search-alternative.ts";
import { type Asked, BATCH, type Corpus, searchCorpus, vectorFile } from "./search-corpus.ts";
import { cpuMs, floorOf, nearestTen } from "./search-floor.ts";
import { quantiles, round } from "./statistic.ts";

/** Passages up to which all vectors are compared. */
const IN_MEMORY = 50_000;
/** Above, other engines take more memory than there is. */
const MOST_FOR_OTHERS = 100_000;
const RECALL_GOAL = 0.95;

export const searchSpeed: Bench = {
  name: "search-speed",
  about: "lexical, vector and hybrid search at 10,000 and 100,000 passages over bare postings and products",
  run: (options) => measure(options, options.isQuick ? [10_000] : [10_000, 100_000]),
};

export const searchSpeedMillion: Bench = {
  name: "search-speed-1m",
  about: "the same at 1,000,000 passages; --keep DIR lets a run that was stopped go on",
  run: (options) => measure(options, [1_000_000]),
};

async function measure(options: BenchOptions, sizes: readonly number[]): Promise<Record<string, unknown>> {
  const { isQuick, keep, signal } = options;
  const result: Record<string, unknown> = {};
  const below: string[] = [];
  for (const size of sizes) {
    for (const dimensions of isQuick ? [384] : [384, 1536]) {
      signal.throwIfAborted();
      const name = `${size}x${dimensions}`;
      const folder = keep === undefined ? await mkdtemp(path.join(tmpdir(), "bench-search-")) : path.join(keep, name);
      try {
        const found = await measureOne(searchCorpus(size, dimensions), folder, { queries: isQuick ? 50 : 200, signal });
        result[name] = found;
        if (Number(found["recallAt10"]) < RECALL_GOAL) below.push(`recall of ${name}`);
        console.error(`${size} passages, ${dimensions} dimensions: ${JSON.stringify(found)}`);
      } finally {
        if (keep === undefined) await rm(folder, { recursive: true, force: true });
      }
    }
  }
  return { ...result, below };
}

interface Progress {
  batches: number;
  writingMs: number;
  writingCpuMs: number;
  result?: Record<string, unknown>;
}

async function measureOne(
  corpus: Corpus,
  folder: string,
  { queries, signal }: { queries: number; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const { size, dimensions } = corpus;
  const index = path.join(folder, "index");
  await mkdir(index, { recursive: true });
  const progressFile = path.join(folder, "progress.json");
  const before = await readFile(progressFile, "utf8").catch(() => undefined);
  const progress = (before ? JSON.parse(before) : { batches: 0, writingMs: 0, writingCpuMs: 0 }) as Progress;
  if (progress.result) return progress.result;
  const save = (): Promise<void> => writeFile(progressFile, JSON.stringify(progress));

  const options = { folder: index, name: "bench", embedder: refusing(dimensions), log: SILENT };
  const vectors = await vectorFile(path.join(folder, "vectors.f32"), dimensions);
  let opened: SearchIndex | undefined;
  try {
    opened = progress.batches > 0 ? await openEmbeddedIndex(options) : await fresh(options);
    // What a run that was stopped wrote last is written again, and replaced.
    await vectors.cut(progress.batches * BATCH);
    for (let batch = progress.batches; batch * BATCH < size; batch++) {
      signal.throwIfAborted();
      const passages = corpus.passages(batch);
      const [start, cpu] = [performance.now(), cpuMs()];
      await opened.upsert(passages);
      progress.writingMs += performance.now() - start;
      progress.writingCpuMs += cpuMs() - cpu;
      await vectors.append(passages.map(({ vector }) => vector!));
      progress.batches = batch + 1;
      await save();
      if ((batch + 1) % 50 === 0) console.error(`${(batch + 1) * BATCH} of ${size} written`);
    }
    const [making, makingCpu] = [performance.now(), cpuMs()];
    await settled(opened, size, signal);
    const graph = {
      seconds: Math.round((performance.now() - making) / 1000),
      cpuSeconds: seconds(cpuMs() - makingCpu),
    };
    await opened.close();

    const asked = corpus.questions(queries);
    const cold = await openedElsewhere({ folder: index, dimensions, text: asked[0]!.text });
    opened = await openEmbeddedIndex(options);
    // What is still read behind the first answer is part of no other.
    await opened.query({ ...asked[0]!, mode: "hybrid", top: 10 });
    await sleep(3000);
    const floor = await floorOf(corpus, vectors, asked);
    const times: Record<string, Times> = {};
    for (const mode of ["text", "vector", "hybrid"] as const) {
      const floorMs = mode === "hybrid" ? floor.text + floor.vector : floor[mode];
      times[mode] = await timed(opened, asked, { mode, floorMs, signal });
    }
    progress.result = {
      passagesPerSecond: Math.round((size * 1000) / progress.writingMs),
      writingCpuSeconds: seconds(progress.writingCpuMs),
      graph,
      vectors: (await opened.statistics()).vectors,
      ...cold,
      floorMs: { text: round(floor.text), vector: round(floor.vector) },
      recallAt10: await recall(opened, asked.slice(0, 50), await nearestTen(corpus, vectors, asked.slice(0, 50))),
      ...times,
      ...(dimensions === 384 && size <= MOST_FOR_OTHERS
        ? { others: await others(folder, corpus, { asked, ours: times["text"]!, signal }) }
        : {}),
    };
    await save();
    return progress.result;
  } finally {
    await vectors.close();
    await opened?.close();
  }
}

async function fresh(options: Parameters<typeof createEmbeddedIndex>[0]): Promise<SearchIndex> {
  await rm(options.folder, { recursive: true, force: true });
  return createEmbeddedIndex(options);
}

/** Vectors come with passages and questions. */
function refusing(dimensions: number): Embedder {
  const embed = async (): Promise<never> => {
    throw new Error("nothing is to be embedded here");
  };
  return { fingerprint: `bench/${dimensions}`, dimensions, embed, close: async () => undefined };
}

/** The first answer of a new process, and its memory after some more. */
async function openedElsewhere(given: { folder: string; dimensions: number; text: string }): Promise<object> {
  const script = fileURLToPath(new URL("search-open.ts", import.meta.url));
  const args = ["--import", "tsx", script, given.folder, String(given.dimensions), given.text];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as object;
}

/** Waits until the vectors are searched as they will be: above the limit of memory, by the index made behind the queries. */
async function settled(index: SearchIndex, size: number, signal: AbortSignal): Promise<void> {
  if (size <= IN_MEMORY) return;
  // An index that was opened for this alone begins with a query.
  index.prepare?.();
  // Asking takes seconds of its own where there are many documents.
  const pauseMs = Math.max(3000, size / 30);
  while ((await index.statistics()).vectors !== "approximate") await sleep(pauseMs, undefined, { signal });
}

interface Times {
  p50: number;
  p99: number;
  /** Of all threads, a question. */
  cpuMs: number;
  /** CPU as a multiple of that of the floor. */
  timesFloor: number;
}

async function timed(
  index: SearchIndex,
  asked: readonly Asked[],
  { mode, floorMs, signal }: { mode: QueryMode; floorMs: number; signal: AbortSignal },
): Promise<Times> {
  const times: number[] = [];
  const before = cpuMs();
  for (const query of asked) {
    const start = performance.now();
    await index.query({ ...query, mode, top: 10 }, signal);
    times.push(performance.now() - start);
  }
  const cpu = (cpuMs() - before) / asked.length;
  return { ...quantiles(times), cpuMs: round(cpu), timesFloor: round(cpu / floorMs) };
}

/** Other engines for words: the CPU of each, as a multiple of ours. */
async function others(
  folder: string,
  corpus: Corpus,
  { asked, ours, signal }: { asked: readonly Asked[]; ours: Times; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  await rm(path.join(folder, "fts5.db"), { force: true });
  for (const other of alternatives(folder)) {
    signal.throwIfAborted();
    let added = 0;
    for (let batch = 0; batch * BATCH < corpus.size; batch++) {
      const passages = corpus.texts(batch).map((text, at) => ({ id: String(batch * BATCH + at), text }));
      const start = cpuMs();
      other.add(passages);
      added += cpuMs() - start;
    }
    const start = cpuMs();
    const times = asked.map(({ text }) => {
      const began = performance.now();
      other.ask(text);
      return performance.now() - began;
    });
    const cpu = (cpuMs() - start) / asked.length;
    other.close();
    result[other.name] = {
      ...quantiles(times),
      cpuMs: round(cpu),
      timesOurs: round(cpu / ours.cpuMs),
      writingCpuSeconds: seconds(added),
    };
    await sleep(0);
  }
  return result;
}

/** Share of the ten nearest, counted exactly, that the index finds. */
async function recall(index: SearchIndex, asked: readonly Asked[], exact: readonly Set<string>[]): Promise<number> {
  let found = 0;
  for (const [at, { vector }] of asked.entries()) {
    const { hits } = await index.query({ text: "", vector, mode: "vector", top: 10 });
    found += hits.filter(({ passage }) => exact[at]!.has(passage.id)).length;
  }
  return Math.round((1000 * found) / (10 * asked.length)) / 1000;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
