import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passageAnalyzer } from "../../src/search/analysis/analyzer.ts";
import { fuse } from "../../src/search/fuse.ts";
import { marks } from "../../src/search/highlight.ts";
import {
  type Lexicon,
  lexiconBuilder,
  lexiconOf as lexiconOfCounts,
  type PassageWords,
} from "../../src/search/lexicon.ts";
import { understand } from "../../src/search/query.ts";
import { proximity } from "../../src/search/rank/proximity.ts";
import { lexicalScorer } from "../../src/search/rank/rerank.ts";
import { oneEditAway } from "../../src/search/spelling.ts";
import { passage } from "../index-suite.ts";

const analyzer = passageAnalyzer();
const termsOf = (text: string, field = ""): PassageWords => ({
  body: analyzer.tokens(text).map(({ term }) => term),
  field: analyzer.tokens(field).map(({ term }) => term),
});
function lexiconOf(passages: readonly PassageWords[]): Lexicon {
  const builder = lexiconBuilder();
  for (const passage of passages) builder.add(passage);
  return lexiconOfCounts(builder.build());
}

/** The texts in the order in which they rank for a query. */
function ranked(query: string, texts: readonly (readonly [string, string?])[]): string[] {
  const passages = texts.map(([body, field]) => termsOf(body, field));
  const filler = Array.from({ length: 20 }, (_, at) => termsOf(`filler number${at} of words`));
  const lexicon = lexiconOf([...passages, ...filler]);
  const understood = understand(query, analyzer, lexicon);
  return texts
    .map(([body], at) => ({ body, score: lexicalScorer(understood, lexicon)(passages[at]!) }))
    .sort((a, b) => b.score - a.score)
    .map(({ body }) => body);
}

describe("ranking", () => {
  const gap = "one two three four five six seven eight nine ten eleven twelve";
  const far = `${gap} thirteen fourteen fifteen sixteen seventeen`;
  const cases: [string, string, [string, string?], [string, string?]][] = [
    ["a rare word counts more than a common one", "filler walrus", ["walrus here today"], ["filler here today"]],
    ["more of the query is better", "red walrus", ["red walrus seen"], ["red red red seen"]],
    ["words side by side beat words far apart", "red walrus", [`red walrus ${gap}`], [`red ${gap} walrus`]],
    ["the order of words counts", "red walrus", [`red walrus ${gap}`], [`walrus red ${gap}`]],
    ["the heading counts", "walrus food", ["they eat food", "Walrus"], ["they eat food", "Seal"]],
    ["a heading counts more than the text", "walrus", ["they eat food", "Walrus"], ["walrus eat food", "Seal"]],
    ["near is better than far, in any order", "red walrus", [`walrus one red ${far}`], [`walrus one ${far} red`]],
    ["one sentence is better than two", "red walrus", [`red ${far} walrus ${far}`], [`red ${far} ${far} walrus`]],
    ["a short text beats a long one", "walrus", ["walrus seen"], [`walrus ${gap} ${gap}`]],
  ];
  for (const [what, query, better, worse] of cases) {
    it(what, () => {
      assert.equal(ranked(query, [worse, better])[0], better[0]);
      assert.equal(ranked(query, [better, worse])[0], better[0]);
    });
  }
});

it("the same neighbours a hundred times count less than twice as much as once", () => {
  const said = (times: number) =>
    Array.from({ length: 2 * times }, (_, at) => ({ position: at + 20 * (at >> 1), query: at % 2, wanted: at % 2 }));
  const once = proximity(said(1), [1, 1]);
  const often = proximity(said(100), [1, 1]);
  assert.ok(once < often && often < 2 * once, `${once}, ${often}`);
});

describe("understanding", () => {
  const lexicon = lexiconOf([
    termsOf("vacation warranty part time employees navigator"),
    termsOf("vacation warrant form"),
    termsOf("vacation 2024 cats"),
  ]);
  const meant = (text: string): string[] =>
    understand(text, analyzer, lexicon).terms.map(({ terms }) => terms.join("|"));

  it("mends words that nothing has, by one edit", () => {
    assert.deepEqual(meant("vacatoin warrenty"), ["vacat", "warranti"]);
    assert.deepEqual(meant("navigater emplyees"), ["navig", "employe"]);
  });

  it("leaves known words, numbers, short words and hopeless ones alone", () => {
    assert.deepEqual(meant("warrant 2025 cas zeppelin"), ["warrant", "2025", "cas", "zeppelin"]);
  });

  it("parts two words that were written as one", () => {
    assert.deepEqual(meant("parttime"), ["part", "time"]);
  });

  it("does not try to part a word that nobody can have typed", () => {
    let analysed = 0;
    const counting: typeof analyzer = {
      ...analyzer,
      queryTokens: (text, languages) => {
        analysed += text.length;
        return analyzer.queryTokens(text, languages);
      },
    };
    understand("x".repeat(10_000), counting, lexicon);
    assert.ok(analysed <= 20_000, `${analysed} characters`);
  });

  it("counts a repeated word as often as it is said", () => {
    const { terms } = understand("vacation, vacation and part", analyzer, lexicon);
    assert.deepEqual(
      terms.map(({ terms: [term], weight }) => [term, weight]),
      [
        ["vacat", 2],
        ["part", 1],
      ],
    );
  });

  it("knows all words one edit away", () => {
    const variants = oneEditAway("cat");
    for (const word of ["at", "act", "cut", "cart", "cats", "scat"]) assert.ok(variants.has(word), word);
    for (const word of ["cat", "dog", "tac", "carts", ""]) assert.ok(!variants.has(word), word);
    // 3 deletions, 2 swaps, 3 * 25 substitutions, 4 * 26 insertions of which 3 come about twice.
    assert.equal(variants.size, 3 + 2 + 75 + 101);
  });

  it("marks what was meant", () => {
    const text = "Part-time employees: vacations, and a warranty.";
    const understood = understand("parttime vacatoin waranty", analyzer, lexicon);
    const { highlights } = marks(passage("a", 0, text), understood, { analyzer, lexicon });
    assert.deepEqual(
      highlights.map(({ start, end }) => text.slice(start, end)),
      ["Part-time", "vacations", "warranty"],
    );
  });
});

describe("fusion", () => {
  it("adds 1 / (60 + rank), times the weight, over the lists", () => {
    const fused = fuse([{ ids: ["a", "b", "c"] }, { ids: ["b", "d"], weight: 0.5 }]);
    assert.deepEqual(
      fused.map(({ id }) => id),
      ["b", "a", "c", "d"],
    );
    assert.ok(Math.abs(fused[0]!.score - (1 / 62 + 0.5 / 61)) < 1e-12);
    assert.deepEqual(fuse([]), []);
  });
});
