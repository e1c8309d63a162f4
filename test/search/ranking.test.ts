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
    ["a short heading beats a long one", "walrus", ["they eat food", "Walrus"], ["they eat food", `Walrus ${gap}`]],
    ["a word said often is no second word", "red walrus", ["red walrus seen"], ["red ".repeat(40)]],
    [
      "less than twelve words apart is near",
      "red walrus",
      [`walrus one two three four five six seven eight nine ten red eleven twelve thirteen`],
      [`walrus ${gap} red thirteen`],
    ],
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

it("of the words that a misspelt one may be, a passage has one", () => {
  const lexicon = lexiconOf([termsOf("stack"), termsOf("stuck"), termsOf("other")]);
  const score = lexicalScorer({ terms: [{ terms: ["stack", "stuck"], weight: 1 }] }, lexicon);
  assert.equal(score(termsOf("stack stuck")), score(termsOf("stack other")));
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

  it("takes the three likeliest, and a wrong first letter for the least likely", () => {
    const many = (text: string, times: number): PassageWords[] => Array.from({ length: times }, () => termsOf(text));
    const known = lexiconOf([
      ...[many("stick", 1), many("stock", 2), many("stuck", 3), many("stack", 4)].flat(),
      ...many("nest", 7),
      ...many("vast refrigerator", 1),
    ]);
    const terms = (text: string): string[] =>
      understand(text, analyzer, known).terms.map((term) => term.terms.join("|"));
    assert.deepEqual(terms("steck vest"), ["stack|stuck|stock", "vast|nest"]);
    assert.deepEqual(terms("refrigerater véast"), ["refriger", "vast"]);
  });

  it("parts a word where both parts are known best", () => {
    const known = lexiconOf([termsOf("abc defghi"), ...Array.from({ length: 3 }, () => termsOf("abcdef ghi"))]);
    assert.deepEqual(
      understand("abcdefghi", analyzer, known).terms.map(({ terms }) => terms[0]),
      ["abcdef", "ghi"],
    );
  });

  it("reads the first 256 words of a text that is pasted", () => {
    const pasted = Array.from({ length: 400 }, (_, at) => `pasted${at}`).join(" ");
    assert.equal(understand(pasted, analyzer, lexicon).terms.length, 256);
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

  it("mends the first words of a text that is pasted, not thousands", () => {
    let looked = 0;
    const counting: Lexicon = { ...lexicon, frequency: (term) => (looked++, lexicon.frequency(term)) };
    const letters = (at: number): string => String.fromCharCode(97 + (at % 26), 97 + (Math.floor(at / 26) % 26));
    const pasted = Array.from({ length: 3000 }, (_, at) => `pastedword${letters(at)}${letters(at * 7)}`);
    const { terms } = understand(`vacatoin ${pasted.join(" ")}`, analyzer, counting);
    assert.deepEqual(terms[0]?.terms, ["vacat"]);
    assert.ok(looked < 60_000, `${looked} looks into the lexicon`);
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

describe("the caption of a hit", () => {
  const lexicon = lexiconOf([
    termsOf("walrus"),
    ...Array.from({ length: 30 }, () => termsOf("food")),
    termsOf("otter"),
  ]);
  const said = (text: string, query: string, rest = {}) => {
    const one = passage("a", 0, text, { start: 500, end: 500 + text.length, ...rest });
    return marks(one, understand(query, analyzer, lexicon), { analyzer, lexicon }).caption;
  };

  it("is the sentence with the rarest words, and the first of two that say as much, by its place in the document", () => {
    const text = "Here is food. A walrus came. Another walrus came.";
    const caption = said(text, "food walrus");
    assert.deepEqual(caption, { text: "A walrus came.", start: 514, end: 528 });
    assert.equal(said("Food food food.", "otter"), undefined);
  });

  it("counts its place behind what is repeated before the passage's own text", () => {
    const text = "| walrus | food |\n\nAn otter came.";
    assert.deepEqual(said(text, "otter", { start: 90, end: 104 }), { text: "An otter came.", start: 90, end: 104 });
  });

  it("is a piece of a sentence that is too long to be shown, and parts no sign", () => {
    const long = `${"filler ".repeat(60)}walrus ${"filler ".repeat(60)}`;
    const caption = said(long, "walrus")!;
    assert.ok(caption.text.includes("walrus") && caption.text.length <= 300, caption.text);
    assert.equal(long.slice(caption.start - 500, caption.end - 500), caption.text);
    const signs = `${"😀".repeat(150)}x${"😀".repeat(50)} walrus${"😀".repeat(200)}`;
    for (const shift of ["", "y"]) assert.doesNotMatch(said(shift + signs, "walrus")!.text, /\p{Surrogate}/u);
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
