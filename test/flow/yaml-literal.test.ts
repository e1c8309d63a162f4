// Literals of a flow's file that JSON has no word for, from the file to whoever gets them. What is expected was seen of the
// original; a mapping of one entry whose key is no text, which it refuses as a broken image, is taken here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openFiles, runFlow } from "./flow-folder.ts";

const INPUTS = [
  "inputs:",
  "  d: {type: object, default: 2024-01-01}",
  "  l: {type: list, default: [2024-01-01, {3: x, 1: y}]}",
  "  s: {type: string, default: 2024-01-01}",
];
const LITERALS = "lit: 2024-05-06, ts: 2024-05-06T01:02:03Z, m: {2: b, 1: 2024-01-01}, o: {2: b, 1: a}";

test("dates and keys that are no texts reach Python as they are, and templates; TypeScript gets texts", async (context) => {
  const node = (name: string, type: string, file: string): string =>
    `- {name: ${name}, type: ${type}, source: {type: code, path: ${file}}, inputs: {d: '\${inputs.d}', l: '\${inputs.l}', s: '\${inputs.s}', ${LITERALS}}}`;
  const target = await openFiles(context, {
    "flow.dag.yaml": [
      ...INPUTS,
      "outputs:",
      ...["py", "tpl", "ts"].map((name) => `  ${name}: {type: object, reference: '\${${name}.output}'}`),
      "  o: {type: object, reference: {2: b, 1: a}}",
      "nodes:",
      node("py", "python", "py.py"),
      node("tpl", "prompt", "t.jinja2"),
      node("ts", "typescript", "t.ts"),
      "",
    ].join("\n"),
    "py.py": [
      "from promptflow.core import tool",
      "@tool",
      "def py(d, l, lit, ts, m, o, s: str):",
      "    return repr([d, l, s, lit, ts, str(ts), m, o])",
      "",
    ].join("\n"),
    "t.jinja2":
      "{{d}}|{{l}}|{{lit}}|{{ts}}|{{m}}|{{m[2]}}|{{lit.year}}|{{lit.isoformat()}}|{{o.keys()|list}}|{% for k in m %}{{k}},{% endfor %}",
    "t.ts":
      "export function ts(d: unknown, l: unknown, lit: unknown, ts: unknown, m: unknown, o: unknown, s: string): unknown {\n" +
      "  return { d, l, lit, ts, m, o, s };\n}\n",
  });
  const { outputs, error } = await runFlow(target, {});
  assert.equal(error, undefined);
  assert.deepEqual(outputs, {
    py:
      "[datetime.date(2024, 1, 1), [datetime.date(2024, 1, 1), {3: 'x', 1: 'y'}], '2024-01-01', datetime.date(2024, 5, 6), " +
      "TimeStamp(2024, 5, 6, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(0), 'Z')), '2024-05-06T01:02:03+00:00', " +
      "{2: 'b', 1: datetime.date(2024, 1, 1)}, {2: 'b', 1: 'a'}]",
    tpl:
      "2024-01-01|[datetime.date(2024, 1, 1), {3: 'x', 1: 'y'}]|2024-05-06|2024-05-06T01:02:03+00:00|" +
      "{2: 'b', 1: datetime.date(2024, 1, 1)}|b|2024|2024-05-06|[2, 1]|2,1,",
    ts: {
      d: "2024-01-01",
      l: ["2024-01-01", { 1: "y", 3: "x" }],
      s: "2024-01-01",
      lit: "2024-05-06",
      ts: "2024-05-06T01:02:03+00:00",
      m: { 1: "2024-01-01", 2: "b" },
      o: { 1: "a", 2: "b" },
    },
    o: { 1: "a", 2: "b" },
  });
});

test("a date is compared as a date, and is no output of a flow", async (context) => {
  const flow = (is: string): Record<string, string> => ({
    "flow.dag.yaml": [
      "inputs: {d: {type: object, default: 2024-01-01}, m: {type: object, default: {2: b, 1: a}}}",
      "outputs: {o: {type: object, reference: '${a.output}'}, d: {type: object, reference: '${inputs.d}'}}",
      "nodes:",
      `- {name: a, type: prompt, source: {type: code, path: t.jinja2}, inputs: {}, activate: {when: '\${inputs.d}', is: ${is}}}`,
      "- {name: b, type: prompt, source: {type: code, path: t.jinja2}, inputs: {}, activate: {when: '${inputs.m}', is: {1.0: a, 2: b}}}",
      "",
    ].join("\n"),
    "t.jinja2": "ran",
  });
  const { error, nodes } = await runFlow(await openFiles(context, flow("2024-01-01")), {});
  assert.deepEqual(nodes, { a: "completed", b: "completed" });
  assert.equal(error?.code, "FlowOutputUnserializable");
  assert.match(error.message, /\(TypeError\) Object of type date is not JSON serializable/);
  const text = await runFlow(await openFiles(context, flow("'2024-01-01'")), { d: "x" });
  assert.deepEqual(text.nodes, { a: "bypassed", b: "completed" });
  assert.deepEqual(text.outputs, { o: null, d: "x" });
});
