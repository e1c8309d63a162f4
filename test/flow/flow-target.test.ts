import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import type { Assignment } from "../../src/flow/definition.ts";
import type { FlowPythonOptions } from "../../src/flow/flow-python.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { loadFlow } from "../../src/flow/load.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { fixtureResources, targetSuite } from "../target-suite.ts";
import { flowResources, openFiles, runFlow, writeFolder } from "./flow-folder.ts";

targetSuite("in this process", ({ directory, resources }) => openFlow({ directory, resources, tools: BUILT_IN_TOOLS }));

test("a quiet reader is told no nodes, and one that wants whole values gets them with the end alone", async () => {
  const directory = path.resolve("test/fixture/flow/echo");
  const flow = await openFlow({ directory, resources: fixtureResources(scriptedModel()), tools: BUILT_IN_TOOLS });
  const told = async (whole: boolean): Promise<{ types: string[]; outputs: unknown }> => {
    const types: string[] = [];
    let outputs: unknown;
    const call = { inputs: { text: "hello", value: 1 }, quiet: true, whole };
    for await (const event of flow.invoke(call, new AbortController().signal)) {
      types.push(event.type);
      if (event.type === "flow-end") ({ outputs } = event);
    }
    return { types, outputs };
  };
  try {
    const outputs = { said: "hello|1", value: 1 };
    assert.deepEqual(await told(false), { types: ["flow-start", "output", "output", "flow-end"], outputs });
    assert.deepEqual(await told(true), { types: ["flow-start", "flow-end"], outputs });
  } finally {
    await flow.close();
  }
});

test("a definition that a program made is refused where a reference is of no known kind", async (context) => {
  const flow = {
    "flow.dag.yaml": "nodes:\n- {name: p, type: prompt, source: {type: code, path: p.jinja2}}\n",
    "p.jinja2": "{{ v }}",
  };
  const directory = writeFolder(context, flow);
  const { definition } = loadFlow(directory);
  const [node] = definition.nodes;
  if (node) node.inputs = { v: { kind: "wrong_type" } as unknown as Assignment };
  const target = await openFlow({ directory, definition, resources: flowResources(), tools: BUILT_IN_TOOLS });
  context.after(() => target.close());
  const { error } = await runFlow(target);
  assert.equal(error?.code, "FlowNotSupported");
  assert.match(
    error?.message ?? "",
    /The type 'wrong_type' is currently unsupported\. Please choose from available types/,
  );
});

test("a variable is the caller's, in serving then the process's, then the file's; a connection that none needs is not asked for", async (context) => {
  const files = {
    "flow.flex.yaml": "entry: entry:f\nenvironment_variables: {A: file, B: file, C: file, D: '${gone.key}'}\n",
    "entry.py": "import os\ndef f():\n    return ' '.join(os.environ[name] for name in 'ABCD')\n",
  };
  const env = { PATH: process.env["PATH"], A: "process", B: "process", D: "process" };
  const environmentVariables = { A: "caller" };
  const said = async (python: FlowPythonOptions): Promise<unknown> =>
    (await runFlow(await openFiles(context, files, { python }))).outputs?.["output"];
  assert.equal(await said({ env, environmentVariables, keepEnvironment: true }), "caller process file process");
  assert.equal(
    await said({ env, environmentVariables: { ...environmentVariables, D: "given" } }),
    "caller file file given",
  );
});
