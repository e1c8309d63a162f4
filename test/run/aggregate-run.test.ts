// What aggregation nodes and `__aggregate__` make of the lines of a run, and evaluations over other runs.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { plain } from "../../src/base/json.ts";
import { Float, type ValueMap } from "../../src/base/value.ts";
import { type FlowTarget, openFlow } from "../../src/flow/flow-target.ts";
import { readErrors, readMetrics } from "../../src/run/outcome.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, writeFolder } from "../flow/flow-folder.ts";
import { runs } from "./runs.ts";

const GRADE = path.resolve("test/fixture/flow/grade");

test("a class has no nodes of its own, and its metrics are what it returns", async (context) => {
  const { create, data, rows, store } = runs(context);
  const flow = writeFolder(context, {
    "flow.flex.yaml": "entry: entry:Grade\n",
    "entry.py": [
      "class Grade:",
      "    def __call__(self, n: int):",
      "        return {'line_number': 7, 'half': n / 2}",
      "    def __aggregate__(self, results):",
      "        return {'sum': sum(r.half for r in results), 'name': 'x', 'all': [r['half'] for r in results], 'none': None}",
      "",
    ].join("\n"),
  });
  const file = await data([{ n: 2 }, { n: 4 }]);
  const run = await create({ flow, data: file, column_mapping: { n: "${data.n}" } }, { name: "graded" });
  assert.equal(run.status, "Completed", JSON.stringify(await readErrors(store, "graded")));
  assert.deepEqual(rows("graded", "flow_outputs", "output.jsonl").map(plain), [
    { line_number: 0, half: 1 },
    { line_number: 1, half: 2 },
  ]);
  assert.deepEqual(plain(await readMetrics(store, "graded")), { sum: 3, name: "x", all: [1, 2], none: null });
  assert.deepEqual(readdirSync(store.layout("graded").nodeArtifacts), []);
  assert.deepEqual(
    Object.keys(run.system_metrics).filter((name) => name.startsWith("__pf__.nodes")),
    [],
  );
});

test("a class whose aggregation fails keeps its lines, and the fault is told", async (context) => {
  const { create, data, rows, store } = runs(context);
  const flow = writeFolder(context, {
    "flow.flex.yaml": "entry: entry:Grade\n",
    "entry.py":
      "class Grade:\n    def __call__(self, n: int):\n        return n\n    def __aggregate__(self, results):\n        raise ValueError('agg')\n",
  });
  const file = await data([{ n: 2 }]);
  const run = await create({ flow, data: file, column_mapping: { n: "${data.n}" } }, { name: "failing" });
  assert.equal(run.status, "Completed");
  assert.equal(rows("failing", "flow_outputs", "output.jsonl").length, 1);
  assert.match(JSON.stringify(await readErrors(store, "failing")), /agg/);
});

const DAG_NODE = (name: string, inputs: string): string =>
  `- {name: ${name}, type: python, aggregation: true, source: {type: code, path: ${name}.py}, inputs: {x: '${inputs}'}}\n`;

test("aggregation nodes that a reference has nothing for are left out, and what the others gave counts", async (context) => {
  const { create, data, store } = runs(context);
  const flow = writeFolder(context, {
    "flow.dag.yaml": `inputs:\n  n: {type: int}\noutputs:\n  n: {type: int, reference: '\${inputs.n}'}\nnodes:\n${DAG_NODE("first", "${inputs.n}")}${DAG_NODE("second", "${first.output.missing}")}`,
    "first.py":
      "from promptflow.core import tool, log_metric\n@tool\ndef first(x):\n    log_metric('list', x)\n    return 1\n",
    "second.py": "from promptflow.core import tool\n@tool\ndef second(x):\n    return x\n",
  });
  const run = await create(
    { flow, data: await data([{ n: 2 }]), column_mapping: { n: "${data.n}" } },
    { name: "half" },
  );
  assert.equal(run.status, "Completed");
  assert.deepEqual(await readMetrics(store, "half"), { list: [2] });
  assert.match(readFileSync(store.layout("half").logs, "utf8"), /Not all aggregation nodes ran: .*'missing'.*'first'/);
});

