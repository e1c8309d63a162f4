import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plain } from "../../src/base/json.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { verifyClaim } from "../../src/search/verify.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, runFlow, writeFolder } from "../flow/flow-folder.ts";

const SOURCE =
  "Full-time employees get 25 days of paid vacation each year. Part-timers receive a share of it. " +
  "Unused days do not expire before the end of March. The budget for training is 1,250 euros.";

describe("the check of a sentence against its source", () => {
  const right = [
    "Full-time employees receive 25 days of paid vacation per year.",
    "Employees in full time have 25 vacation days each year.",
    "Unused days never expire before the end of March.",
    "The training budget is 1250 euros.",
  ];
  for (const claim of right) {
    it(`supports: ${claim}`, () => {
      const { isSupported, reason, start, end } = verifyClaim(claim, SOURCE);
      assert.ok(isSupported, reason);
      assert.ok(SOURCE.slice(start, end).length > 20);
    });
  }

  const wrong: [string, RegExp][] = [
    ["Full-time employees get 30 days of paid vacation each year.", /does not have 30/],
    ["Unused days expire before the end of March.", /denies/],
    ["Full-time employees do not get 25 days of paid vacation each year.", /denies/],
    ["Interns may bring a dog to the office on Fridays.", /something else|nothing of it/],
    ["The budget for training is 1,300 euros.", /does not have 1300/],
    ["?!", /no words/],
  ];
  for (const [claim, reason] of wrong) {
    it(`does not support: ${claim}`, () => {
      const found = verifyClaim(claim, SOURCE);
      assert.equal(found.isSupported, false);
      assert.match(found.reason ?? "", reason);
    });
  }

  // Of each pair of a sentence and its source the first is supported, with the second source it is not, for this reason.
  const pairs: [claim: string, source: string, other: string, reason: RegExp][] = [
    [
      "The notice takes 5 weeks.",
      "The notice takes five weeks.",
      "The notice takes 5 days.",
      /has 5 days, not 5 weeks/,
    ],
    ["A trial of 6 months is agreed.", "A 6-month trial is agreed.", "A trial of 6 weeks is agreed.", /not 6 months/],
    ["The fee is $40.", "The fee is 40 dollars.", "The fee is 40 €.", /has 40 €, not 40 \$/],
    ["The raise is 3 percent.", "The raise is 3 %.", "The raise is 3 euros.", /3 euros, not 3 percent/],
    [
      "The plant gives 2 million litres.",
      "The plant gives 2 million litres.",
      "The plant gives 2 billion litres.",
      /billion/,
    ],
    ["Die Frist beträgt 14 Tage.", "Die Frist beträgt 14 Tage.", "Die Frist beträgt 14 Wochen.", /14 Wochen/],
    [
      "The lease ends on 2 March 2024.",
      "The lease ends on 2024-03-02.",
      "The lease ends on 2 April 2024.",
      /2 March 2024/,
    ],
    [
      "The lease ends on 2024-03-02.",
      "The lease ends on March 2, 2024.",
      "The lease ends on March 3, 2024.",
      /2024-03-02/,
    ],
    [
      "Der Vertrag endet am 2. März 2024.",
      "Der Vertrag endet am 02.03.2024.",
      "Der Vertrag endet am 03.02.2024.",
      /März/,
    ],
    [
      "The office closes on 24 December.",
      "The office closes on December 24th.",
      "The office closes on 31 December.",
      /24/,
    ],
    ["The office opened in May 2019.", "The office opened on 4 May 2019.", "The office opened in May 2018.", /2019/],
    ["The room has 7 seats.", "The room has 007 seats.", "The room has 70 seats.", /does not have 7/],
    ["The rate is 3.5 points.", "The rate is 3,5 points.", "The rate is 3.4 points.", /does not have 3\.5/],
    ["The team has twelve members.", "The team has 12 members.", "The team has 11 members.", /does not have 12/],
    [
      "It is not without reason denied.",
      "There is reason; it is denied.",
      "There is no reason; it is denied.",
      /denies/,
    ],
    [
      "Der Urlaub wird in der Probezeit nicht bezahlt.",
      "Der Urlaub wird in der Probezeit und auch nach ihr nie bezahlt.",
      "Der Urlaub wird in der Probezeit und auch nach ihr bezahlt.",
      /denies/,
    ],
    // What is said by sentences side by side, and not by some that are far apart.
    [
      "Gold members pay nothing for luggage and lounges.",
      "Gold members pay nothing for luggage. They enter lounges too.",
      "Gold members exist. Rain falls. Snow falls. Luggage is heavy. Wind blows. Hail falls. Lounges are quiet.",
      /something else/,
    ],
    // A sentence that denies is not outvoted by its neighbours.
    [
      "Rooms are cleaned daily.",
      "Rooms are cleaned daily. Nobody cleans offices.",
      "Rooms are not cleaned daily. Daily walks help. Guests cleaned rooms.",
      /denies/,
    ],
  ];
  for (const [claim, source, other, reason] of pairs) {
    it(`tells by its source: ${claim}`, () => {
      const good = verifyClaim(claim, source);
      assert.ok(good.isSupported, good.reason);
      const bad = verifyClaim(claim, other);
      assert.equal(bad.isSupported, false, `supported by ${other}`);
      assert.match(bad.reason ?? "", reason);
    });
  }

  it("points at the place in the source", () => {
    const { start, end } = verifyClaim("Part-timers receive a share.", SOURCE);
    assert.equal(SOURCE.slice(start, end), "Part-timers receive a share of it.");
  });

  it("ends soon on a long and strange source", () => {
    assert.equal(verifyClaim("One two three.", "not ".repeat(40_000)).isSupported, false);
  });
});

