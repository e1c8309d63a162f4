import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenFlowOptions } from "../../src/flow/flow-target.ts";
import { openFiles, runFlow } from "./flow-folder.ts";

const FILES = {
  "flow.dag.yaml": [
    "inputs: {n: {type: int}, text: {type: string, default: hi}, unused: {type: int}}",
    "outputs: {o: {type: string, reference: '${last.output}'}}",
    "nodes:",
    "- {name: first, type: prompt, source: {path: p.jinja2}, inputs: {x: '${inputs.n}'}}",
    "- {name: last, type: prompt, source: {path: p.jinja2}, inputs: {x: '${first.output.a[0]}', y: '${inputs.text}'}}",
    "- {name: all, type: prompt, source: {path: p.jinja2}, inputs: {x: '${last.output}'}, aggregation: true}",
    "- {name: bad, type: prompt, source: {path: p.jinja2}, inputs: {x: '${inputs.gone}'}}",
    "- {name: empty}",
    "",
  ].join("\n"),
  "p.jinja2": "{{x}} {{y}}",
};

function only(name: string, outputs = {}): Partial<OpenFlowOptions> {
  return { node: { name, outputs } };
}

test("a node runs alone with what it is given, whatever is wrong with the others", async (context) => {
  const last = await openFiles(context, FILES, only("last", { first: { a: ["seven"] } }));
  const { outputs, nodes } = await runFlow(last);
  assert.deepEqual(outputs, { output: "seven hi" });
  assert.deepEqual(nodes, { last: "completed" });
  const all = await openFiles(context, FILES, only("all", { last: "x" }));
  assert.deepEqual((await runFlow(all)).outputs, { output: "['x'] " });
  assert.deepEqual((await runFlow(all)).events.find((event) => event.type === "node-end")?.inputs, { x: ["x"] });
});

test("complaints speak of the node", async (context) => {
  const first = await openFiles(context, FILES, only("first"));
  assert.equal(
    (await runFlow(first)).error?.message,
    "The input for node is incorrect. Node input 'n' is not found in input data for node 'first'. Please verify the inputs data for the node.",
  );
  assert.equal(
    (await runFlow(first, { n: "x" })).error?.message,
    "The input for node is incorrect. Value for input 'n' of node 'first' is not type 'int'. Please review and rectify the input data.",
  );
  await assert.rejects(
    openFiles(context, FILES, only("nobody")),
    /Node 'nobody' is not found in flow 'flow\.dag\.yaml'/,
  );
  await assert.rejects(
    openFiles(context, FILES, only("empty")),
    /Properties 'source' or 'type' are not specified for Node 'empty'/,
  );
  await assert.rejects(
    openFiles(context, FILES, only("bad")),
    /Node input 'gone' is not found from flow inputs of node 'bad'/,
  );
});
