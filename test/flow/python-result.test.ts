// What Python nodes give beside plain values: outputs that are refused, generators, and tools that cancel themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { errorChain } from "../../src/flow/error-chain.ts";
import { RunRecord } from "../../src/run/record.ts";
import { openFiles, pythonChain, runFlow } from "./flow-folder.ts";

test("a flow's output is what json.dumps takes: dataclasses, times and enumerations are refused", async (context) => {
  const source = [
    "import dataclasses, datetime, enum",
    "@dataclasses.dataclass",
    "class Point:",
    "    x: object",
    "class Colour(enum.Enum):",
    "    RED = 1",
    "class Shade(str, enum.Enum):",
    "    DARK = 'dark'",
    "loop = []",
    "loop.append(loop)",
    "values = {",
    "    'dataclass': Point(datetime.date(2024, 1, 2)), 'inside': {'all': [Point(1)]},",
    "    'time': datetime.datetime(2024, 1, 2), 'enum': Colour.RED, 'text enum': Shade.DARK,",
    "    'tuple': (1, 2), 'key': {1: 2}, 'bytes': b'ab', 'loop': loop,",
    "}",
    "@tool",
    "def a(x):",
    "    return values[x]",
    "",
  ].join("\n");
  const target = await openFiles(context, pythonChain(source));
  const refused = {
    dataclass: "(TypeError) Object of type Point is not JSON serializable",
    inside: "(TypeError) Object of type Point is not JSON serializable",
    time: "(TypeError) Object of type datetime is not JSON serializable",
    enum: "(TypeError) Object of type Colour is not JSON serializable",
    bytes: "(TypeError) Object of type bytes is not JSON serializable",
    loop: "(ValueError) Circular reference detected",
  };
  for (const [x, why] of Object.entries(refused)) {
    const { error, nodes } = await runFlow(target, { x });
    assert.deepEqual(nodes, { a: "completed" }, x);
    assert.equal(error?.code, "FlowOutputUnserializable", x);
    assert.ok(error?.message.includes(`JSON dump failed: ${why}. Please verify`), error?.message);
  }
  for (const [x, value] of Object.entries({ "text enum": "dark", tuple: [1, 2], key: { 1: 2 } })) {
    assert.deepEqual((await runFlow(target, { x })).outputs, { o: value });
  }
});

test("of a function that is the flow, the first field that json.dumps refuses is named", async (context) => {
  const source = [
    "import dataclasses, datetime",
    "@dataclasses.dataclass",
    "class Point:",
    "    x: object",
    "values = {",
    "    'field': {'a': 1, 'b': [Point(1)], 'c': {2}}, 'inner': Point({1}), 'list': [Point(1)],",
    "    'time': datetime.datetime(2024, 1, 2), 'point': Point(1),",
    "}",
    "def main(x: str):",
    "    return values[x]",
    "",
  ].join("\n");
  const target = await openFiles(context, { "flow.flex.yaml": "entry: main:main\n", "main.py": source });
  const refused = {
    field: ["b", "Point"],
    inner: ["x", "set"],
    list: ["output", "Point"],
    time: ["output", "datetime"],
  };
  for (const [x, [field, type]] of Object.entries(refused)) {
    const { error } = await runFlow(target, { x });
    assert.equal(error?.code, "FlowOutputUnserializable", x);
    assert.ok(error?.message.startsWith(`The output '${field}' for flow is incorrect.`), error?.message);
    assert.ok(error?.message.includes(`(TypeError) Object of type ${type} is not JSON serializable.`), error?.message);
  }
  assert.deepEqual((await runFlow(target, { x: "point" })).outputs, { x: 1 });
});

test("a generator is read once, and fails in the node that reads it as far as its fault", async (context) => {
  const reader = (name: string, inputs: string): string =>
    `- {name: ${name}, type: python, source: {type: code, path: ${name}.py}, inputs: {${inputs}}}`;
  const target = await openFiles(context, {
    "flow.dag.yaml": [
      "inputs: {x: {type: string}}",
      "outputs: {b: {type: list, reference: '${b.output}'}, c: {type: list, reference: '${c.output}'}}",
      "nodes:",
      reader("a", "x: '${inputs.x}'"),
      reader("b", "items: '${a.output}', x: '${inputs.x}'"),
      reader("c", "items: '${a.output}', after: '${b.output}'"),
      "",
    ].join("\n"),
    "a.py":
      "from promptflow.core import tool\n@tool\ndef a(x):\n    yield 'p'\n    if x != 'whole':\n        raise ValueError('mid')\n",
    "b.py": [
      "from promptflow.core import tool",
      "@tool",
      "def b(items, x):",
      "    if x != 'caught': return list(items)",
      "    found = []",
      "    try:",
      "        for item in items: found.append(item)",
      "    except ValueError as error: found.append(repr(error))",
      "    return found",
      "",
    ].join("\n"),
    "c.py": "from promptflow.core import tool\n@tool\ndef c(items, after):\n    return list(items)\n",
  });
  assert.deepEqual((await runFlow(target, { x: "whole" })).outputs, { b: ["p"], c: [] });
  assert.deepEqual((await runFlow(target, { x: "caught" })).outputs, { b: ["p", "ValueError('mid')"], c: [] });
  const failed = await runFlow(target, { x: "fails" });
  assert.deepEqual(failed.nodes, { a: "completed", b: "failed" });
  assert.equal(failed.error?.message, "Execution failure in 'b': (ValueError) mid");
});

