// A hybrid answer is of one state of the index, whatever is written while its two lists are found.

import assert from "node:assert/strict";
import { test } from "node:test";
import { passageAnalyzer } from "../../src/search/analysis/analyzer.ts";
import { answerQuery, type CandidateSource } from "../../src/search/answer-query.ts";
import { ResidentPassages } from "../../src/search/resident/passages.ts";
import { passage } from "../index-suite.ts";

const analyzer = passageAnalyzer();
const VECTOR = Float32Array.from([1, 0]);

/** One document, whose versions have passages of other ids. */
function versions() {
  const passages = new ResidentPassages();
  const put = (round: number): void => {
    passages.removeDocuments(["doc"]);
    for (const at of [0, 1]) {
      const one = passage("doc", at, `otter round${round}`, { id: `${round}-${at}`, vector: VECTOR });
      passages.put(one, { body: analyzer.tokens(one.text).map(({ term }) => term), field: [] });
    }
  };
  put(0);
  const source: CandidateSource = {
    lexicon: async () => passages.lexicon(),
    byTerms: async (terms, limit, within) => passages.byTerms(terms, limit, within),
    byVector: async (vector, limit, within) => passages.byVector(vector, limit, within),
    vectors: () => ({ fingerprint: "two", dimensions: 2 }),
  };
  return { put, source };
}

let said: string[] = [];

async function idsOf(source: CandidateSource): Promise<string[]> {
  const query = { text: "otter", mode: "hybrid", vector: VECTOR, top: 10 } as const;
  const { hits, degraded } = await answerQuery(source, query, { analyzer });
  said = degraded;
  return hits.map(({ passage: { id } }) => id).sort();
}

test("a write between the two lists in memory is not seen by one of them alone", async () => {
  const { put, source } = versions();
  const byVector: CandidateSource["byVector"] = async (...asked) => {
    const found = await source.byVector(...asked);
    put(1);
    return found;
  };
  assert.deepEqual(await idsOf({ ...source, byVector }), ["0-0", "0-1"]);
});

test("an engine that was written to between the two is asked again; one that never rests gives its words", async () => {
  const { put, source } = versions();
  let writes = 2;
  let round = 0;
  const slow: CandidateSource = {
    ...source,
    version: async () => round,
    async byTerms(...asked) {
      await new Promise(setImmediate);
      if (writes-- > 0) put(++round);
      return source.byTerms(...asked);
    },
  };
  assert.deepEqual(await idsOf(slow), ["2-0", "2-1"]);
  assert.deepEqual(said, []);
  writes = Infinity;
  const last = await idsOf(slow);
  assert.deepEqual(last, [`${round}-0`, `${round}-1`]);
  assert.match(said.join(), /^vector: the index is being written to/);
});

test("passages that are read when they are among the best are of the state in which they were found", async () => {
  const { put, source } = versions();
  let round = 0;
  let writes = 2;
  const inRows: CandidateSource = {
    ...source,
    version: async () => round,
    async byTerms(terms, limit, within, isWhole) {
      const found = await source.byTerms(terms, limit, within);
      return isWhole ? found : found.map((one, at) => ({ ...one, passage: { id: one.passage.id }, row: BigInt(at) }));
    },
    async passages(candidates) {
      if (writes-- > 0) {
        put(++round);
        // The rows that were found are not there any more.
        if (writes === 0) throw new Error("no such row");
      }
      return candidates.map(({ passage: { id } }) => passage("doc", Number(id.split("-")[1]), "otter", { id }));
    },
  };
  const ask = async (): Promise<string[]> => {
    const { hits } = await answerQuery(inRows, { text: "otter", mode: "text", top: 10 }, { analyzer });
    return hits.map(({ passage: { id } }) => id).sort();
  };
  assert.deepEqual(await ask(), ["2-0", "2-1"]);
  writes = Infinity;
  assert.deepEqual(await ask(), [`${round}-0`, `${round}-1`]);
  await assert.rejects(
    answerQuery(
      { ...inRows, passages: () => Promise.reject(new Error("broken")) },
      { text: "otter", mode: "text", top: 10 },
      { analyzer },
    ),
    /broken/,
  );
});

test("the ranks by words and those by vectors count by their weights", async () => {
  const passages = new ResidentPassages();
  const put = (id: string, text: string, vector: number[]): void =>
    passages.put(passage(id, 0, text, { id, vector: Float32Array.from(vector) }), { body: text.split(" "), field: [] });
  put("worded", "otter otter", [0, 1]);
  put("near", "otter far away from all that", [1, 0]);
  const source: CandidateSource = { ...versions().source };
  source.lexicon = async () => passages.lexicon();
  source.byTerms = async (terms, limit, within) => passages.byTerms(terms, limit, within);
  source.byVector = async (vector, limit, within) => passages.byVector(vector, limit, within);
  const best = async (weights: { words?: number; vectors?: number }): Promise<string | undefined> => {
    const query = { text: "otter", mode: "hybrid", vector: VECTOR, top: 2, weights } as const;
    return (await answerQuery(source, query, { analyzer })).hits[0]?.passage.id;
  };
  assert.deepEqual([await best({ words: 3 }), await best({ vectors: 3 })], ["worded", "near"]);
});

test("a hundred candidates are ranked anew, the others stand behind them as they came; or none is", async () => {
  const passages = new ResidentPassages();
  const bodyOf = (at: number): string => (at < 130 ? "otter far from any walrus" : "otter walrus");
  for (let at = 0; at < 140; at++) {
    const one = passage(`d${at}`, 0, bodyOf(at), { id: `p${String(at).padStart(3, "0")}` });
    passages.put(one, { body: one.text.split(" "), field: [] });
  }
  const { source } = versions();
  const asItCame: CandidateSource = {
    ...source,
    lexicon: async () => passages.lexicon(),
    // The engine thinks most of the last of the first hundred, and little of the best.
    byTerms: async (terms, limit, within) => {
      const all = passages.byTerms(terms, 200, within).sort((a, b) => (a.passage.id < b.passage.id ? -1 : 1));
      const order = [...all.slice(99, 100), ...all.slice(135, 136), ...all.slice(0, 98), ...all.slice(100, 135)];
      return order.slice(0, limit).map((one, at) => ({ ...one, score: 200 - at }));
    },
  };
  const ask = async (rerank: boolean): Promise<string[]> => {
    const query = { text: "otter walrus", mode: "text", top: 135, rerank } as const;
    const { hits } = await answerQuery(asItCame, query, { analyzer });
    assert.ok(hits.every(({ score }, at) => at === 0 || score <= hits[at - 1]!.score));
    return hits.map(({ passage: { id } }) => id);
  };
  const ranked = await ask(true);
  assert.equal(ranked[0], "p135");
  assert.deepEqual(ranked.slice(100, 103), ["p100", "p101", "p102"]);
  assert.deepEqual(ranked.slice(130, 132), ["p130", "p131"]);
  assert.deepEqual((await ask(false)).slice(0, 3), ["p099", "p135", "p000"]);
});
