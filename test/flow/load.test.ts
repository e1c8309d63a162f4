import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { parseFlow } from "../../src/flow/load.ts";
import { locateFlow } from "../../src/flow/locate.ts";
import { writeFolder } from "./flow-folder.ts";

test("a definition has every part of the file in plain terms", () => {
  const flow = parseFlow(
    [
      "inputs:",
      "  q: {type: string, is_chat_input: true, default: 1.0, unknown_key: 1}",
      "outputs:",
      "  a: {type: string, reference: '${n.output.x}', evaluation_only: true}",
      "nodes:",
      "- name: n",
      "  type: python",
      "  source: {path: n.py}",
      "  inputs: {x: '${inputs.q}', y: yes, z: 010}",
      "  activate: {when: '${inputs.q}', is: null}",
      "  reduce: true",
      "environment_variables: {A: 1}",
    ].join("\n"),
    { folderName: "my flow!" },
  );
  assert.equal(flow.name, "my_flow_");
  const [node] = flow.nodes;
  assert.deepEqual(node?.source, { type: "code", path: "n.py", tool: undefined });
  assert.deepEqual(node?.inputs, {
    x: { kind: "input", name: "q" },
    y: { kind: "literal", value: "yes" },
    z: { kind: "literal", value: 10 },
  });
  assert.deepEqual(node?.activate, { when: { kind: "input", name: "q" }, is: null });
  assert.ok(node?.aggregation);
  assert.equal(node?.line, 6);
  assert.deepEqual(flow.outputs[0]?.reference, { kind: "node", node: "n", section: "output", property: "x" });
  assert.ok(flow.outputs[0]?.evaluationOnly);
});

test("what is wrong is named with file and line", () => {
  const cases: [string, string, RegExp][] = [
    ["inputs:\n  a: 1\n", "FlowDefinitionError", /^flow\.dag\.yaml:2: inputs\.a: must be a map, and is 1\.$/],
    ["inputs: [a]\n", "FlowDefinitionError", /^flow\.dag\.yaml:1: inputs: must be a map, and is a list\.$/],
    ["inputs: {a: {type: 5}}\n", "ValueError", /^5 is not a valid ValueType$/],
    ["inputs:\n  a: {default: 1}\n", "KeyError", /^'type'$/],
    ["inputs:\n  a: {type: str}\n", "ValueError", /^'str' is not a valid ValueType$/],
    ["outputs:\n  a: {reference: x}\n", "KeyError", /^'type'$/],
    ["outputs:\n  a: {type: , reference: x}\n", "ValueError", /^None is not a valid ValueType$/],
    ["nodes:\n- name: a\n- type: python\n", "FlowDefinitionError", /^flow\.dag\.yaml:3: a node has no name/],
    ["nodes: {a: 1}\n", "FlowDefinitionError", /^flow\.dag\.yaml:1: nodes: must be a list, and is a map\.$/],
    ["\nnodes: hello\n", "FlowDefinitionError", /^flow\.dag\.yaml:2: nodes: must be a list, and is "hello"\.$/],
    [
      "nodes: [{name: a}, null]\n",
      "FlowDefinitionError",
      /^flow\.dag\.yaml:1: nodes\.1: must be a map, and is empty\.$/,
    ],
    ["- a\n", "FlowDefinitionError", /^flow\.dag\.yaml:1: a flow: must be a map, and is a list\.$/],
    ["environment_variables: [a]\n", "FlowDefinitionError", /^flow\.dag\.yaml:1: environment_variables: must be a map/],
    ["nodes:\n- {name: a, type: null}\n", "ValueError", /^None is not a valid ToolType$/],
    ["nodes:\n- {name: a, activate: x}\n", "FlowDefinitionError", /activate config for node a is incorrect/],
    ["nodes:\n- {name: a, activate: {when: x}}\n", "FlowDefinitionError", /activate config for node a is incorrect/],
    ["message_format: html\n", "InvalidMessageFormatType", /Invalid message format 'html'/],
    ["language: csharp\n", "FlowNotSupported", /^flow\.dag\.yaml:1: flows in 'csharp'/],
    ["a: 1\na: 2\n", "InvalidYaml", /^flow\.dag\.yaml:2/],
  ];
  for (const [text, code, message] of cases) {
    assert.throws(
      () => parseFlow(text),
      (error) => error instanceof FlowsteadError && error.code === code && message.test(error.message),
      text,
    );
  }
});

test("what is empty is nothing, a number is its digits, and what is there says yes", () => {
  const flow = parseFlow(
    [
      "name: 5",
      "inputs: {q: {type: string, description: 3, is_chat_input: 1}}",
      "outputs: []",
      "nodes:",
      "- {name: n, type: python, inputs: [], aggregation: 'yes', reduce: false}",
      "- {name: m, type: python, inputs: '', aggregation: 'False'}",
    ].join("\n"),
  );
  assert.equal(flow.name, "5");
  assert.deepEqual([flow.inputs[0]?.description, flow.inputs[0]?.isChatInput], ["3", true]);
  assert.deepEqual(flow.outputs, []);
  assert.deepEqual(
    flow.nodes.map(({ inputs, aggregation }) => ({ inputs, aggregation })),
    [
      { inputs: {}, aggregation: true },
      { inputs: {}, aggregation: false },
    ],
  );
  assert.deepEqual(parseFlow("inputs: []\nnodes: ''\n").nodes, []);
});

test("a flow is found by its folder or its file", (context) => {
  const folder = writeFolder(context, {
    "flow.dag.yaml": "nodes: []\n",
    "other.yaml": "nodes: []\n",
    "x/flow.flex.yaml": "",
  });
  assert.equal(locateFlow(folder).file, `${folder}/flow.dag.yaml`);
  assert.equal(locateFlow(`${folder}/other.yaml`).directory, folder);
  assert.throws(() => locateFlow(`${folder}/nowhere`), /does not exist/);
  assert.equal(locateFlow(`${folder}/x`).file, `${folder}/x/flow.flex.yaml`);
});
