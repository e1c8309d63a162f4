import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import type { NodeTool } from "../../src/flow/tool.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { openFiles, runFlow } from "./flow-folder.ts";

/** A tool that gives its `value` back, or waits, or fails, as its inputs say. */
function probeTool(hooks: { onRun?: (node: string) => Promise<void> | void } = {}): NodeTool {
  return {
    id: "test.probe",
    prepare: (node) =>
      Promise.resolve({
        inputs: node.inputs,
        streaming: "never",
        optionalInputs: new Set(["optional"]),
        run: async (call) => {
          await hooks.onRun?.(call.node);
          if (call.inputs["fail"])
            throw new FlowsteadError("ToolExecutionError", `Execution failure in '${call.node}'`);
          if (call.inputs["metric"]) call.metric("grade", 0.5);
          return call.inputs as never;
        },
      }),
  };
}

function probe(name: string, rest: string): string {
  return `- {name: ${name}, type: python, source: {type: package, tool: test.probe}, ${rest}}`;
}

function dag(nodes: string[], outputs = "", inputs = "i: {type: object, default: 0}"): Record<string, string> {
  return { "flow.dag.yaml": `inputs: {${inputs}}\noutputs: {${outputs}}\nnodes:\n${nodes.join("\n")}\n` };
}

const tools = [...BUILT_IN_TOOLS, probeTool()];

test("nodes run in the order of their references, whatever the order of the file", async (context) => {
  const files = dag([
    probe("third", "inputs: {x: '${second.output}'}"),
    probe("first", "inputs: {x: 1}"),
    probe("second", "inputs: {x: '${first.output}'}"),
  ]);
  const target = await openFiles(context, files, { tools });
  assert.deepEqual(
    target.plan.nodes.map(({ name }) => name),
    ["first", "second", "third"],
  );
  const { nodes } = await runFlow(target);
  assert.deepEqual(Object.keys(nodes), ["first", "second", "third"]);
});

test("independent nodes run side by side, as many as are allowed", async (context) => {
  for (const concurrency of [1, 2, 16]) {
    let running = 0;
    let most = 0;
    const onRun = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    };
    const files = dag("abcdef".split("").map((name) => probe(name, "inputs: {}")));
    const target = await openFiles(context, files, { tools: [probeTool({ onRun })], concurrency });
    await runFlow(target);
    assert.equal(most, Math.min(concurrency, 6));
  }
});

test("activate decides by Python's equality; what only follows bypassed nodes is bypassed", async (context) => {
  const files = dag(
    [
      probe("a", "inputs: {x: 1}, activate: {when: '${inputs.i}', is: true}"),
      probe("b", "inputs: {x: '${a.output.x}'}"),
      probe(
        "c",
        "inputs: {x: '${a.output}', optional: '${b.output}', y: '${inputs.i}'}, activate: {when: '${inputs.i}', is: 0}",
      ),
      probe("d", "inputs: {x: '${a.output}', y: '${c.output.y}'}"),
    ],
    "o: {type: object, reference: '${d.output}'}, n: {type: object, reference: '${b.output}'}",
  );
  const target = await openFiles(context, files, { tools });
  const met = await runFlow(target, { i: 1 });
  assert.deepEqual(met.nodes, { a: "completed", b: "completed", c: "bypassed", d: "completed" });
  const unmet = await runFlow(target, { i: 0 });
  assert.deepEqual(unmet.nodes, { a: "bypassed", b: "bypassed", c: "completed", d: "completed" });
  assert.deepEqual(unmet.values["c"], { x: null, y: 0 }, "an optional input is left out, another is null");
  assert.deepEqual(unmet.outputs, { o: { x: null, y: 0 }, n: null });
  assert.ok(unmet.warnings.includes("The node referenced by output:'b' is bypassed, which is not recommended."));
});

test("the first failing node ends the run; a model's answer that nobody needs any more is stopped", async (context) => {
  let slowStopped = false;
  const slow: NodeTool = {
    id: "test.slow",
    prepare: (node) =>
      Promise.resolve({
        inputs: node.inputs,
        streaming: "never",
        optionalInputs: new Set(),
        run: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              slowStopped = true;
              reject(new Error("stopped"));
            });
          }),
      }),
  };
  const files = dag([
    "- {name: slow, type: llm, source: {type: package, tool: test.slow}, inputs: {}}",
    probe("bad", "inputs: {fail: true}"),
    probe("after", "inputs: {x: '${bad.output}'}"),
  ]);
  const target = await openFiles(context, files, { tools: [...tools, slow] });
  const { nodes, error, events } = await runFlow(target);
  assert.deepEqual(nodes, { bad: "failed", slow: "canceled" });
  assert.equal(error?.code, "ToolExecutionError");
  assert.equal(events.at(-1)?.type, "error");
  assert.ok(slowStopped);
});

