// The least that an answer costs, on the same data: for words, adding up the postings of the query; for vectors, one product
// with each. And what is nearest, counted exactly.

import type { Asked, Corpus, VectorFile } from "./search-corpus.ts";
import { BATCH } from "./search-corpus.ts";

/** Milliseconds of CPU a question. */
export interface Floor {
  text: number;
  vector: number;
}

export async function floorOf(corpus: Corpus, vectors: VectorFile, asked: readonly Asked[]): Promise<Floor> {
  const postings = new Map(asked.flatMap(({ text }) => text.split(" ").map((term) => [term, [] as number[]] as const)));
  for (let batch = 0; batch * BATCH < corpus.size; batch++) {
    corpus.texts(batch).forEach((text, at) => {
      for (const term of new Set(text.split(" "))) postings.get(term)?.push(batch * BATCH + at);
    });
  }
  const scores = new Float64Array(corpus.size);
  const before = cpuMs();
  for (const { text } of asked) {
    scores.fill(0);
    for (const term of text.split(" ")) for (const number of postings.get(term) ?? []) scores[number]! += 1;
  }
  return { text: (cpuMs() - before) / asked.length, vector: await productsMs(corpus, vectors, asked.slice(0, 10)) };
}

async function productsMs({ dimensions }: Corpus, vectors: VectorFile, asked: readonly Asked[]): Promise<number> {
  let spent = 0;
  let sum = 0;
  for await (const { block } of vectors.blocks()) {
    const before = cpuMs();
    for (const { vector } of asked) {
      for (let at = 0; at < block.length; at += dimensions) sum += product(vector, block, at);
    }
    spent += cpuMs() - before;
  }
  return Number.isNaN(sum) ? Number.NaN : spent / asked.length;
}

/** Ids of the ten nearest of each question, all vectors compared. */
export async function nearestTen(
  { dimensions }: Corpus,
  vectors: VectorFile,
  asked: readonly Asked[],
): Promise<Set<string>[]> {
  const best = asked.map((): { id: number; score: number }[] => []);
  for await (const { from, block } of vectors.blocks()) {
    asked.forEach(({ vector }, number) => {
      const list = best[number]!;
      for (let at = 0; at < block.length; at += dimensions) {
        const score = product(vector, block, at);
        if (list.length === 10 && score <= list[9]!.score) continue;
        list.push({ id: from + at / dimensions, score });
        list.sort((a, b) => b.score - a.score);
        list.length = Math.min(10, list.length);
      }
    });
  }
  return best.map((list) => new Set(list.map(({ id }) => String(id))));
}

/** Of all threads of this process: the time of a clock says little on a machine that others use. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function product(vector: Float32Array, block: Float32Array, from: number): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += vector[at]! * block[from + at]!;
  return sum;
}