describe("the tool that verifies citations", () => {
  it("marks each cited sentence of an answer, and says why", async (context) => {
    const directory = writeFolder(context, {
      "flow.dag.yaml": [
        "inputs: {answer: {type: string}, documents: {type: list}}",
        "outputs: {report: {type: object, reference: '${verify.output}'}}",
        "nodes:",
        "- name: verify",
        "  type: python",
        "  source: {type: package, tool: flowstead.verify_citations}",
        "  inputs: {answer: '${inputs.answer}', documents: '${inputs.documents}'}",
      ].join("\n"),
    });
    const flow = await openFlow({ directory, tools: BUILT_IN_TOOLS, resources: flowResources() });
    const answer =
      "Hello! Full-time employees get 25 days of vacation [1]. Training has 900 euros [1][2]. " +
      "Unused days do not expire before the end of March. [2] Part-timers receive a share [1][3][4]. Ask again. Nobody knows more [7].";
    // One source that says so is enough, in whatever shape it comes.
    const documents: (string | Record<string, string>)[] = [
      "Something about tents.",
      { text: SOURCE },
      { page_content: SOURCE },
      { content: SOURCE },
    ];
    const { outputs, error } = await runFlow(flow, { answer: answer.replace("[1].", "[2]."), documents });
    await flow.close();
    if (error) throw new Error(error.message);
    const report = plain(outputs?.["report"]) as {
      check: string;
      supported: boolean;
      unsupported: number;
      claims: { sentence: string; supported: boolean; sources: { n: number; reason: string | null }[] }[];
    };
    assert.match(report.check, /rule-based/);
    assert.equal(report.supported, false);
    assert.equal(report.unsupported, 2);
    assert.deepEqual(
      report.claims.map(({ sentence, supported, sources }) => [sentence, supported, sources.map(({ n }) => n)]),
      [
        ["Full-time employees get 25 days of vacation.", true, [2]],
        ["Training has 900 euros.", false, [1, 2]],
        ["Unused days do not expire before the end of March.", true, [2]],
        ["Part-timers receive a share.", true, [1, 3, 4]],
        ["Nobody knows more.", false, [7]],
      ],
    );
    assert.equal(report.claims[4]!.sources[0]!.reason, "there is no such document");
  });
});
