// Records of lines and of nodes, in the original's form.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { RunRecord } from "../../src/run/record.ts";
import { readMetrics } from "../../src/run/outcome.ts";
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

interface Artifact {
  start_time: string;
  run_info: Record<string, unknown>;
}

// As the original writes them (its 1.18.4), in its order.
const LINE_KEYS =
  "run_id status error inputs output metrics request parent_run_id root_run_id source_run_id flow_id start_time end_time " +
  "index api_calls name description tags system_metrics result upload_metrics otel_trace_id message_format";
const NODE_KEYS =
  "node flow_run_id run_id status inputs output metrics error parent_run_id start_time end_time index api_calls " +
  "cached_run_id cached_flow_run_id logs system_metrics result message_format";
const BYPASS = `message_format: openai-vision
inputs: {n: {type: int}, text: {type: string, default: x}}
outputs: {n: {type: int, reference: "\${act.output}"}}
nodes:
- {name: act, type: python, source: {type: code, path: plain.py}, inputs: {n: "\${inputs.n}"}}
- {name: off, type: python, source: {type: code, path: plain.py}, inputs: {n: 1}, activate: {when: "\${inputs.n}", is: 9}}
- {name: sum, type: python, aggregation: true, source: {type: code, path: sum.py}, inputs: {n: "\${act.output}"}}
`;
const LOUD = `from promptflow.core import tool
@tool
def plain(n: int):
    print("got", n)
    if n == 7:
        raise ValueError("seven")
    return n
`;
const SUM = `import threading
from promptflow.core import tool, log_metric
@tool
def sum(n: list):
    worker = threading.Thread(target=log_metric, args=("from_thread", len(n)))
    worker.start()
    worker.join()
    return 0
`;

test("records of lines and nodes have every field of the original's", async (context) => {
  const { create, data, rows, store } = runs(context);
  const flow = writeFolder(context, { "flow.dag.yaml": BYPASS, "plain.py": LOUD, "sum.py": SUM });
  const mapping = { n: "${data.n}", other: "${data.more}" };
  const file = await data([
    { n: "3", more: "m" },
    { n: "7", more: null },
  ]);
  await create({ flow, data: file, column_mapping: mapping }, { name: "whole" });
  const artifact = (...place: string[]): Artifact => rows("whole", ...place)[0] as unknown as Artifact;
  const { run_info: line, start_time } = artifact("flow_artifacts", "000000000_000000000.jsonl");
  assert.deepEqual(Object.keys(line), LINE_KEYS.split(" "));
  assert.equal(`${start_time}Z`, line["start_time"]);
  const inputs = { n: 3, other: "m", text: "x", line_number: 0 };
  assert.deepEqual([line["inputs"], line["result"], line["message_format"]], [inputs, null, "openai-vision"]);
  assert.deepEqual(rows("whole", "inputs.jsonl")[0], inputs);
  const [call] = line["api_calls"] as [ApiCall];
  assert.deepEqual([call.name, call.type, call.inputs, call.output], ["flow", "Flow", inputs, { n: 3 }]);
  const { run_info: failed } = artifact("flow_artifacts", "000000001_000000001.jsonl");
  const { additionalInfo: _where, innerError: _codes, ...error } = failed["error"] as Record<string, unknown>;
  assert.deepEqual(error, {
    message: "Execution failure in 'act': (ValueError) seven",
    messageFormat: "Execution failure in '{node_name}'.",
    messageParameters: { node_name: "act" },
    referenceCode: "Tool",
    code: "UserError",
  });
  const { run_info: act } = artifact("node_artifacts", "act", "000000000.jsonl");
  assert.deepEqual(Object.keys(act), NODE_KEYS.split(" "));
  const { run_info: off } = artifact("node_artifacts", "off", "000000000.jsonl");
  assert.deepEqual(
    ["status", "inputs", "logs", "system_metrics", "api_calls"].map((key) => off[key]),
    ["Bypassed", null, null, null, []],
  );
  // What is false stands as result, too; what a thread of the node's own tells counts.
  const { run_info: sum } = artifact("node_artifacts", "sum", "000000000.jsonl");
  assert.deepEqual([sum["output"], sum["result"], sum["index"]], [0, 0, null]);
  assert.deepEqual(await readMetrics(store, "whole"), { from_thread: 1 });
  const log = (name: string): string[] =>
    readFileSync(path.join(store.layout("whole").flowLogs, name), "utf8")
      .split("\n")
      .map((text) => text.slice(34).replace(/ +/g, " "));
  assert.deepEqual(log("000000000.log"), [
    "execution.flow INFO Bypassing node off. node run id: whole_off_0",
    "execution.flow INFO Executing node act. node run id: whole_act_0",
    "execution.flow INFO [act in line 0 (index starts from 0)] stdout> got 3",
    "execution.flow INFO Node act completes.",
    "",
  ]);
  assert.match(
    log("000000001.log").join("\n"),
    /ERROR Node act in line 1 failed\. Exception: Execution failure in 'act'/,
  );
});

