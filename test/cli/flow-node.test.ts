// `flow test --node`, and the files that every test leaves in `.promptflow`.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { CommandResult } from "../e2e/system.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const FLOW = {
  "flow.dag.yaml": `
inputs:
  name: {type: string, default: Ada}
outputs:
  text: {type: string, reference: "\${greet.output}"}
nodes:
- name: look
  type: prompt
  source: {type: code, path: look.jinja2}
  inputs: {name: "\${inputs.name}"}
- name: greet
  type: prompt
  use_variants: true
node_variants:
  greet:
    default_variant_id: plain
    variants:
      plain: {node: {type: prompt, source: {type: code, path: plain.jinja2}, inputs: {title: "\${look.output}", who: "\${inputs.name}"}}}
      part: {node: {type: prompt, source: {type: code, path: plain.jinja2}, inputs: {title: "\${look.output.title}", who: "\${inputs.name}"}}}
`,
  "look.jinja2": "Countess of {{ name }}",
  "plain.jinja2": "{{ title }}: {{ who }}",
};

const flowTest = (flow: string, ...more: string[]): Promise<CommandResult> =>
  runHere(["flow", "test", "--flow", flow, ...more, "--home", path.join(flow, ".home")]);
const read = (folder: string, name: string): unknown =>
  JSON.parse(readFileSync(path.join(folder, ".promptflow", name), "utf8"));

test("a node runs alone with outputs of other nodes given, and keeps its own record", async (context) => {
  const flow = writeFolder(context, { ...FLOW, "in.json": '{"look.output": {"title": "Dr."}, "flow.name": "Eve"}' });
  const words = await flowTest(flow, "--node", "greet", "--inputs", "look.output=Lady", "name=Grace");
  assert.deepEqual([words.code, words.stdout], [0, "Lady: Grace\n"], words.stderr);
  const folder = path.join(flow, ".promptflow");
  assert.deepEqual(readdirSync(folder).toSorted(), [
    "flow-greet.node.detail.json",
    "flow-greet.node.metrics.json",
    "flow-greet.node.output.json",
    "greet.node.log",
  ]);
  assert.equal(read(flow, "flow-greet.node.output.json"), "Lady: Grace");
  const detail = read(flow, "flow-greet.node.detail.json") as { flow_runs: []; node_runs: { inputs: object }[] };
  assert.deepEqual(detail.flow_runs, []);
  assert.deepEqual(detail.node_runs[0]?.inputs, { title: "Lady", who: "Grace" });
  const [defaults, file, json] = await Promise.all([
    flowTest(flow, "--node", "greet", "--inputs", "title=Miss"),
    flowTest(flow, "--node", "greet", "--inputs", path.join(flow, "in.json"), "--variant", "${greet.part}"),
    flowTest(flow, "--node", "look", "--json"),
  ]);
  assert.equal(defaults.stdout, "Miss: Ada\n");
  assert.equal(file.stdout, "Dr.: Eve\n");
  assert.deepEqual([json.stdout, json.stderr], ['"Countess of Ada"\n', ""]);
});

test("a node that is not there, and inputs that are missing or of no use, are told", async (context) => {
  const flow = writeFolder(context, FLOW);
  const [noNode, missing, useless] = await Promise.all([
    flowTest(flow, "--node", "gret"),
    flowTest(flow, "--node", "greet"),
    flowTest(flow, "--node", "look", "--inputs", "nam=x"),
  ]);
  assert.deepEqual([noNode.code, missing.code, useless.code], [1, 1, 0]);
  assert.match(noNode.stderr, /Cannot find gret in the flow\. Its nodes: look, greet/);
  assert.match(missing.stderr, /look/);
  assert.match(useless.stderr, /warning: node look has no use for nam; it takes name/);
});

test("a test leaves its record in .promptflow, by variant; --detail puts it elsewhere", async (context) => {
  const flow = writeFolder(context, FLOW);
  assert.equal((await flowTest(flow)).code, 0);
  assert.deepEqual(read(flow, "flow.output.json"), { text: "Countess of Ada: Ada" });
  assert.deepEqual(read(flow, "flow.metrics.json"), {});
  const detail = read(flow, "flow.detail.json") as { flow_runs: { status: string }[]; node_runs: { node: string }[] };
  assert.equal(detail.flow_runs[0]?.status, "Completed");
  assert.deepEqual(
    detail.node_runs.map(({ node }) => node),
    ["look", "greet"],
  );
  const log = readFileSync(path.join(flow, ".promptflow/flow.log"), "utf8");
  assert.match(log, /^\S+Z INFO {4}look: completed in .*\n\S+Z INFO {4}greet: completed in .*\n$/);
  await flowTest(flow, "--variant", "${greet.plain}");
  assert.deepEqual(read(flow, "flow-greet-plain.output.json"), { text: "Countess of Ada: Ada" });
  // One log, of the last test, whatever was tested.
  assert.notEqual(readFileSync(path.join(flow, ".promptflow/flow.log"), "utf8"), log);
  assert.equal(existsSync(path.join(flow, ".promptflow/flow-greet-plain.log")), false);
  const other = writeFolder(context, FLOW);
  await flowTest(other, "--detail", path.join(other, "elsewhere"));
  assert.deepEqual(
    [existsSync(path.join(other, ".promptflow")), existsSync(path.join(other, "elsewhere/flow.detail.json"))],
    [false, true],
  );
});

test("where the folder cannot be written, the test runs all the same and says so once", async (context) => {
  const flow = writeFolder(context, FLOW);
  // A file where the folder would be: root, too, cannot write into it.
  writeFileSync(path.join(flow, ".promptflow"), "");
  const [told, quiet] = await Promise.all([flowTest(flow), flowTest(flow, "--json")]);
  assert.deepEqual([told.code, quiet.code, quiet.stderr], [0, 0, ""]);
  assert.equal(told.stderr.match(/note: the record of this test is not kept/g)?.length, 1);
  assert.deepEqual(JSON.parse(told.stdout), { text: "Countess of Ada: Ada" });
});