test("an evaluation over a run grades its completed lines, and its metrics are the run's", async (context) => {
  const { create, data, rows, store } = runs(context);
  const truth = await data(["Hello a!", "?", "no", "Hello d!"].map((answer) => ({ answer })));
  const file = await data([{ name: "a" }, { name: "b", count: "x" }, { name: "c" }, { name: "d" }]);
  await create({ data: file, column_mapping: { name: "${data.name}", count: "${data.cuont}" } }, { name: "unmapped" });
  assert.equal((await store.get("unmapped")).status, "Failed", "a column that no row has ends the run");
  assert.match(JSON.stringify(await readErrors(store, "unmapped")), /\$\{data\.cuont\}.*line 0 of the data/);
  const named = await data([
    { name: "a", count: 1 },
    { name: "b", count: "x" },
    { name: "c", count: 1 },
    { name: "d", count: 1 },
  ]);
  await create({ data: named, column_mapping: { name: "${data.name}", count: "${data.count}" } }, { name: "greeted" });
  const mapping = { groundtruth: "${data.answer}", prediction: "${run.outputs.greeting}" };
  const graded = await create(
    { flow: GRADE, data: truth, run: "greeted", column_mapping: mapping },
    { name: "graded" },
  );
  assert.equal(graded.status, "Completed", JSON.stringify(await readErrors(store, "graded")));
  assert.deepEqual(rows("graded", "flow_outputs", "output.jsonl"), [
    { line_number: 0, grade: "Correct" },
    { line_number: 2, grade: "Incorrect" },
    { line_number: 3, grade: "Correct" },
  ]);
  assert.deepEqual(await readMetrics(store, "graded"), { lines: 3, accuracy: 2 / 3 });
  const [record] = rows("graded", "node_artifacts", "accuracy", "000000000.jsonl") as [
    { run_info: ValueMap; line_number: null },
  ];
  assert.deepEqual(
    [record.line_number, record.run_info.run_id, record.run_info.index],
    [null, "graded_accuracy_reduce", null],
  );
  assert.deepEqual(record.run_info.output, { grades: ["Correct", "Incorrect", "Correct"] });
  assert.equal(graded.system_metrics["__pf__.nodes.accuracy.completed"], 1);
  const same = { groundtruth: "${run.inputs.name}", prediction: "${run.inputs.name}" };
  await create({ flow: GRADE, run: "greeted", column_mapping: same }, { name: "same" });
  assert.deepEqual(
    await readMetrics(store, "same"),
    { lines: 3, accuracy: new Float(1) },
    "run.inputs are the data of that run",
  );
});

test("what an aggregation node spends counts for the run", async (context) => {
  const { create, data } = runs(context);
  const file = await data([{ groundtruth: "a", prediction: "a" }]);
  const usage = { promptTokens: 2, completionTokens: 3, totalTokens: 5 };
  const run = await create(
    { flow: GRADE, data: file },
    {
      name: "costly",
      openFlow: async () => {
        const env = { PATH: process.env["PATH"] };
        const flow = await openFlow({
          directory: GRADE,
          tools: BUILT_IN_TOOLS,
          resources: flowResources(),
          python: { env },
        });
        const aggregate: FlowTarget["aggregate"] = async function* (call, signal) {
          for await (const event of flow.aggregate(call, signal))
            yield event.type === "node-end" ? { ...event, usage } : event;
        };
        const { plan, signature, directory } = flow;
        const close = (): Promise<void> => flow.close();
        const rest = { describe: () => flow.describe(), close };
        const invoke: FlowTarget["invoke"] = (call, signal) => flow.invoke(call, signal);
        return { flow: { plan, signature, directory, invoke, aggregate, ...rest }, close };
      },
    },
  );
  const { total_tokens, prompt_tokens, completion_tokens } = run.system_metrics;
  assert.deepEqual([total_tokens, prompt_tokens, completion_tokens], [5, 2, 3]);
});

test("an aggregation node that fails is told; the lines stay", async (context) => {
  const { create, data, rows, store } = runs(context);
  const file = await data([{ groundtruth: "a", prediction: "crash" }]);
  const run = await create({ flow: GRADE, data: file }, { name: "none" });
  assert.equal(run.status, "Completed");
  assert.deepEqual(rows("none", "flow_outputs", "output.jsonl"), []);
  assert.deepEqual(await readMetrics(store, "none"), { lines: 0 });
  const errors = JSON.stringify(await readErrors(store, "none"));
  assert.match(errors, /\(ValueError\) no prediction/);
  assert.match(errors, /"aggregation_node_name":"accuracy"/);
});
