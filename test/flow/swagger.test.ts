// What `/swagger.json` says of each kind of flow, as the original was seen to say it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { swagger } from "../../src/flow/swagger.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { parseScoreRequest } from "../../src/endpoint/score-request.ts";
import { openFiles, runFlow } from "./flow-folder.ts";

type Fields = Record<string, Record<string, unknown>>;

interface Told {
  info: Record<string, unknown>;
  inputs: Fields;
  outputs: Fields | undefined;
}

async function told(context: TestContext, files: Record<string, string>): Promise<Told> {
  const { signature } = await openFiles(context, files, { model: scriptedModel() });
  const { info, paths } = swagger(signature) as { info: Told["info"]; paths: { "/score": { post: object } } };
  type Content = { content: { "application/json": { schema: { properties?: Fields } } } };
  const { requestBody, responses } = paths["/score"].post as { requestBody: Content; responses: { "200": Content } };
  const { title: _title, version: _version, "x-flow-name": _name, ...marks } = info;
  return {
    info: marks,
    inputs: requestBody.content["application/json"].schema.properties ?? {},
    outputs: responses["200"].content["application/json"].schema.properties,
  };
}

test("a function's defaults are Python's text of them; null and empty text are none", async (context) => {
  const { inputs, outputs } = await told(context, {
    "flow.flex.yaml": "entry: entry:ask\n",
    "entry.py": `
import enum
class Kind(enum.Enum):
    ONE = 1
def ask(a: str, b: int = 0, k=Kind.ONE, c: float = 1.0, d: bool = True, e: list = ["x"], f=None, g="", h: dict = {"x": 1}):
    return a
`,
  });
  assert.deepEqual(inputs, {
    a: { type: "string" },
    b: { type: "integer", default: "0" },
    k: { type: "string", default: 1 },
    c: { type: "number", default: "1.0" },
    d: { type: "boolean", default: "True" },
    e: { type: "array", items: { type: "object", additionalProperties: {} }, default: "['x']" },
    f: { type: "object", additionalProperties: {} },
    g: { type: "string" },
    h: { type: "object", additionalProperties: {}, default: "{'x': 1}" },
  });
  assert.equal(outputs, undefined);
});

test("a function's ports are told as its code has them, whatever its file says of inputs; outputs are the file's where the code has none", async (context) => {
  const declared = `
entry: entry:ask
inputs:
  b: {type: string, default: from the file, description: No matter}
  a: {type: int, is_chat_input: true, default: 1}
outputs:
  output: {type: object, description: What is said, is_chat_output: true}
`;
  const plain = { "flow.flex.yaml": declared, "entry.py": "def ask(a: str, b: int = 3) -> str:\n    return a\n" };
  const { info, inputs, outputs } = await told(context, plain);
  assert.deepEqual(inputs, { a: { type: "string" }, b: { type: "integer", default: "3" } });
  assert.deepEqual(Object.keys(inputs), ["a", "b"]);
  assert.deepEqual(info, { "x-chat-output": "output" });
  assert.deepEqual(outputs, {
    output: { type: "object", additionalProperties: {}, description: "What is said" },
  });
  const { signature } = await openFiles(context, plain);
  assert.throws(() => parseScoreRequest(signature, Buffer.from('{"b": 2}')), /input fields \['a'\] are missing/);
  assert.deepEqual(parseScoreRequest(signature, Buffer.from('{"a": "x"}')), { a: "x" });

  const fields =
    "from typing import TypedDict\nclass R(TypedDict):\n    x: str\n    n: float\ndef ask() -> R:\n    pass\n";
  const composed = await told(context, { "flow.flex.yaml": declared, "entry.py": fields });
  assert.deepEqual(composed.outputs, { x: { type: "string" }, n: { type: "number" } });
  // No inputs in the code: those of the file stand.
  assert.deepEqual(composed.info, { "x-flow-type": "chat", "x-chat-input": "a" });
  assert.deepEqual(composed.inputs["b"], { type: "string", default: "from the file", description: "No matter" });
});

test("an output for evaluation only is neither promised by a function's flow nor by a graph", async (context) => {
  const { outputs } = await told(context, {
    "flow.flex.yaml": "entry: entry:ask\noutputs: {x: {type: int}, y: {type: list, evaluation_only: true}}\n",
    "entry.py": "def ask(a: str):\n    return {'x': 1, 'y': [2]}\n",
  });
  assert.deepEqual(outputs, { x: { type: "integer" } });
});

test("of chat marks the last counts, and a history that only its name tells is not marked", async (context) => {
  const flow = (history: string): Record<string, string> => ({
    "flow.dag.yaml": [
      "inputs:",
      "  q: {type: string, is_chat_input: true}",
      "  r: {type: string, is_chat_input: true}",
      `  chat_history: {type: list${history}}`,
      "outputs:",
      "  a: {type: string, reference: '${inputs.q}', is_chat_output: true}",
      "  b: {type: string, reference: '${inputs.q}', is_chat_output: true}",
    ].join("\n"),
  });
  const marks = { "x-flow-type": "chat", "x-chat-input": "r", "x-chat-output": "b" };
  assert.deepEqual((await told(context, flow(""))).info, marks);
  const marked = await told(context, flow(", is_chat_history: true"));
  assert.deepEqual(marked.info, { ...marks, "x-chat-history": "chat_history" });
});

test("a prompty's inputs are described; its outputs are those that its head names", async (context) => {
  const { info, inputs, outputs } = await told(context, {
    "ask.prompty": "---\nmodel: {}\ninputs: {q: {type: string, description: What to ask}}\n---\nuser:\n{{q}}\n",
  });
  assert.deepEqual(info, {});
  assert.deepEqual(inputs, { q: { type: "string", description: "What to ask" } });
  assert.equal(outputs, undefined);
  const head = "inputs: {i: {type: image}}\noutputs: {answer: {type: string, is_chat_output: true}}";
  const named = await told(context, { "ask.prompty": `---\nmodel: {}\n${head}\n---\nuser:\n{{i}}\n` });
  assert.deepEqual(named, {
    info: { "x-chat-output": "answer" },
    inputs: { i: { type: "object" } },
    outputs: { answer: { type: "string" } },
  });
});

test("inputs that only a prompty's sample has may all be left out: the sample stands in", async (context) => {
  const model = scriptedModel();
  const sampled = { "ask.prompty": "---\nmodel: {}\nsample: {q: Why?}\n---\nuser:\n{{q}}\n" };
  const target = await openFiles(context, sampled, { model });
  const inputs = parseScoreRequest(target.signature, Buffer.from("{}"));
  assert.deepEqual((await runFlow(target, inputs)).outputs, { output: "Why?" });
  const declared = { "ask.prompty": sampled["ask.prompty"].replace("sample", "inputs: {q: {type: string}}\nsample") };
  const { signature } = await openFiles(context, declared, { model });
  assert.throws(() => parseScoreRequest(signature, Buffer.from("{}")), /Required input fields \['q'\] are missing/);
});
