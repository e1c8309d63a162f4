// `flow init`: what it makes runs at once, and nothing of a person's own is replaced unasked.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseYaml } from "../../src/base/yaml.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const OUTPUTS: Record<string, RegExp> = {
  chat: /"answer": "A prompt flow is a folder with a flow\.dag\.yaml/,
  standard: /"answer": "The library opens at nine in the morning/,
  evaluation: /"grade": "Correct"/,
};

test("a new flow of each type passes its test with the built-in model", async (context) => {
  const folder = writeFolder(context, {});
  for (const [type, outputs] of Object.entries(OUTPUTS)) {
    const flow = path.join(folder, type);
    const made = await runHere(["flow", "init", "--flow", flow, "--type", type]);
    assert.deepEqual([made.code, made.stdout.startsWith(`flowstead flow test --flow ${flow}`)], [0, true], made.stderr);
    const ran = await runHere(["flow", "test", "--flow", flow, "--home", path.join(folder, "home")]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, outputs);
  }
  const metrics = readFileSync(path.join(folder, "evaluation/.promptflow/flow.metrics.json"), "utf8");
  assert.deepEqual(JSON.parse(metrics), { accuracy: 1 });
});

test("files that are there are replaced only with --yes; --json says what was made", async (context) => {
  const flow = writeFolder(context, { "flow.dag.yaml": "mine" });
  const [refused, unknown] = await Promise.all([
    runHere(["flow", "init", "--flow", flow]),
    runHere(["flow", "init", "--flow", flow, "--type", "chatt"]),
  ]);
  assert.deepEqual([refused.code, unknown.code], [1, 2]);
  assert.match(refused.stderr, /has flow\.dag\.yaml already.*--yes/);
  assert.match(unknown.stderr, /Allowed choices are standard, chat, evaluation/);
  assert.equal(readFileSync(path.join(flow, "flow.dag.yaml"), "utf8"), "mine");
  const made = await runHere(["flow", "init", "--flow", flow, "-y", "--json"]);
  const said = JSON.parse(made.stdout) as { type: string; files: string[] };
  assert.deepEqual([said.type, said.files.includes("flow.dag.yaml")], ["standard", true]);
  writeFileSync(path.join(flow, "file"), "");
  assert.match((await runHere(["flow", "init", "--flow", path.join(flow, "file")])).stderr, /is a file/);
});

test("--connection makes a flow that names its model, as connections of one's own and the original need it", async (context) => {
  const model = await fakeModel(context);
  const folder = writeFolder(context, {
    "flowstead.yaml": `connections:
  "no": {type: azure_open_ai, api_base: "${model.url}", api_key: key, api_version: "2024-02-01"}
  mine: {type: open_ai, base_url: "${model.url}/v1", api_key: key}
`,
  });
  const config = ["--config", path.join(folder, "flowstead.yaml"), "--home", path.join(folder, "home")];
  const init = (flow: string, ...words: string[]): ReturnType<typeof runHere> =>
    runHere(["flow", "init", "--flow", path.join(folder, flow), ...words]);
  await init("chat", "--type", "chat", "--connection", "no", "--deployment", "my-gpt");
  await init("standard", "--connection", "mine");
  for (const [flow, names] of [
    ["chat", { connection: "no", model: "my-gpt" }],
    ["standard", { connection: "mine", model: "gpt-4o-mini" }],
  ] as const) {
    const ran = await runHere(["flow", "test", "--flow", path.join(folder, flow), ...config]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /"answer": "MOCK:/);
    const { connection, inputs } = llmNode(path.join(folder, flow, "flow.dag.yaml"));
    // OpenAI takes the one and Azure OpenAI the other; the original asks for it when it is not there.
    assert.deepEqual({ connection, model: inputs["model"] }, names);
    assert.equal(inputs["deployment_name"], names.model);
  }
  const asked = model.journal.entries.map(({ path: asked, body }) => [
    asked.split("?")[0],
    (body as { model?: string }).model,
  ]);
  assert.deepEqual(asked[0]?.[0], "/openai/deployments/my-gpt/chat/completions");
  assert.deepEqual(asked[1], ["/v1/chat/completions", "gpt-4o-mini"]);
  for (const file of ["openai.yaml", "azure_openai.yaml"])
    assert.match(readFileSync(path.join(folder, "chat", file), "utf8"), /^name: "no"$/m);

  await init("plain");
  const plain = llmNode(path.join(folder, "plain/flow.dag.yaml"));
  assert.deepEqual(
    [plain.connection, "model" in plain.inputs, "deployment_name" in plain.inputs],
    ["default", false, false],
  );
  const idle = await init("evaluation", "--type", "evaluation", "--connection", "mine");
  assert.deepEqual([idle.code, /^warning: an evaluation flow asks no model/m.test(idle.stderr)], [0, true]);
});

function llmNode(file: string): { connection: string; inputs: Record<string, unknown> } {
  const { nodes } = parseYaml(readFileSync(file, "utf8")).value as {
    nodes: (ReturnType<typeof llmNode> & { type: string })[];
  };
  return nodes.find(({ type }) => type === "llm") ?? assert.fail("no llm node");
}
