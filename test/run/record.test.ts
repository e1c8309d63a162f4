// What a node called, in its record.

import assert from "node:assert/strict";
import { test } from "node:test";
import { writeFolder } from "../flow/flow-folder.ts";
import type { ApiCall } from "../../src/run/api-call.ts";
import { ApiCalls } from "../../src/run/api-call.ts";
import { runs } from "./runs.ts";

const FLOW = `inputs: {n: {type: int}}
outputs: {n: {type: int, reference: "\${act.output}"}}
nodes:
- {name: act, type: python, source: {type: code, path: act.py}, inputs: {n: "\${inputs.n}"}}
- {name: plain, type: python, source: {type: code, path: plain.py}, inputs: {n: "\${inputs.n}"}}
`;
const ACT = `from promptflow.core import tool
from promptflow.tracing import trace
@trace
def inner(n):
    if n > 1:
        raise ValueError("too many")
    return n + 1
@trace
def outer(n):
    try:
        return inner(n) + inner(n + 1)
    except ValueError:
        return inner(0)
@tool
def act(n: int):
    return outer(n) + inner(0)
`;
const PLAIN = "from promptflow.core import tool\n@tool\ndef plain(n: int):\n    return n\n";

const names = (calls: readonly ApiCall[]): unknown[] =>
  calls.map(({ name, type, children }) => [name, type, ...names(children)]);

test("a node's record holds what it called, one within the other", async (context) => {
  const { create, data, rows } = runs(context);
  const flow = writeFolder(context, { "flow.dag.yaml": FLOW, "act.py": ACT, "plain.py": PLAIN });
  await create({ flow, data: await data([{ n: 1 }]) }, { name: "traced" });
  const [{ run_info: info }] = rows("traced", "node_artifacts", "act", "000000000.jsonl") as unknown as [
    { run_info: { api_calls: ApiCall[] } },
  ];
  const inner = ["inner", "Function"];
  assert.deepEqual(names(info.api_calls), [["act", "Tool", ["outer", "Function", inner, inner, inner], inner]]);
  const [tool] = info.api_calls;
  const [outer] = tool?.children ?? [];
  assert.deepEqual([tool?.inputs, tool?.output, outer?.inputs, outer?.output], [{ n: 1 }, 2, { n: 1 }, 1]);
  assert.match(outer?.children[1]?.error?.message ?? "", /too many/);
  const [plain] = rows("traced", "node_artifacts", "plain", "000000000.jsonl");
  assert.ok(!JSON.stringify(plain).includes("api_calls"));
});

test("calls without spans lie within the function that was at work; parallel functions beside each other", () => {
  const calls = new ApiCalls();
  const add = (name: string, time: number, durationMs: number, rest: object = {}): void =>
    calls.add({ type: "node-call", node: "n", kind: "function", name, time, durationMs, ...rest });
  add("chat", 110, 20, { kind: "llm", usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 } });
  add("parallel", 105, 30);
  add("nested", 140, 5, { parent: "x", path: "outer_nested" });
  add("outer", 100, 100);
  add("later", 300, 1, { kind: "embedding" });
  assert.deepEqual(names(calls.all), [
    ["outer", "Function", ["nested", "Function"]],
    ["parallel", "Function", ["chat", "LLM"]],
    ["later", "Embedding"],
  ]);
  assert.equal(calls.all[1]?.children[0]?.system_metrics?.["total_tokens"], 3);
});
