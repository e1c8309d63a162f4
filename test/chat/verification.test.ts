import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { citingSentences } from "../../src/chat/citation.ts";
import { checkCitations } from "../../src/chat/verification.ts";

const PASSAGES = [
  "Everyone has 30 days of leave. Unused days are not carried over.",
  "The office in Turin closes at six.",
  "Jeder hat 30 Tage Urlaub im Jahr. Der Urlaub wird nicht ausgezahlt.",
];

function checks(answer: string): [number, boolean, boolean, string | undefined][] {
  const found = checkCitations(citingSentences(answer), (n) => PASSAGES[n - 1]);
  return [...found].flatMap(([n, own]) =>
    own.map(({ supported, supportedElsewhere = false, reason }) => [n, supported, supportedElsewhere, reason] as const),
  ) as [number, boolean, boolean, string | undefined][];
}

describe("the check of citations", () => {
  it("tells figures, denials and other subjects from what a passage says", () => {
    assert.deepEqual(checks("Everyone has 30 days of leave [1]."), [[1, true, false, undefined]]);
    assert.deepEqual(checks("Everyone has 35 days of leave [1]."), [[1, false, false, "the source does not have 35"]]);
    const denied = "the source denies what the sentence says";
    assert.deepEqual(checks("Unused days are carried over [1]."), [[1, false, false, denied]]);
    assert.deepEqual(checks("Employees may bring dogs [2]."), [[2, false, false, "the source has nothing of it"]]);
  });

  it("takes one supporting passage for enough, and says of the others that it is not they", () => {
    assert.deepEqual(checks("Everyone has 30 days of leave [1][2]."), [
      [1, true, false, undefined],
      [2, false, true, "the source has nothing of it"],
    ]);
  });

  it("reads other languages, and leaves out markers without a passage", () => {
    assert.deepEqual(checks("Alle haben jährlich 30 Urlaubstage, jeder hat also 30 Tage im Jahr [3]."), [
      [3, false, false, "the source speaks of something else"],
    ]);
    assert.deepEqual(checks("Jeder hat im Jahr 30 Tage Urlaub [3]."), [[3, true, false, undefined]]);
    assert.deepEqual(
      checks("Nicht genommener Urlaub wird ausgezahlt [3][9].").map(([n]) => n),
      [3],
    );
  });

  it("ends, whatever the answer", () => {
    const answer = Array.from({ length: 5000 }, (_, at) => `Sentence ${at} says so [1].`).join(" ");
    assert.ok(checks(answer).length <= 60);
    const long = `Everyone has ${"very ".repeat(170)}[1] ${"many ".repeat(180)}days of leave.`;
    assert.deepEqual(checks(long), [], "longer than any sentence");
  });
});
