import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateIndex, readQuestions } from "../../src/search/evaluate/evaluate.ts";
import { measure } from "../../src/search/evaluate/measure.ts";
import type { SearchIndex, SearchQuery } from "../../src/search/search-index.ts";
import { passage } from "../index-suite.ts";

test("measures of an order of results, by hand", () => {
  const { ndcg, mrr, recall } = measure({ grades: [0, 2, 0, 1], wanted: [2, 1, 1] }, 3);
  const gain = 2 / Math.log2(3) + 1 / Math.log2(5);
  const ideal = 2 + 1 / Math.log2(3) + 1 / Math.log2(4);
  assert.ok(Math.abs(ndcg - gain / ideal) < 1e-12);
  assert.equal(mrr, 1 / 2);
  assert.ok(Math.abs(recall - 1 / 3) < 1e-12);
  assert.deepEqual(measure({ grades: [0, 0], wanted: [1] }, 10), { ndcg: 0, mrr: 0, recall: 0 });
  // The eleventh counts for recall only, and what is wanted beyond ten could not have been shown.
  const late = [...Array.from({ length: 10 }, () => 0), 1];
  assert.deepEqual(measure({ grades: late, wanted: [1] }, 20), { ndcg: 0, mrr: 0, recall: 1 });
  const full = Array.from({ length: 12 }, () => 1);
  assert.equal(measure({ grades: full, wanted: full }, 10).ndcg, 1);
  // The best order is that of the grades, in whatever order they are wanted.
  const turned = measure({ grades: [1, 2], wanted: [1, 2] }, 10).ndcg;
  assert.ok(Math.abs(turned - (1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3))) < 1e-12);
});

test("an index is asked each question in each way that it can; a document counts once", async () => {
  const found = ["b", "b", "a", "c"].map((id, at) => passage(id, at, "x"));
  const modes: string[] = [];
  const index = {
    statistics: async () => ({ documents: 3, passages: 4, embedder: "e", reranker: "r" }),
    query: async ({ mode, rerank, top, readers }: SearchQuery) => {
      // Ten documents may take many passages; the keeper sees all of them.
      assert.deepEqual([top, readers], [50, "all"]);
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
  // Where passages are wanted by name, each counts by itself.
  const [first, second] = found.map(({ id }) => id);
  const byPassage = readQuestions(JSON.stringify({ question: "q", relevant: { [first!]: 2, [second!]: 1 } }));
  const of = (await evaluateIndex(index, byPassage, { k: 2, signal: new AbortController().signal })).ways["lexical"];
  assert.deepEqual(of, { ndcg: 1, mrr: 1, recall: 1 });
  assert.throws(() => readQuestions('{"question": "q"}'), /Line 1/);
});
