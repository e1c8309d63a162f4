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

interface Told {
  result: string;
  total_count: number;
  invalid_count: number;
  errors?: { message: string; function_name?: string; location: string }[];
}

async function validate(source: string): Promise<Told & { code: number; stderr: string }> {
  const { code, stdout, stderr } = await runHere(["tool", "validate", "--source", source]);
  return { code, stderr, ...(stdout === "" ? {} : JSON.parse(stdout)) };
}

const counts = ({ code, total_count, invalid_count }: Awaited<ReturnType<typeof validate>>): number[] => [
  code,
  total_count,
  invalid_count,
];

const HEAD = "from promptflow.core import tool\n";

test("tool validate reads every tool of a file: functions, methods of classes, those that take templates", async (context) => {
  const folder = writeFolder(context, {
    ...FLOW,
    "three.py": `${HEAD}from promptflow.core import ToolProvider
from promptflow.contracts.types import PromptTemplate
from promptflow.entities import InputSetting, DynamicList, GeneratedBy

@tool(name="three")
def own(a: str) -> str:
    return a

class Provider(ToolProvider):
    def __init__(self, b: int):
        self.b = b

    @tool
    def three(self, a: str) -> str:
        return a

@tool(type="custom_llm")
def ask(prompt: PromptTemplate, **kwargs) -> str:
    return prompt

def make(kind: str = "", size: int = 1) -> str:
    return kind

def back(made: str) -> dict:
    return {}

def kinds() -> list:
    return []

SETTING = GeneratedBy(make, back, {"kind": InputSetting(dynamic_list=DynamicList(function=kinds))})

@tool(input_settings={"made": InputSetting(generated_by=SETTING)})
def generated(made: str) -> str:
    return made
`,
  });
  const at = (name: string): string => path.join(folder, name);
  assert.deepEqual(counts(await validate(at("add.py"))), [0, 1, 0]);
  assert.deepEqual(counts(await validate(at("two.py"))), [0, 2, 0]);
  assert.deepEqual(counts(await validate(at("three.py"))), [0, 4, 0]);
  const none = await validate(at("bad.py"));
  assert.deepEqual(counts(none), [0, 0, 0]);
  assert.match(none.stderr, /^warning: .*bad\.py has no tool/);
  assert.match((await validate(at("absent.py"))).stderr, /absent\.py: there is no such file/);
  assert.match((await validate(at("flow.dag.yaml"))).stderr, /flow\.dag\.yaml is no Python file/);
});

test("tool validate says what is wrong with which function, and where a file cannot be read", async (context) => {
  const folder = writeFolder(context, {
    "wrong.py": `${HEAD}from promptflow.entities import InputSetting

@tool(name=1, description=2)
def named(a: str):
    pass

@tool(tool_state="old", category="x")
def state(a: str):
    pass

@tool(input_settings={"a": InputSetting(enabled_by="c"), "b": InputSetting(allow_manual_entry=True)})
def settings(a: str):
    pass

@tool(input_settings={"a": InputSetting(is_multi_select="yes")})
def setting(a: str):
    pass

@tool(icon="absent.png")
def picture(a: str):
    pass

@tool
def right(a: str):
    pass
`,
    "broken.py": `${HEAD}\nimport json\njson.loads("{")\n`,
  });
  const file = path.join(folder, "wrong.py");
  const told = await validate(file);
  assert.deepEqual([told.result, ...counts(told)], ["Failed", 1, 6, 5]);
  assert.deepEqual(new Set(told.errors?.map(({ location }) => location)), new Set([file]));
  const messages = told.errors?.map(({ function_name, message }) => `${function_name}: ${message.split("\n")[0]}`);
  assert.deepEqual(messages, [
    "named: 1 is not of type 'string'",
    "picture: Cannot find the icon path absent.png.",
    "setting: 'yes' is not of type 'boolean'",
    `settings: Cannot find the input "c" for the enabled_by of a.`,
    "settings: Cannot find b in tool inputs.",
    "state: 'old' is not one of ['stable', 'preview', 'deprecated']",
  ]);
  assert.equal(
    told.errors?.[0]?.message,
    "1 is not of type 'string'\n\nFailed validating 'type' in schema['properties']['name']:\n    {'type': 'string'}\n\nOn instance['name']:\n    1",
  );
  const broken = await validate(path.join(folder, "broken.py"));
  assert.deepEqual(counts(broken), [1, 1, 1]);
  assert.equal(broken.errors?.[0]?.location, `${path.join(folder, "broken.py")}:4`);
  assert.match(broken.errors?.[0]?.message ?? "", /JSONDecodeError/);
});

test("tool validate takes a folder, an installed package, a class and a function", async (context) => {
  const folder = writeFolder(context, {
    "setup.py": "raise SystemExit('built')\n",
    "alone.py": `${HEAD}\n@tool\ndef alone(a: str):\n    pass\n`,
    "kit/__init__.py": "",
    "kit/__main__.py": "raise SystemExit('run')\n",
    "kit/word.py": "WORD = 'word'\n",
    "kit/deep/__init__.py": "",
    "kit/deep/says.py": `${HEAD}from promptflow.core import ToolProvider
from ..word import WORD

@tool
def says(a: str):
    return WORD

def plain():
    pass

class Two(ToolProvider):
    @tool
    def one(self, a: str):
        pass

    @tool(name=2)
    def other(self, a: str):
        pass
`,
    "kit-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: kit\nVersion: 1\n",
    "kit-1.dist-info/entry_points.txt": "[package_tools]\nkit = kit.word:list\n",
  });
  assert.deepEqual(counts(await validate(folder)), [1, 4, 1]);
  assert.deepEqual(counts(await validate(path.join(folder, "kit"))), [1, 3, 1]);
  assert.deepEqual(counts(await validate(path.join(folder, "kit/deep"))), [1, 3, 1]);
  const before = process.cwd();
  process.chdir(path.join(folder, "kit-1.dist-info"));
  context.after(() => process.chdir(before));
  assert.match((await validate("kit")).stderr, /there is no such file.*No module named 'kit'/);
  process.chdir(folder);
  assert.deepEqual(counts(await validate("kit.deep")), [1, 3, 1]);
  assert.deepEqual(counts(await validate("kit.deep.says")), [1, 3, 1]);
  assert.deepEqual(counts(await validate("kit.deep.says.says")), [0, 1, 0]);
  assert.deepEqual(counts(await validate("kit.deep.says.Two")), [1, 2, 1]);
  const plain = await validate("kit.deep.says.plain");
  assert.deepEqual([...counts(plain), plain.errors?.[0]?.message], [1, 1, 1, "plain has no decorator @tool."]);
  assert.match((await validate("kit.deep.says.absent")).stderr, /has no attribute 'absent'/);
  assert.match((await validate("alone")).stderr, /Invalid package tool\. No installed package has the entry point/);
});

test("every package tool that is listed can be used", () => {
  const usable = new Set(BUILT_IN_TOOLS.flatMap(({ id, aliases = [] }) => [id, ...aliases]));
  assert.deepEqual(
    Object.keys(packageTools()).filter((id) => !usable.has(id)),
    [],
  );
});
