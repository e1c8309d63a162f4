// How fast the embedded index answers, as a multiple of the least that such an answer costs: for words, adding up the
// postings of the query; for vectors, one product with each vector. Both are measured in the same run, on the same data, and
// so are other engines for words that come from npm.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SILENT } from "../src/base/log.ts";
import type { Embedder } from "../src/model/embedder.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../src/search/provider/index.ts";
import type { Passage, QueryMode, SearchIndex } from "../src/search/search-index.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { clusteredVectors, seeded } from "./clustered.ts";
import { alternatives } from "./search-alternative.ts";
import { quantiles, round } from "./statistic.ts";

const WORDS_PER_PASSAGE = 84;
const VOCABULARY = 30_000;
const CLUSTERS = 200;
const BATCH = 2000;
/** Passages up to which all vectors are compared. */
const IN_MEMORY = 50_000;

export const searchSpeed: Bench = {
  name: "search-speed",
  about: "lexical, vector and hybrid search at 10,000 and 100,000 passages over bare postings and products",
  run: (options) => measure(options, options.isQuick ? [10_000] : [10_000, 100_000]),
};

export const searchSpeedMillion: Bench = {
  name: "search-speed-1m",
  about: "the same at 1,000,000 passages",
  run: (options) => measure(options, [1_000_000]),
};

async function measure({ isQuick, signal }: BenchOptions, sizes: readonly number[]): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const size of sizes) {
    for (const dimensions of isQuick ? [384] : [384, 1536]) {
      signal.throwIfAborted();
      const found = await measureOne({ size, dimensions, queries: isQuick ? 50 : 200, signal });
      result[`${size}x${dimensions}`] = found;
      console.error(`${size} passages, ${dimensions} dimensions: ${JSON.stringify(found)}`);
    }
  }
  return result;
}

interface Setup {
  size: number;
  dimensions: number;
  queries: number;
  signal: AbortSignal;
}