test("code beside a failing node goes on to its end, which nobody but the closing of the flow waits for", async (context) => {
  let goOn = (): void => undefined;
  let ended = false;
  const slow: NodeTool = {
    id: "test.slow",
    prepare: (node) =>
      Promise.resolve({
        inputs: node.inputs,
        streaming: "never",
        optionalInputs: new Set(),
        async run({ signal }) {
          await new Promise<void>((resolve) => (goOn = resolve));
          ended = !signal.aborted;
          return 1;
        },
      }),
  };
  const files = dag([
    "- {name: slow, type: python, source: {type: package, tool: test.slow}, inputs: {}}",
    probe("bad", "inputs: {fail: true}"),
    probe("after", "inputs: {x: '${slow.output}'}"),
  ]);
  const target = await openFiles(context, files, { tools: [...tools, slow] });
  const { nodes, error } = await runFlow(target);
  assert.equal(error?.code, "ToolExecutionError");
  assert.deepEqual(nodes, { bad: "failed", slow: "canceled" });
  assert.ok(!ended);
  goOn();
  const told: string[] = [];
  for await (const event of target.invoke({ inputs: {}, settle: true }, new AbortController().signal)) {
    if (event.type === "node-end") told.push(`${event.node} ${event.status}`);
    if (event.type === "node-end" && event.status === "failed") goOn();
    if (event.type === "error") told.push(event.error.code);
  }
  assert.deepEqual(
    told,
    ["bad failed", "slow completed", "ToolExecutionError"],
    "one who records nodes is told its end",
  );
  ended = false;
  await runFlow(target);
  const closed = target.close();
  goOn();
  await closed;
  assert.ok(ended);
});

test("outputs are told when their node has ended, before later nodes begin", async (context) => {
  const files = dag(
    [probe("a", "inputs: {x: 1}"), probe("b", "inputs: {x: '${a.output}'}")],
    "late: {type: object, reference: '${b.output.x.x}'}, early: {type: object, reference: '${a.output}'}, fixed: {type: string, reference: text}",
  );
  const target = await openFiles(context, files, { tools });
  const { events, outputs } = await runFlow(target);
  const told = events.map((event) =>
    event.type === "output" ? event.name : event.type === "node-start" ? `${event.node} starts` : event.type,
  );
  assert.deepEqual(told, [
    "flow-start",
    "fixed",
    "a starts",
    "node-end",
    "early",
    "b starts",
    "node-end",
    "late",
    "flow-end",
  ]);
  assert.deepEqual(outputs, { late: 1, early: { x: 1 }, fixed: "text" });
});

test("aggregation nodes run after a single run, with lists of one, when they are asked for", async (context) => {
  const files = dag(
    [
      probe("line", "inputs: {x: '${inputs.i}'}"),
      probe("skipped", "inputs: {x: 1}, activate: {when: '${inputs.i}', is: never}"),
      probe(
        "all",
        "inputs: {x: '${line.output.x}', s: '${skipped.output}', i: '${inputs.i}', metric: 1}, aggregation: true",
      ),
      probe("over", "inputs: {x: '${all.output.x}'}, aggregation: true"),
    ],
    "o: {type: object, reference: '${line.output.x}'}, lost: {type: object, reference: '${all.output}'}",
  );
  const target = await openFiles(context, files, { tools, aggregate: true });
  const { outputs, values, events, warnings } = await runFlow(target, { i: 7 });
  assert.deepEqual(outputs, { o: 7 });
  assert.deepEqual(values["all"], { x: [7], s: [null], i: [7], metric: 1 });
  assert.deepEqual(values["over"], { x: [7] });
  assert.deepEqual(
    events.filter(({ type }) => type === "metric"),
    [{ type: "metric", name: "grade", value: 0.5 }],
  );
  assert.deepEqual(warnings, ["Output 'lost' references a reduce node 'all', will not take effect."]);
  const serving = await openFiles(context, files, { tools });
  assert.deepEqual((await runFlow(serving, { i: 7 })).nodes, { line: "completed", skipped: "bypassed" });
});