test("a tool that cancels itself is canceled, and so is its flow", async (context) => {
  const source = "import asyncio\n@tool\ndef a(x):\n    raise KeyboardInterrupt()\n";
  const sources = [source, source.replace("def", "async def").replace("KeyboardInterrupt", "asyncio.CancelledError")];
  for (const one of sources) {
    const { error, events, nodes } = await runFlow(await openFiles(context, pythonChain(one)));
    assert.deepEqual(nodes, { a: "canceled" });
    assert.equal(error?.code, "ToolCanceledError");
    assert.equal(error?.message, "Tool execution is canceled because: Received cancel request..");
    const record = new RunRecord({ messageFormat: "basic", aggregations: new Set() });
    for (const event of events) record.add(event);
    assert.equal((record.detail.flow_runs[0] as { status?: string }).status, "Canceled");
  }
});

test("an endless iterator is read as far as other nodes' code goes; as an output it is left and told", async (context) => {
  const endless =
    "import itertools\n@tool\ndef a(x):\n    if x == 'iterator': return itertools.count()\n    return (i for i in itertools.count())\n";
  const first = "@tool\ndef b(x):\n    return [type(x).__name__, next(x), next(x)]\n";
  const read = await openFiles(context, pythonChain(endless, first));
  assert.deepEqual((await runFlow(read, { x: "iterator" })).outputs, { o: ["count", 0, 1] });
  assert.deepEqual((await runFlow(read, { x: "generator" })).outputs, { o: ["generator", 0, 1] });
  const given = await runFlow(await openFiles(context, pythonChain(endless)), { x: "generator" });
  assert.deepEqual(given.nodes, { a: "failed" });
  assert.match(given.error?.message ?? "", /gave more than 100000 items and was left there/);
});

test("a stream in a field that nobody asks for is left alone; code of another node may read it", async (context) => {
  const source = [
    "import itertools",
    "@tool",
    "def a(x):",
    "    return {'endless': (i for i in itertools.count()), 'words': iter(['one ', 'two']), 'n': 1}",
    "",
  ].join("\n");
  const reader = "@tool\ndef b(x):\n    return [next(x['endless']), next(x['endless'])]\n";
  const files = pythonChain(source, reader);
  const outputs = ["n", "words"].map((name) => `${name}: {type: object, reference: '\${a.output.${name}}'}`);
  const flow = files["flow.dag.yaml"]?.replace("outputs: {", `outputs: {${outputs.join(", ")}, `) ?? "";
  const target = await openFiles(context, { ...files, "flow.dag.yaml": flow });
  assert.deepEqual((await runFlow(target)).outputs, { n: 1, words: "one two", o: [0, 1] });
});

test("an exception of promptflow's own classes keeps its place in their hierarchy, under its class's name", async (context) => {
  const source = [
    "from promptflow.exceptions import PromptflowException, SystemErrorException, UserErrorException, ValidationException",
    "class MyException(UserErrorException): pass",
    "class Deep(ValidationException): pass",
    "class Worse(SystemErrorException): pass",
    "@tool",
    "def a(x):",
    "    raise eval(x)",
    "",
  ].join("\n");
  const target = await openFiles(context, pythonChain(source));
  const expected: [raised: string, chain: string, message: string][] = [
    ["MyException('m')", "UserError/MyException", "m"],
    ["Deep('m')", "UserError/ValidationError/Deep", "m"],
    ["Worse(message_format='x {y}', y=1)", "SystemError/Worse", "x 1"],
    ["PromptflowException('m')", "SystemError", "m"],
    ["UserErrorException()", "UserError", "UserErrorException"],
  ];
  for (const [x, chain, message] of expected) {
    const { error } = await runFlow(target, { x });
    assert.deepEqual([error && errorChain(error), error?.message], [chain, message], x);
  }
});