async function measureOne({ size, dimensions, queries, signal }: Setup): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-search-"));
  const random = seeded(size + dimensions);
  const vectorOf = clusteredVectors({ dimensions, clusters: CLUSTERS, random });
  const embedder: Embedder = {
    fingerprint: `bench/${dimensions}`,
    dimensions,
    embed: async (texts) => texts.map(() => vectorOf()),
    close: async () => undefined,
  };
  const options = { folder, name: "bench", embedder, log: SILENT };
  let index: SearchIndex | undefined;
  try {
    index = await createEmbeddedIndex(options);
    const words = (count: number): string => Array.from({ length: count }, () => word(random)).join(" ");
    const texts: string[] = [];
    const vectors: Float32Array[] = [];
    let writingMs = 0;
    for (let from = 0; from < size; from += BATCH) {
      signal.throwIfAborted();
      const batch = Array.from({ length: Math.min(BATCH, size - from) }, (_, at): Passage => {
        const text = words(WORDS_PER_PASSAGE);
        const vector = vectorOf();
        texts.push(text);
        vectors.push(vector);
        const id = String(from + at);
        return {
          id,
          documentId: id,
          title: words(3),
          text,
          ordinal: 0,
          headings: [],
          start: 0,
          end: text.length,
          source: id,
          vector,
        };
      });
      const start = performance.now();
      await index.upsert(batch);
      writingMs += performance.now() - start;
    }
    const making = performance.now();
    await settled(index, size, signal);
    const vectorIndexMs = performance.now() - making;
    await index.close();

    const opened = await openedElsewhere({ folder, dimensions, text: words(5) });
    index = await openEmbeddedIndex(options);
    const asked = Array.from({ length: queries }, () => ({ text: words(5), vector: vectorOf() }));
    // What is still read behind the first answer is part of no other.
    await index.query({ ...asked[0]!, mode: "hybrid", top: 10 });
    await sleep(3000);
    const floor = floors(texts, vectors, asked);
    const times: Record<string, Times> = {};
    for (const mode of ["text", "vector", "hybrid"] as const) {
      times[mode] = await timed(index, asked, {
        mode,
        floorMs: mode === "hybrid" ? floor.text + floor.vector : floor[mode],
        signal,
      });
    }
    return {
      passagesPerSecond: Math.round((size * 1000) / writingMs),
      vectorIndexSeconds: Math.round(vectorIndexMs / 1000),
      vectors: (await index.statistics()).vectors,
      ...opened,
      floorMs: { text: round(floor.text), vector: round(floor.vector) },
      recallAt10: await recall(index, vectors, asked.slice(0, 20)),
      ...times,
      ...(dimensions === 384 ? { others: await others(folder, texts, { asked, ours: times["text"]!, signal }) } : {}),
    };
  } finally {
    await index?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first answer of a new process, and its memory after some more. */
async function openedElsewhere(given: { folder: string; dimensions: number; text: string }): Promise<object> {
  const script = fileURLToPath(new URL("search-open.ts", import.meta.url));
  const args = ["--import", "tsx", script, given.folder, String(given.dimensions), given.text];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as object;
}

interface Times {
  p50: number;
  p99: number;
  timesFloor: number;
}

/** Waits until the vectors are searched as they will be: above the limit of memory, by the index made behind the queries. */
async function settled(index: SearchIndex, size: number, signal: AbortSignal): Promise<void> {
  if (size <= IN_MEMORY) return;
  while ((await index.statistics()).vectors !== "approximate") await sleep(500, undefined, { signal });
}

/** Other engines for words: the time of each, as a multiple of ours. */
async function others(
  folder: string,
  texts: readonly string[],
  { asked, ours, signal }: { asked: readonly Asked[]; ours: Times; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const other of alternatives(folder)) {
    signal.throwIfAborted();
    const start = performance.now();
    other.add(texts.map((text, at) => ({ id: String(at), text })));
    const passagesPerSecond = Math.round((texts.length * 1000) / (performance.now() - start));
    const times = asked.map(({ text }) => {
      const began = performance.now();
      other.ask(text);
      return performance.now() - began;
    });
    other.close();
    const { p50, p99 } = quantiles(times);
    result[other.name] = { p50, p99, timesOurs: round(p50 / ours.p50), passagesPerSecond };
    await sleep(0);
  }
  return result;
}

interface Asked {
  text: string;
  vector: Float32Array;
}

async function timed(
  index: SearchIndex,
  asked: readonly Asked[],
  { mode, floorMs, signal }: { mode: QueryMode; floorMs: number; signal: AbortSignal },
): Promise<Times> {
  const times: number[] = [];
  for (const query of asked) {
    const start = performance.now();
    await index.query({ ...query, mode, top: 10 }, signal);
    times.push(performance.now() - start);
  }
  const { p50, p99 } = quantiles(times);
  return { p50, p99, timesFloor: round(p50 / floorMs) };
}

/** The mean of what each kind of search costs at least, in milliseconds. */
function floors(
  texts: readonly string[],
  vectors: readonly Float32Array[],
  asked: readonly Asked[],
): { text: number; vector: number } {
  const postings = new Map<string, number[]>();
  texts.forEach((text, number) => {
    for (const term of new Set(text.split(" "))) {
      const posting = postings.get(term);
      if (posting) posting.push(number);
      else postings.set(term, [number]);
    }
  });
  const scores = new Float64Array(texts.length);
  let start = performance.now();
  for (const { text } of asked) {
    scores.fill(0);
    for (const term of text.split(" ")) for (const number of postings.get(term) ?? []) scores[number]! += 1;
  }
  const text = (performance.now() - start) / asked.length;
  start = performance.now();
  for (const { vector } of asked) vectors.forEach((other, number) => (scores[number] = product(vector, other)));
  return { text, vector: (performance.now() - start) / asked.length };
}

/** Share of the ten nearest, counted exactly, that the index finds. */
async function recall(index: SearchIndex, vectors: readonly Float32Array[], asked: readonly Asked[]): Promise<number> {
  let found = 0;
  for (const { vector } of asked) {
    const exact = vectors.map((other, at) => [product(vector, other), String(at)] as const).sort((a, b) => b[0] - a[0]);
    const best = new Set(exact.slice(0, 10).map(([, id]) => id));
    const { hits } = await index.query({ text: "", vector, mode: "vector", top: 10 });
    found += hits.filter(({ passage }) => best.has(passage.id)).length;
  }
  return round(found / (10 * asked.length));
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Words by how often words are used: the n-th about 1/n as often as the first. */
function word(random: () => number): string {
  return `w${Math.floor(VOCABULARY ** random()).toString(36)}`;
}
