import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, runFlow, writeFolder } from "./flow-folder.ts";

const FILES = {
  "shared/hello.jinja2": "hello {{ who }}",
  "shared/deep/data.txt": "deep",
  "shared/__pycache__/x.pyc": "no",
  "flow/own.jinja2": "own",
  "flow/hello.jinja2": "overwritten",
  "flow/list.py": [
    "import os, zipfile",
    "from promptflow.core import tool",
    "@tool",
    "def names():",
    "    found = sorted(os.path.relpath(os.path.join(d, f)) for d, _, fs in os.walk('.') for f in fs if not f.startswith('list.'))",
    "    return {'files': found, 'zip': zipfile.ZipFile('shared.zip').namelist(), 'text': open('linked.txt').read()}",
    "",
  ].join("\n"),
};

function flow(includes: string[]): string {
  return [
    `additional_includes: ${JSON.stringify(includes)}`,
    "outputs: {hello: {type: string, reference: '${hello.output}'}, names: {type: object, reference: '${names.output}'}}",
    "nodes:",
    "- {name: hello, type: prompt, source: {path: hello.jinja2}, inputs: {who: you}}",
    "- {name: names, type: python, source: {path: list.py}}",
    "",
  ].join("\n");
}

async function open(context: TestContext, includes: string[]) {
  const root = writeFolder(context, { ...FILES, "flow/flow.dag.yaml": flow(includes), "away/linked.txt": "linked" });
  symlinkSync(path.join(root, "away/linked.txt"), path.join(root, "flow/linked.txt"));
  mkdirSync(path.join(root, "flow/.promptflow"));
  writeFileSync(path.join(root, "flow/.promptflow/flow.log"), "");
  const target = await openFlow({
    directory: path.join(root, "flow"),
    tools: BUILT_IN_TOOLS,
    resources: flowResources(),
    python: { env: { PATH: process.env["PATH"] } },
  });
  context.after(() => target.close());
  return target;
}

test("files, folders and archives are merged into a copy that goes with the flow", async (context) => {
  const target = await open(context, ["../shared/hello.jinja2", "../shared", "../shared.zip"]);
  const { outputs, error, warnings } = await runFlow(target);
  assert.equal(error, undefined);
  assert.equal(outputs?.["hello"], "hello you");
  assert.deepEqual(outputs?.["names"], {
    files: [
      "flow.dag.yaml",
      "hello.jinja2",
      "linked.txt",
      "own.jinja2",
      "shared.zip",
      "shared/deep/data.txt",
      "shared/hello.jinja2",
    ],
    zip: ["shared/", "shared/deep/", "shared/deep/data.txt", "shared/hello.jinja2"],
    text: "linked",
  });
  assert.match(warnings.join(), /Found duplicate file in additional includes.*will overwrite hello\.jinja2/);
  const copy = target.directory;
  assert.ok(existsSync(copy));
  await target.close();
  assert.ok(!existsSync(copy), "the copy is gone");
});

test("an include that is not there is named", async (context) => {
  await assert.rejects(open(context, ["../nowhere.py"]), {
    code: "IncludeNotFound",
    message: "flow.dag.yaml: Unable to find additional include ../nowhere.py",
  });
});
