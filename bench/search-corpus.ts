// The passages of the bench of search: the same in every run, made batch by batch, so that a million take no memory and a run
// that was stopped goes on. Vectors are kept in a file, because what is nearest has to be counted over all of them.

import { type FileHandle, open } from "node:fs/promises";
import type { Passage } from "../src/search/search-index.ts";
import { clusteredVectors, seeded } from "./clustered.ts";

const WORDS_PER_PASSAGE = 84;
const VOCABULARY = 30_000;
const CLUSTERS = 200;
const WORDS = Array.from({ length: VOCABULARY }, (_, at) => `w${at.toString(36)}`);

/** Passages that are made and written at once. */
export const BATCH = 2000;

export interface Asked {
  text: string;
  vector: Float32Array;
}

export interface Corpus {
  readonly size: number;
  readonly dimensions: number;
  texts(batch: number): string[];
  passages(batch: number): Passage[];
  questions(count: number): Asked[];
}

export function searchCorpus(size: number, dimensions: number): Corpus {
  // All batches lie in the same clusters; what is in a batch depends on its number alone.
  const vectorsOf = (seed: number): (() => Float32Array) =>
    clusteredVectors({ dimensions, clusters: CLUSTERS, random: seeded(dimensions), draw: seeded(seed) });
  const words = (random: () => number, count: number): string =>
    // Words by how often words are used: the n-th about 1/n as often as the first.
    Array.from({ length: count }, () => WORDS[Math.floor(VOCABULARY ** random())]).join(" ");
  const texts = (batch: number): string[] => {
    const random = seeded(7919 * (batch + 1));
    return Array.from({ length: Math.min(BATCH, size - batch * BATCH) }, () => words(random, WORDS_PER_PASSAGE));
  };
  return {
    size,
    dimensions,
    texts,
    passages(batch) {
      const vectorOf = vectorsOf(104_729 * (batch + 1));
      const random = seeded(batch + 1);
      return texts(batch).map((text, at) =>
        benchPassage(String(batch * BATCH + at), { title: words(random, 3), text, vector: vectorOf() }),
      );
    },
    questions(count) {
      const vectorOf = vectorsOf(15_485_863);
      const random = seeded(32_452_843);
      return Array.from({ length: count }, () => ({ text: words(random, 5), vector: vectorOf() }));
    },
  };
}

/** A passage that is a whole document. */
export function benchPassage(id: string, given: Pick<Passage, "title" | "text" | "vector">): Passage {
  const { length: end } = given.text;
  return { id, documentId: id, ordinal: 0, headings: [], start: 0, end, source: id, ...given };
}

export interface VectorFile {
  append(vectors: readonly Float32Array[]): Promise<void>;
  /** Drops what is beyond so many vectors. */
  cut(count: number): Promise<void>;
  blocks(): AsyncGenerator<{ from: number; block: Float32Array }>;
  close(): Promise<void>;
}

export async function vectorFile(file: string, dimensions: number): Promise<VectorFile> {
  const handle: FileHandle = await open(file, "a+");
  const bytes = dimensions * Float32Array.BYTES_PER_ELEMENT;
  return {
    async append(vectors) {
      const block = new Float32Array(vectors.length * dimensions);
      vectors.forEach((vector, at) => block.set(vector, at * dimensions));
      await handle.appendFile(Buffer.from(block.buffer));
    },
    cut: (count) => handle.truncate(count * bytes),
    async *blocks() {
      const { size } = await handle.stat();
      for (let at = 0; at < size; at += BATCH * bytes) {
        const block = new Float32Array(Math.min(BATCH * bytes, size - at) / Float32Array.BYTES_PER_ELEMENT);
        await handle.read(block, 0, block.byteLength, at);
        yield { from: at / bytes, block };
      }
    },
    close: () => handle.close(),
  };
}