const PASS = `inputs: {i: {type: image}, l: {type: list}}
outputs: {i: {type: image, reference: "\${pass.output}"}}
nodes:
- {name: pass, type: python, source: {type: code, path: same.py}, inputs: {i: "\${inputs.i}"}}
- {name: all, type: python, aggregation: true, source: {type: code, path: same.py}, inputs: {i: "\${pass.output}"}}
`;
const SAME = "from promptflow.core import tool\n@tool\ndef same(i):\n    return i\n";

test("images of a run are found from every file that names them, and from those of a run that takes its lines over", async (context) => {
  const { create, data, store } = runs(context);
  const flow = writeFolder(context, { "flow.dag.yaml": PASS, "same.py": SAME });
  // The text of an image's record within a text is none.
  const image = { "data:image/png;base64": Buffer.from("a png").toString("base64") };
  const text = `"data:image/png;path":"${"a".repeat(40)}.png"`;
  const request = { flow, data: await data([{ i: image, l: [text] }]) };
  await create(request, { name: "seen" });
  await create({ ...request, resume_from: "seen" }, { name: "taken" });
  await store.delete("seen");
  const { folder } = store.layout("taken");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  for (const name of files) {
    const json = readFileSync(path.join(folder, name), "utf8");
    const named = [...json.matchAll(/"data:image\/png;path":"([^"]+)"/g)].map(([, found = ""]) => found);
    assert.ok(named.length > 0, name);
    for (const found of named) {
      assert.equal(readFileSync(path.resolve(folder, path.dirname(name), found), "utf8"), "a png", `${name}: ${found}`);
    }
    if (/^(inputs|flow_artifacts)/.test(name)) assert.ok(json.includes(JSON.stringify(text)), name);
  }
  assert.equal(files.length, 6);
});

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
  const [plain] = rows("traced", "node_artifacts", "plain", "000000000.jsonl") as unknown as [Artifact];
  assert.deepEqual(plain.run_info.api_calls, []);
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

test("what a run that failed has spent is in its record", () => {
  const record = new RunRecord({ rootRunId: "r", index: 2, messageFormat: "basic" });
  const usage = { promptTokens: 3, completionTokens: 4, totalTokens: 7 };
  const end = { type: "node-end", status: "completed", time: 5, durationMs: 1, usage } as const;
  record.add({
    type: "flow-start",
    runId: "r_2",
    flow: "f",
    time: 1,
    inputs: {},
    outputs: { plain: [], streamed: [] },
  });
  record.add({ ...end, node: "one" });
  record.add({ ...end, node: "two" });
  record.add({ type: "error", time: 1001, error: new FlowsteadError("InputNotFound", "no").toBody() });
  const [run] = record.detail.flow_runs;
  const spent = { duration: 1, prompt_tokens: 6, completion_tokens: 8, total_tokens: 14 };
  assert.deepEqual([run?.["system_metrics"], record.usage.totalTokens], [spent, 14]);
});

test("a run that stands alone is the first line of itself; nodes that aggregate belong to the whole", () => {
  const record = new RunRecord({ messageFormat: "openai-vision", aggregations: new Set(["sum"]) });
  const outputs = { plain: [], streamed: [] };
  record.add({ type: "flow-start", runId: "r", flow: "f", time: 1, inputs: {}, outputs });
  for (const node of ["one", "sum"])
    record.add({ type: "node-end", status: "completed", time: 5, durationMs: 1, node });
  assert.deepEqual(
    record.detail.node_runs.map(({ run_id, parent_run_id, index, message_format }) => [
      run_id,
      parent_run_id,
      index,
      message_format,
    ]),
    [
      ["r_one_0", "r_0", 0, "openai-vision"],
      ["r_sum_reduce", "r", null, "openai-vision"],
    ],
  );
});
