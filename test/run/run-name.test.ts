// What a run is called where nobody names it.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { defaultRunName } from "../../src/run/run-info.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runs } from "./runs.ts";

// A zone in which local time is never the universal one.
process.env["TZ"] = "Asia/Kolkata";

test("a name is of folder, variant and local time, as a word of the original's form", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5, 6);
  const stamp = "20260102_030405_006000";
  const cases: [string, string | undefined, string][] = [
    ["basic", "variant_0", `basic_variant_0_${stamp}`],
    ["my-flow", "Variant.1", `my_flow_variant_1_${stamp}`],
    ["chat-basic", undefined, `chat_basic_${stamp}`],
    // The next two as the original called them.
    ["My flow \u00e9-x.v1", "variant_0", `my_flow_\u00e9_x_v1_variant_0_${stamp}`],
    ["flex dir", undefined, `flex_dir_${stamp}`],
    [" __a__b!! ", undefined, `a_b_${stamp}`],
    ["2nd", undefined, `n2nd_${stamp}`],
    ["...", undefined, `n${stamp}`],
    ["\u6d41\u7a0b", "variant_0", `\u6d41\u7a0b_variant_0_${stamp}`],
  ];
  for (const [folder, variant, name] of cases) assert.equal(defaultRunName(folder, variant, time), name);
});

const FLOW = (text: string): string => `inputs: {name: {type: string, default: x}}
outputs: {o: {type: string, reference: "\${p.output}"}}
nodes: [{name: p, use_variants: true}]
node_variants:
  p:
    default_variant_id: variant_0
    variants:
      variant_0: {node: {type: prompt, source: {type: code, path: ${text}}, inputs: {}}}
      Loud: {node: {type: prompt, source: {type: code, path: ${text}}, inputs: {}}}
`;

test("every kind of flow names its runs, a variant only for nodes", async (context) => {
  const { create, data } = runs(context);
  const root = writeFolder(context, {
    "Nodes 1/flow.dag.yaml": FLOW("p.jinja2"),
    "Nodes 1/p.jinja2": "hi",
    "flex/flow.flex.yaml": "entry: act:act\n",
    "flex/act.py": "def act(name: str = ''):\n    return name\n",
    "format-output/one.prompty":
      "---\nmodel: {api: chat, configuration: {type: openai, model: m, api_key: k, base_url: 'http://127.0.0.1:9'}}\ninputs: {name: {type: string}}\n---\nuser:\nHi {{name}}\n",
  });
  symlinkSync(path.join(root, "flex"), path.join(root, "link"));
  const file = await data([{ name: "a" }]);
  const none = await data([]);
  const made = async (flow: string, request: object = {}): Promise<[string, string]> => {
    const run = await create({ flow: path.join(root, flow), data: file, ...request });
    assert.equal(run.display_name, run.name);
    return [run.name.replace(/_\d{8}_\d{6}_\d{6}$/, "_TIME"), run.flow_name];
  };
  assert.deepEqual(await made("Nodes 1"), ["nodes_1_variant_0_TIME", "Nodes 1"]);
  assert.deepEqual(await made("Nodes 1/flow.dag.yaml"), ["nodes_1_variant_0_TIME", "Nodes 1"]);
  assert.deepEqual(await made("Nodes 1", { variant: "${p.Loud}" }), ["nodes_1_loud_TIME", "Nodes 1"]);
  for (const flow of ["flex", "flex/flow.flex.yaml", "flex/act:act", "link"])
    assert.deepEqual(await made(flow), ["flex_TIME", "flex"], flow);
  assert.deepEqual(await made("format-output/one.prompty", { data: none }), ["format_output_TIME", "one"]);
});

test("a chained and a resumed run are named by their own flow and variant, and a given name stays", async (context) => {
  const { create, data } = runs(context);
  const request = { data: await data([{ name: "a" }]) };
  const given = await create(request, { name: "Given name-1" });
  assert.deepEqual([given.name, given.display_name], ["Given name-1", "Given name-1"]);
  const chained = await create({ run: given.name });
  assert.match(chained.name, /^greet_variant_0_\d{8}_/);
  const resumed = await create({ ...request, resume_from: given.name });
  assert.match(resumed.name, /^greet_variant_0_\d{8}_/);
});

test("a display name is filled in with the variant, the run before and the time", async (context) => {
  const { create, data } = runs(context);
  const displayName = "over ${run} by ${variant_id} at ${timestamp} of ${other}";
  const file = await data([{ name: "a" }]);
  const first = await create({ data: file }, { name: "first", displayName });
  assert.match(first.display_name, /^over \$\{run\} by variant_0 at \d{12} of \$\{other\}$/);
  const second = await create({ run: "first" }, { name: "second", displayName });
  assert.match(second.display_name, /^over first by variant_0 at \d{12} of \$\{other\}$/);
  const folder = path.join(path.dirname(file), "flex");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "act.py"), "def act(name: str):\n    return name\n");
  const flex = await create({ flow: path.join(folder, "act:act"), data: file }, { displayName: "by ${variant_id}" });
  assert.equal(flex.display_name, "by ${variant_id}");
});
