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
      "Unused days do not expire before the end of March. [2] Ask again. Nobody knows more [7].";
    const documents = ["Something about tents.", { text: SOURCE }];
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
        ["Nobody knows more.", false, [7]],
      ],
    );
    assert.equal(report.claims[3]!.sources[0]!.reason, "there is no such document");
  });
});
