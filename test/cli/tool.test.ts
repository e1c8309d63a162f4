// `tool list` and `tool validate`, and that what is listed is what flows can use.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { packageTools } from "../../src/registry/package-tool.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const FLOW = {
  "flow.dag.yaml": `outputs: {}
nodes:
- {name: add, type: python, source: {type: code, path: add.py}, inputs: {left: 1}}
- {name: say, type: prompt, source: {type: code, path: say.jinja2}}
- {name: bad, type: python, source: {type: code, path: bad.py}}
`,
  "add.py":
    "from promptflow.core import tool\n\n@tool\ndef add(left: int, right: float = 2.0) -> float:\n    return left + right\n",
  "say.jinja2": "{{ who }}",
  "two.py":
    "from promptflow.core import tool\nfrom dataclasses import dataclass\n\n@dataclass\nclass P:\n    a: int = 1\n\n@tool\ndef one(p: P = P()) -> str:\n    return ''\n\n@tool\nasync def other(b: int):\n    return b\n\ndef plain():\n    pass\n",
  "bad.py": "def nothing():\n    pass\n",
};

test("tool list describes package tools and the files of a flow", async (context) => {
  const flow = writeFolder(context, FLOW);
  const { code, stdout, stderr } = await runHere(["tool", "list", "--flow", flow]);
  assert.equal(code, 0, stderr);
  const tools = JSON.parse(stdout) as { package: object; code: Record<string, { inputs: object; function?: string }> };
  assert.ok(Object.hasOwn(tools.package, "promptflow.tools.embedding.embedding"));
  assert.deepEqual(Object.keys(tools.code), ["add.py", "say.jinja2"]);
  assert.deepEqual(tools.code["say.jinja2"]?.inputs, { who: { type: ["string"] } });
  assert.deepEqual(Object.keys(tools.code["add.py"]?.inputs ?? {}), ["left", "right"]);
  assert.match(stderr, /^warning: .*bad\.py/m);
});

test("tool validate tells a file with a tool from one without", async (context) => {
  const flow = writeFolder(context, FLOW);
  const validate = (file: string): ReturnType<typeof runHere> =>
    runHere(["tool", "validate", "--source", path.join(flow, file)]);
  const [good, bad, none] = await Promise.all([validate("add.py"), validate("bad.py"), validate("absent.py")]);
  assert.deepEqual(JSON.parse(good.stdout), { result: "Succeeded", total_count: 1, invalid_count: 0 });
  assert.deepEqual([good.code, bad.code, none.code], [0, 1, 1]);
  const told = JSON.parse(bad.stdout) as { result: string; errors: { message: string; location: string }[] };
  assert.deepEqual([told.result, told.errors[0]?.location], ["Failed", path.join(flow, "bad.py")]);
  assert.match(told.errors[0]?.message ?? "", /No tool found/i);
  assert.match(none.stderr, /absent\.py is not a \.py file/);
  // As a package has them.
  assert.deepEqual(JSON.parse((await validate("two.py")).stdout), {
    result: "Succeeded",
    total_count: 2,
    invalid_count: 0,
  });
  const before = process.cwd();
  process.chdir(flow);
  context.after(() => process.chdir(before));
  const named = async (source: string): Promise<unknown[]> => {
    const { code, stdout } = await runHere(["tool", "validate", "--source", source]);
    const { total_count, invalid_count } = JSON.parse(stdout) as Record<string, number>;
    return [code, total_count, invalid_count];
  };
  assert.deepEqual(await named("two.other"), [0, 1, 0]);
  assert.deepEqual(await named("two.plain"), [1, 1, 1]);
  assert.deepEqual(await named("two.absent"), [1, 1, 1]);
});

test("every package tool that is listed can be used", () => {
  const usable = new Set(BUILT_IN_TOOLS.flatMap(({ id, aliases = [] }) => [id, ...aliases]));
  assert.deepEqual(
    Object.keys(packageTools()).filter((id) => !usable.has(id)),
    [],
  );
});
