import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateIndex, readQuestions } from "../../src/search/evaluate/evaluate.ts";
import { measure } from "../../src/search/evaluate/measure.ts";
import type { SearchIndex } from "../../src/search/search-index.ts";
import { passage } from "../index-suite.ts";

test("measures of an order of results, by hand", () => {
  const { ndcg, mrr, recall } = measure({ grades: [0, 2, 0, 1], wanted: [2, 1, 1] }, 3);
  const gain = 2 / Math.log2(3) + 1 / Math.log2(5);
  const ideal = 2 + 1 / Math.log2(3) + 1 / Math.log2(4);
  assert.ok(Math.abs(ndcg - gain / ideal) < 1e-12);
  assert.equal(mrr, 1 / 2);
  assert.ok(Math.abs(recall - 1 / 3) < 1e-12);
  assert.deepEqual(measure({ grades: [0, 0], wanted: [1] }, 10), { ndcg: 0, mrr: 0, recall: 0 });
});

test("an index is asked each question in each way that it can; a document counts once", async () => {
  const found = ["b", "b", "a", "c"].map((id, at) => passage(id, at, "x"));
  const modes: string[] = [];
  const index = {
    statistics: async () => ({ documents: 3, passages: 4, embedder: "e", reranker: "r" }),
    query: async ({ mode, rerank }: { mode: string; rerank?: boolean | "words" }) => {
      modes.push(`${mode} ${rerank ?? true}`);
      return { hits: found.map((one) => ({ passage: one, score: 1, highlights: [] })), degraded: [] };
    },
  } as unknown as SearchIndex;
  const questions = readQuestions('{"question": "q", "relevant": ["a.md"]}\n{"query": "r", "source": "docs/c.md"}\n');
  const { ways } = await evaluateIndex(index, questions, { k: 2, signal: new AbortController().signal });
  assert.deepEqual(Object.keys(ways), ["lexical", "vector", "hybrid", "reranked", "hybrid reranked", "by model"]);
  assert.deepEqual(
    new Set(modes),
    new Set(["text false", "vector false", "hybrid false", "text words", "hybrid words", "hybrid true"]),
  );
  assert.equal(ways["lexical"]?.mrr, (1 / 2 + 1 / 3) / 2);
  assert.equal(ways["lexical"]?.recall, 1 / 2);
  assert.throws(() => readQuestions('{"question": "q"}'), /Line 1/);
});
