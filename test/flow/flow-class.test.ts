// Every construction that the original's test flows have, in a small flow of our own, run by the engine itself.
// The table of classes: test/fixture/flow-class/README.md.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { stringifyJson } from "../../src/base/json.ts";
import { errorChain } from "../../src/flow/error-chain.ts";
import type { ChatRequest } from "../../src/model/chat-model.ts";
import { expectEqual } from "../conformance/compare.ts";
import { CLASS_README, type ClassExpectation, classTable, flowClasses, openClass } from "./flow-class.ts";
import { type RunRecord, runFlow } from "./flow-folder.ts";

for (const [file, classes] of flowClasses()) {
  describe(file, { concurrency: 3 }, () => {
    for (const one of classes) {
      test(one.class, async (context) => {
        const { load } = one.expect;
        if (load) {
          await assert.rejects(openClass(context, one), (error) => {
            assert.ok(error instanceof FlowsteadError, String(error));
            if (load.code !== "") assert.equal(error.code, load.code, error.message);
            assert.ok(error.message.includes(load.message), error.message);
            return true;
          });
          return;
        }
        const { target, model } = await openClass(context, one);
        judge(await runFlow(target, one.inputs ?? {}), one.expect);
        if (one.expect.messages) expectEqual(asked(model.requests.at(-1)), one.expect.messages, "messages");
      });
    }
  });
}

const readme = readFileSync(CLASS_README, "utf8");

test("the README's table has every class", () => {
  assert.ok(readme.includes(classTable()), `put this table into ${CLASS_README}:\n${classTable()}`);
});

const upstream = process.env["FLOWSTEAD_UPSTREAM"];
const skip = upstream === undefined ? "FLOWSTEAD_UPSTREAM names no checkout of the original" : false;

test("every test flow of the original is named in the README", { skip }, () => {
  const folder = path.join(upstream ?? "", "src/promptflow/tests/test_configs");
  const names = ["flows", "eager_flows", "wrong_flows", "e2e_test_flows", "prompty"].flatMap((kind) =>
    readdirSync(path.join(folder, kind), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name.endsWith(".prompty"))
      .map(({ name }) => name),
  );
  const known = new Set(readme.split(/[\s,|`]+|\.(?=\s)/));
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
});

function judge(run: RunRecord, expect: ClassExpectation): void {
  if (!expect.error) assert.equal(run.error, undefined, run.error?.message);
  else {
    assert.ok(run.error, "it did not fail");
    if (expect.error.code !== "") assert.equal(errorChain(run.error), expect.error.code, run.error.message);
    assert.ok(run.error.message.includes(expect.error.message), run.error.message);
  }
  if (expect.outputs) expectEqual(run.outputs, expect.outputs, "outputs");
  if (expect.json !== undefined) assert.equal(stringifyJson(run.outputs), expect.json);
  if (expect.nodes) expectEqual(run.nodes, expect.nodes, "nodes");
  for (const [node, value] of Object.entries(expect.values ?? {})) expectEqual(run.values[node], value, node);
  if (expect.metrics) expectEqual(metrics(run), expect.metrics, "metrics");
  if (expect.deltas) {
    expectEqual(
      run.events.flatMap((event) => (event.type === "text-delta" ? [event.text] : [])),
      expect.deltas,
      "text",
    );
  }
  if (expect.log !== undefined) assert.ok(run.logs.includes(expect.log), run.logs);
}

function metrics({ events }: RunRecord): Record<string, unknown> {
  return Object.fromEntries(events.flatMap((event) => (event.type === "metric" ? [[event.name, event.value]] : [])));
}

/** What a model was asked, in the words of the fixtures. */
function asked(request: ChatRequest | undefined): unknown {
  return request?.messages.map(({ role, content }) => [
    role,
    Array.isArray(content) ? content.map(({ type }) => type) : content,
  ]);
}
