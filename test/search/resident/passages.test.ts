import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { best } from "../../../src/search/resident/best.ts";
import { ResidentPassages } from "../../../src/search/resident/passages.ts";
import type { Passage } from "../../../src/search/search-index.ts";

function passage(id: string, documentId: string, text: string): Passage {
  return { id, documentId, title: "", text, ordinal: 0, headings: [], start: 0, end: text.length, source: documentId };
}

function add(passages: ResidentPassages, one: Passage): void {
  passages.put(one, { body: one.text.split(" "), field: ["title"] });
}

describe("passages in memory", () => {
  it("the best are those of a full sort, with all that are as good as the last", () => {
    let state = 5;
    const scores = Float64Array.from({ length: 500 }, () => (state = (state * 7919) % 211) - 10);
    const sorted = Array.from(scores).filter((score) => score > 0);
    sorted.sort((a, b) => b - a);
    for (const limit of [1, 2, 3, 10, 77, 499, 600]) {
      const least = sorted[limit - 1] ?? 0;
      const expected = sorted.filter((score) => score >= least);
      const found = best(scores, limit).map((number) => scores[number]!);
      assert.deepEqual(
        found.sort((a, b) => b - a),
        expected,
        `the best ${limit}`,
      );
    }
  });

  it("counts follow every change, also when the passages are numbered anew", () => {
    const passages = new ResidentPassages();
    for (let at = 0; at < 1500; at++) {
      add(passages, passage(`p${at}`, `d${at % 700}`, at % 2 === 0 ? "walrus walrus seen" : "seal seen"));
    }
    assert.equal(passages.lexicon().frequency("walrus"), 750);
    for (let at = 0; at < 600; at++) passages.removeDocuments([`d${at}`]);
    for (let at = 0; at < 5; at++) add(passages, passage(`p${600 + at}`, "d", "walrus"));
    const lexicon = passages.lexicon();
    const left = Array.from({ length: 1500 }, (_, at) => at).filter(
      (at) => at % 700 >= 600 && !(at >= 600 && at < 605),
    );
    const walruses = left.filter((at) => at % 2 === 0);
    assert.equal(passages.size, left.length + 5);
    assert.equal(lexicon.frequency("walrus"), walruses.length + 5);
    assert.equal(lexicon.frequency("title"), left.length + 5);
    assert.equal(lexicon.frequency("unicorn"), 0);
    const ids = passages.byTerms(["walrus"], 2000, { readers: "all" }).map(({ passage: { id } }) => id);
    const expected = [...walruses.map((at) => `p${at}`), "p600", "p601", "p602", "p603", "p604"];
    assert.deepEqual(ids.sort(), expected.sort());
  });

  it("a term that stands very often in one passage is counted without spilling into the title's count", () => {
    const passages = new ResidentPassages();
    passages.put(passage("a", "a", ""), { body: Array.from({ length: 70_000 }, () => "same"), field: [] });
    passages.put(passage("b", "b", ""), { body: ["other"], field: ["same"] });
    const [first] = passages.byTerms(["same"], 2, { readers: "all" });
    assert.equal(first?.passage.id, "a");
    // One part's evidence stays below this, however often the term stands there.
    assert.ok(first.score < 2.2 * passages.lexicon().idf("same"));
  });
});