test("a variant takes a node's place: the default one, or the one chosen", async (context) => {
  const files = {
    "flow.dag.yaml": [
      "outputs: {o: {type: object, reference: '${n.output.x}'}}",
      "nodes:",
      "- {name: n, use_variants: true}",
      "node_variants:",
      "  n:",
      "    default_variant_id: one",
      "    variants:",
      "      one: {node: {type: python, source: {type: package, tool: test.probe}, inputs: {x: 1}}}",
      "      two: {node: {type: python, source: {type: package, tool: test.probe}, inputs: {x: 2}}}",
      "",
    ].join("\n"),
  };
  const first = await openFiles(context, files, { tools });
  assert.deepEqual((await runFlow(first)).outputs, { o: 1 });
  const second = await openFiles(context, files, { tools, variant: { node: "n", variant: "two" } });
  assert.deepEqual((await runFlow(second)).outputs, { o: 2 });
  await assert.rejects(
    openFiles(context, files, { tools, variant: { node: "n", variant: "three" } }),
    /Variant three not found for node n\. Its variants: one, two\.$/,
  );
  const [dag] = Object.values(files);
  const wrong: [from: string, to: string, message: RegExp][] = [
    ["default_variant_id: one", "default_variant_id: gone", /^Cannot find the variant gone for n\.$/],
    ["default_variant_id: one", "other: one", /^Default variant id is not specified for n\.$/],
    ["\n  n:\n", "\n  m:\n", /^No variant for the node n\.$/],
  ];
  for (const [from, to, message] of wrong) {
    const changed = { "flow.dag.yaml": dag?.replace(from, to) ?? "" };
    await assert.rejects(openFiles(context, changed, { tools }), { message }, to);
  }
  // The original takes a node without `use_variants` as it is written, whatever is chosen.
  const written = "source: {type: package, tool: test.probe}, inputs: {x: 0}}";
  const fixed = await openFiles(
    context,
    { "flow.dag.yaml": files["flow.dag.yaml"].replace("use_variants: true}", `type: python, ${written}`) },
    { tools, variant: { node: "n", variant: "two" } },
  );
  assert.deepEqual((await runFlow(fixed)).outputs, { o: 0 });
});

test("a slow reader holds the model back", async (context) => {
  let given = 0;
  const model = scriptedModel({
    pieces: () => Array.from({ length: 5000 }, (_, index) => `${index} `),
    before: () => void given++,
  });
  const files = {
    "flow.dag.yaml": [
      "outputs: {o: {type: string, reference: '${n.output}'}}",
      "nodes:",
      "- {name: n, type: llm, source: {path: n.jinja2}, inputs: {}, connection: c, api: chat}",
      "",
    ].join("\n"),
    "n.jinja2": "user:\ncount\n",
  };
  const connections = [{ name: "c", type: "OpenAIConnection" as const, configs: {}, secrets: {} }];
  const target = await openFiles(context, files, { model, connections });
  const events = target.invoke({ inputs: {} }, new AbortController().signal)[Symbol.asyncIterator]();
  let text = "";
  for (let index = 0; index < 10; index++) {
    const { value } = await events.next();
    if (value?.type === "text-delta") text += value.text;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(given < 500, `the model was asked for ${given} pieces ahead of the reader`);
  for (let next = await events.next(); !next.done; next = await events.next()) {
    if (next.value.type === "text-delta") text += next.value.text;
  }
  assert.equal(text.split(" ").length, 5001);
});

test("references that name what is not there end the run, or the loading, with the original's words", async (context) => {
  const section = await openFiles(
    context,
    dag([probe("a", "inputs: {}"), probe("b", "inputs: {x: '${a.outputs.x}'}")]),
    { tools },
  );
  const { error, nodes } = await runFlow(section);
  assert.equal(error?.code, "UnsupportedReference");
  assert.deepEqual(nodes, { a: "completed" });
  const property = await openFiles(
    context,
    dag([probe("a", "inputs: {x: [1]}")], "o: {type: object, reference: '${a.output.x[3]}'}"),
    { tools },
  );
  assert.equal(
    (await runFlow(property)).error?.message,
    "Flow execution failed. Invalid property 'x[3]' when accessing the node 'a'. Please check the property and try again.",
  );
  const cases: [string[], string, RegExp][] = [
    [[probe("a", "inputs: {x: '${b.output}'}")], "", /Node 'a' references a non-existent node 'b'/],
    [[probe("a", "inputs: {x: '${inputs.zz}'}")], "", /Node 'a' references flow input 'zz' which is not defined/],
    [
      [probe("a", "inputs: {x: '${b.output}'}"), probe("b", "inputs: {x: '${a.output}'}")],
      "",
      /for the nodes \['a', 'b'\]/,
    ],
    [[probe("a", "inputs: {}"), probe("a", "inputs: {}")], "", /Node with name 'a' appears more than once/],
    [
      [probe("a", "inputs: {}, aggregation: true"), probe("b", "inputs: {x: '${a.output}'}")],
      "",
      /Non-aggregate node 'b' cannot reference aggregate nodes {'a'}/,
    ],
    [
      [probe("a", "inputs: {}")],
      "o: {type: string, reference: '${zz.output}'}",
      /The output 'o' references non-existent node 'zz'/,
    ],
    [
      [probe("a", "inputs: {}")],
      "o: {type: string, reference: ''}",
      /The reference is not specified for the output 'o'/,
    ],
    [
      ["- {name: a, type: python, source: {type: package, tool: no.such}, inputs: {}}"],
      "",
      /\(PackageToolNotFoundError\) Package tool 'no.such' is not found/,
    ],
  ];
  for (const [nodes, outputs, message] of cases)
    await assert.rejects(openFiles(context, dag(nodes, outputs), { tools }), message);
});
