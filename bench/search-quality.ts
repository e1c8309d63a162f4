// How well the embedded index ranks: nDCG@10 on public question sets, beside what Lucene's English analysis reaches there.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SILENT } from "../src/base/log.ts";
import { evaluateIndex } from "../src/search/evaluate/evaluate.ts";
import { createEmbeddedIndex } from "../src/search/provider/index.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { benchPassage } from "./search-corpus.ts";
import { PUBLIC_SETS, type PublicSet, type QuestionSet, readSet } from "./public-set.ts";

const BATCH = 2000;
/** What the mean of all sets has to reach. */
const MEAN_GOAL = 0.551;

export const searchQuality: Bench = {
  name: "search-quality",
  about: "nDCG@10 on public question sets, read from --sets DIR, over what Lucene reaches on them",
  run: measure,
};

async function measure({ sets: folder, isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  if (folder === undefined) throw new Error("Name the folder of the question sets: --sets DIR.");
  const result: Record<string, Record<string, number>> = {};
  const below: string[] = [];
  const missing: string[] = [];
  for (const set of PUBLIC_SETS) {
    const found = await readSet(set, folder);
    if (!found) {
      missing.push(set.name);
      console.error(`${set.name.padEnd(16)} is not there: ${set.files.join(", ")}`);
      continue;
    }
    const questions = isQuick ? found.questions.filter((_, at) => at % 10 === 0) : found.questions;
    const { lexical, reranked } = await evaluated({ ...found, questions }, signal);
    result[set.name] = {
      ndcg: rounded(reranked),
      lexical: rounded(lexical),
      timesLucene: rounded(reranked / set.lucene),
    };
    if (reranked < set.goal) below.push(set.name);
    console.error(line(set, { lexical, reranked }, found));
  }
  const reached = Object.values(result).map(({ ndcg = 0 }) => ndcg);
  if (reached.length === 0) throw new Error(`There is none of the sets in ${folder}.`);
  const mean = reached.reduce((sum, one) => sum + one, 0) / reached.length;
  if (missing.length === 0 && mean < MEAN_GOAL) below.push("mean");
  console.error(`${"mean".padEnd(16)} ${mean.toFixed(4)}`);
  // A tenth of the questions says nothing about a goal.
  return { mean: rounded(mean), sets: result, missing, below: isQuick ? [] : below };
}

async function evaluated(set: QuestionSet, signal: AbortSignal): Promise<{ lexical: number; reranked: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-quality-"));
  const index = await createEmbeddedIndex({ folder, name: "bench", log: SILENT });
  try {
    const passages = set.documents.map(({ id, title, text }) => benchPassage(id, { title, text }));
    for (let from = 0; from < passages.length; from += BATCH) {
      await index.upsert(passages.slice(from, from + BATCH), signal);
    }
    const { ways } = await evaluateIndex(index, set.questions, { k: 10, signal });
    return { lexical: ways["lexical"]!.ndcg, reranked: ways["reranked"]!.ndcg };
  } finally {
    await index.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function line(
  { name, lucene, goal }: PublicSet,
  { lexical, reranked }: { lexical: number; reranked: number },
  { documents, questions }: QuestionSet,
): string {
  const figure = (value: number): string => value.toFixed(4);
  return (
    `${name.padEnd(16)} ${figure(reranked)}  lexical ${figure(lexical)}  Lucene ${figure(lucene)}  ` +
    `goal ${figure(goal)} ${reranked < goal ? "NOT REACHED" : "reached"}  ` +
    `(${documents.length} documents, ${questions.length} questions)`
  );
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
