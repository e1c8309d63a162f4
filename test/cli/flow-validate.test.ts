// `flow validate` as its user meets it: all faults at once with file and line, an exit code for scripts, flow.tools.json.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { CommandResult } from "../e2e/system.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";
import { SAY_VARIANTS } from "./variant.ts";

interface Finding {
  message: string;
  path?: string;
  value?: string;
  location?: string;
  yaml_path?: string;
  local_path?: string;
}

interface Validation {
  result: string;
  errors?: Finding[];
  warnings?: Finding[];
}

async function validate(
  context: TestContext,
  files: Record<string, string>,
): Promise<CommandResult & { flow: string; validation: Validation }> {
  const flow = writeFolder(context, files);
  const result = await runHere(["flow", "validate", "--source", flow, "--home", path.join(flow, ".home")]);
  assert.equal(result.stderr, "");
  return { ...result, flow, validation: JSON.parse(result.stdout) as Validation };
}

const GOOD = {
  "flow.dag.yaml": `inputs:
  name: {type: string}
outputs:
  text: {type: string, reference: "\${count.output}"}
nodes:
- name: say
  use_variants: true
- name: count
  type: python
  source: {type: code, path: count.py}
  inputs: {text: "\${say.output}"}
${SAY_VARIANTS}`,
  "plain.jinja2": "Hello {{ name }}",
  "loud.jinja2": "HELLO {{ name }}",
  "count.py": `from promptflow.core import tool

@tool
def count(text: str, least: int = 1) -> int:
    return max(least, len(text))
`,
};

test("a sound flow succeeds, and flow.tools.json describes the files of all variants", async (context) => {
  const { code, validation, flow } = await validate(context, GOOD);
  assert.deepEqual([code, validation], [0, { result: "Succeeded" }]);
  const tools = JSON.parse(readFileSync(path.join(flow, ".promptflow/flow.tools.json"), "utf8")) as {
    package: object;
    code: Record<string, { type: string; inputs: Record<string, { type: string[]; default?: string }> }>;
  };
  assert.deepEqual(tools.package, {});
  assert.deepEqual(Object.keys(tools.code).toSorted(), ["count.py", "loud.jinja2", "plain.jinja2"]);
  assert.deepEqual(tools.code["count.py"]?.inputs, {
    text: { type: ["string"] },
    least: { type: ["int"], default: "1" },
  });
});

test("all faults are told at once, each with its place; the exit code is 1", async (context) => {
  const { code, validation, flow } = await validate(context, {
    ...GOOD,
    "flow.dag.yaml": GOOD["flow.dag.yaml"].replace("${count.output}", "${sum.output}"),
    "loud.jinja2": "HELLO\n{{ name ",
    "count.py": `${GOOD["count.py"]}\nraise RuntimeError("no")\n`,
  });
  assert.deepEqual([code, validation.result, validation.warnings], [1, "Failed", undefined]);
  const [output, python, template, ...more] = validation.errors ?? [];
  assert.equal(more.length, 0);
  const file = path.join(flow, "flow.dag.yaml");
  assert.match(output?.message ?? "", /references non-existent node 'sum'/);
  assert.deepEqual([output?.path, output?.location], ["outputs.text", `${file}:4`]);
  // As scripts for the original look for it.
  assert.deepEqual([output?.yaml_path, output?.local_path], [output?.path, output?.location]);
  assert.match(python?.message ?? "", /\(PythonLoadError\).*\(RuntimeError\) no/);
  assert.deepEqual([python?.path, python?.value], ["nodes.1.source.path", "count.py"]);
  assert.match(template?.message ?? "", /TemplateSyntaxError|JinjaParsingError/);
  assert.deepEqual(
    [template?.path, template?.location],
    ["node_variants.say.variants.loud.node.source.path", `${path.join(flow, "loud.jinja2")}:2`],
  );
});

test("a prompty is validated and built; a fault in its template is told", async (context) => {
  const head =
    "---\nmodel:\n  api: chat\n  configuration: {type: openai, model: any}\ninputs:\n  name: {type: string}\n---\n";
  const folder = writeFolder(context, {
    "good.prompty": `${head}system:\nHello {{ name }}\n`,
    "bad.prompty": `${head}system:\nHello\n{% if name %}\n`,
  });
  const home = ["--home", path.join(folder, ".home")];
  const source = (name: string): string[] => ["--source", path.join(folder, name), ...home];
  const good = await runHere(["flow", "validate", ...source("good.prompty")]);
  assert.deepEqual([good.code, (JSON.parse(good.stdout) as Validation).result], [0, "Succeeded"], good.stdout);
  const bad = await runHere(["flow", "validate", ...source("bad.prompty")]);
  const { result, errors } = JSON.parse(bad.stdout) as Validation;
  assert.deepEqual([bad.code, result, errors?.length], [1, "Failed", 1], bad.stdout);
  assert.match(errors?.[0]?.message ?? "", /TemplateSyntaxError: Unexpected end of template/);
  const output = path.join(folder, "dist");
  const built = await runHere(["flow", "build", ...source("good.prompty"), "--output", output]);
  assert.equal(built.code, 0, built.stderr);
  assert.ok(existsSync(path.join(output, "Dockerfile")));
  assert.ok(existsSync(path.join(output, "flow/good.prompty")));
});

test("a file that cannot be read is a failed validation, a folder without flow a wrong word", async (context) => {
  const { code, validation, flow } = await validate(context, { "flow.dag.yaml": "nodes:\n- name: a\n  type: [\n" });
  assert.deepEqual([code, validation.result, validation.errors?.length], [1, "Failed", 1]);
  assert.match(validation.errors?.[0]?.message ?? "", /flow\.dag\.yaml:\d+:\d+: /);
  assert.equal(existsSync(path.join(flow, ".promptflow")), false);
  const empty = await validate(context, { "flow.dag.yaml": "# nothing yet\n" });
  assert.deepEqual(
    [empty.code, /flow\.dag\.yaml is empty/.test(empty.validation.errors?.[0]?.message ?? "")],
    [1, true],
  );
  const none = await runHere(["flow", "validate", "--source", "no-such-folder"]);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
  assert.match(none.stderr, /Flow path no-such-folder does not exist/);
});

test("a connection that this machine does not have is a warning: it may be where the flow will run", async (context) => {
  const { code, validation } = await validate(context, {
    "flow.dag.yaml": `
outputs:
  text: {type: string, reference: "\${ask.output}"}
nodes:
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {deployment_name: gpt}
  connection: elsewhere
  api: chat
`,
    "ask.jinja2": "# user:\nHello",
  });
  assert.deepEqual([code, validation.result, validation.errors], [0, "Succeeded", undefined]);
  assert.match(validation.warnings?.[0]?.message ?? "", /'elsewhere' is not found/);
  assert.match(validation.warnings?.[0]?.location ?? "", /flow\.dag\.yaml:5$/);
});
