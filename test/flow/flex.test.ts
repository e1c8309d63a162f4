import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { FlowTarget } from "../../src/flow/flow-target.ts";
import { openFiles, runFlow } from "./flow-folder.ts";

const yaml = (text: string): Record<string, string> => ({ "flow.flex.yaml": text });

test("a function: inputs and defaults from its signature, outputs from what it returns", async (context) => {
  const target = await openFiles(context, {
    ...yaml("entry: pkg.entry:greet\n"),
    "pkg/entry.py": [
      "def greet(name: str, times: int = 2, mood=None, **rest) -> dict:",
      "    return {'text': f'hello {name} ' * times, 'mood': mood, 'rest': rest}",
      "",
    ].join("\n"),
  });
  assert.deepEqual(
    target.signature.inputs.map(({ name, type, default: value }) => [name, type, value]),
    [
      ["name", "string", undefined],
      ["times", "int", 2],
      ["mood", "object", undefined],
    ],
  );
  const { outputs, nodes } = await runFlow(target, { name: "you", times: "1", mood: "5" });
  // A default of None says nothing of the type.
  assert.deepEqual(outputs, { text: "hello you ", mood: "5", rest: {} });
  assert.deepEqual(nodes, { greet: "completed" });
  assert.equal((await runFlow(target)).error?.code, "InputNotFound");
  assert.equal((await runFlow(target, { name: "x", times: "many" })).error?.code, "InputTypeError");
});

test("a server hands on what only the code declares, and leaves the code its own defaults", async (context) => {
  const files = {
    ...yaml("entry: entry:show\ninputs: {kept: {type: int, default: 9}, asked: {type: list}}\n"),
    "entry.py": [
      "from enum import Enum",
      "class Kind(Enum):",
      "    A = 'a'",
      "def show(n: int = 2, kept: int = 1, asked: list = [], kind: Kind = Kind.A) -> str:",
      "    return f'{n!r} {kept} {asked} {type(kind).__name__}'",
    ].join("\n"),
  };
  const served = await openFiles(context, files, { serving: true });
  assert.deepEqual((await runFlow(served, { n: "7", asked: "[1]" })).outputs, { output: "'7' 9 [1] Kind" });
  // An input that the file declares without a default is asked for, though the code has one.
  assert.equal((await runFlow(served, { n: 1 })).error?.code, "InputNotFound");
  const commanded = await openFiles(context, files);
  assert.deepEqual((await runFlow(commanded, { n: "7", asked: [] })).outputs, { output: "7 9 [] str" });
});

test("a class: made once with its init values, dataclass results, lines aggregated", async (context) => {
  const target = await openFiles(
    context,
    {
      ...yaml("entry: entry:Judge\ninit: {scale: {type: int, default: '3'}, note: {type: string, default: ''}}\n"),
      "entry.py": [
        "from dataclasses import dataclass",
        "from promptflow.core import OpenAIModelConfiguration",
        "@dataclass",
        "class Grade:",
        "    score: int",
        "    model: str",
        "class Judge:",
        "    def __init__(self, scale: int, model: OpenAIModelConfiguration, note: str = None):",
        "        assert note is None and isinstance(model, OpenAIModelConfiguration)",
        "        self.scale, self.model, self.calls = scale, model, 0",
        "    async def __call__(self, points: int) -> Grade:",
        "        self.calls += 1",
        "        return Grade(points * self.scale, f'{self.model.model} {self.model.base_url} {self.calls}')",
        "    def __aggregate__(self, lines: list) -> dict:",
        "        return {'sum': sum(line.score for line in lines), 'kind': type(lines[0]).__name__}",
        "",
      ].join("\n"),
    },
    {
      init: { model: { connection: "c", model: "m" } },
      connections: [
        { name: "c", type: "OpenAIConnection", configs: { base_url: "http://here" }, secrets: { api_key: "k" } },
      ],
      aggregate: true,
    },
  );
  assert.deepEqual((await runFlow(target, { points: 2 })).outputs, { score: 6, model: "m http://here 1" });
  const { outputs, events } = await runFlow(target, { points: 5 });
  assert.deepEqual(outputs, { score: 15, model: "m http://here 2" });
  assert.deepEqual(
    events.flatMap((event) => (event.type === "metric" ? [[event.name, event.value]] : [])),
    [
      ["sum", 15],
      ["kind", "AttrDict"],
    ],
  );
});

test("code lies in the folder that the file names, and runs there", async (context) => {
  const target = await openFiles(context, {
    ...yaml("entry: entry:where\ncode: src\n"),
    "src/entry.py":
      "import os\nfrom beside import NAME\ndef where():\n    return os.path.basename(os.getcwd()) + NAME\n",
    "src/beside.py": "NAME = '!'\n",
    "entry.py": "raise Exception('another one')\n",
  });
  assert.deepEqual((await runFlow(target)).outputs, { output: "src!" });
  await assert.rejects(openFiles(context, yaml("entry: entry:where\ncode: gone\n")), {
    code: "FlowDefinitionError",
    message: /^flow\.flex\.yaml: there is no folder .*gone, which "code: gone" names/,
  });
});

test("an init value that is given counts, null too; the file's default stands in for one that is not", async (context) => {
  const files = {
    ...yaml("entry: entry:C\ninit: {p: {type: string, default: own}, q: {type: int, default: ''}}\n"),
    "entry.py":
      "class C:\n    def __init__(self, p, q=4):\n        self.of = [p, q]\n    def __call__(self):\n        return self.of\n",
  };
  const made = async (init: ValueMap) => (await runFlow(await openFiles(context, files, { init }))).outputs?.["output"];
  assert.deepEqual(await made({}), ["own", 4]);
  assert.deepEqual(await made({ p: null, q: "7" }), [null, 7]);
});

test("a generator streams, and its one value has no name for callers", async (context) => {
  const target = await openFiles(context, {
    ...yaml("entry: entry:tell\n"),
    "entry.py": "def tell(n: int = 3) -> str:\n    for i in range(n):\n        yield str(i)\n",
  });
  assert.equal(target.signature.bareOutput, true);
  const { events, outputs } = await runFlow(target);
  assert.deepEqual(
    events.flatMap((event) => (event.type === "text-delta" ? [event.text] : [])),
    ["0", "1", "2"],
  );
  assert.deepEqual(outputs, { output: "012" });
});

test("what a function returns counts, not what it announces: fields are outputs, anything else is one bare value", async (context) => {
  const source = "def shown(kind: str) -> str:\n    return {'a': 1, 'output': 2} if kind == 'map' else kind\n";
  const target = await openFiles(context, {
    ...yaml("entry: entry:shown\n"),
    "entry.py": source,
  });
  const gives = async (kind: string) => {
    const { outputs, events } = await runFlow(target, { kind });
    const end = events.find((event) => event.type === "flow-end");
    return [outputs, end?.bare];
  };
  assert.deepEqual(await gives("map"), [{ a: 1, output: 2 }, false]);
  assert.deepEqual(await gives("text"), [{ output: "text" }, true]);
});

test("a model configuration that the original refuses is refused with its words, and shows no secret", async (context) => {
  const source = `
from typing import Union
from promptflow.core import AzureOpenAIModelConfiguration, OpenAIModelConfiguration


class Strict:
    def __init__(self, model: AzureOpenAIModelConfiguration):
        self.model = model

    def __call__(self):
        return str(self.model)


class Either:
    def __init__(self, model: Union[OpenAIModelConfiguration, AzureOpenAIModelConfiguration, str]):
        self.model = model

    def __call__(self):
        return [type(self.model).__name__, getattr(self.model, "api_key", None)]
`;
  const connections: Connection[] = [
    { name: "c", type: "AzureOpenAIConnection", configs: { api_base: "http://here" }, secrets: { api_key: "hidden" } },
  ];
  const open = (entry: string, model: Value): Promise<FlowTarget> =>
    openFiles(context, { ...yaml(`entry: entry:${entry}\n`), "entry.py": source }, { init: { model }, connections });
  const kind = "<class 'promptflow.core._model_configuration.AzureOpenAIModelConfiguration'>";
  const refused: [model: Value, shown: string, why: string][] = [
    ["text", "'text'", `Model config value is not an instance of ${kind}, got <class 'str'>`],
    [
      { azure_deployment: "d", nope: 1 },
      "{'azure_deployment': 'd', 'nope': 1}",
      "AzureOpenAIModelConfiguration.__init__() got an unexpected keyword argument 'nope'",
    ],
    [
      { connection: "c" },
      "{'connection': 'c'}",
      "AzureOpenAIModelConfiguration.__init__() missing 1 required positional argument: 'azure_deployment'",
    ],
    [
      { azure_deployment: "d", connection: "c", azure_endpoint: "e" },
      "{'azure_deployment': 'd', 'connection': 'c', 'azure_endpoint': 'e'}",
      "Cannot configure model config and connection at the same time.",
    ],
  ];
  for (const [model, shown, why] of refused) {
    const message = `Failed to initialize flow entry with '{'model': ${shown}}', ex:'${why}.`;
    await assert.rejects(open("Strict", model), { code: "FlowEntryInitializationError", message });
  }
  const made = async (model: Value): Promise<unknown> =>
    (await runFlow(await open("Either", model))).outputs?.["output"];
  assert.deepEqual(await made({ azure_deployment: "d", connection: "c" }), ["AzureOpenAIModelConfiguration", "hidden"]);
  assert.deepEqual(await made({ model: "m", api_key: "k" }), ["OpenAIModelConfiguration", "k"]);
  assert.deepEqual(await made({ neither: 1 }), ["dict", null]);
  assert.deepEqual(await made("text"), ["str", null]);
});

test("what is wrong with an entry is told with the original's codes", async (context) => {
  const cases: [yaml: string, python: string, code: string, message: RegExp][] = [
    ["entry: entry\n", "", "InvalidFlexFlowEntry", /^Invalid entry 'entry'\.The entry should be in the format/],
    ["entry: nowhere:f\n", "", "PythonLoadError", /No module named 'nowhere'/],
    ["entry: entry:g\n", "f = 1\n", "PythonLoadError", /Failed to load python function 'g' from file 'entry'/],
    ["entry: entry:C\n", "class C:\n    pass\n", "PythonLoadError", /does not have __call__ method/],
    [
      "entry: entry:C\n",
      "class C:\n    def __init__(self):\n        raise Exception('no')\n    def __call__(self):\n        pass\n",
      "FlowEntryInitializationError",
      /^Failed to initialize flow entry with '\{\}', ex:'no\./,
    ],
    [
      "entry: entry:C\n",
      "class C:\n    def __call__(self):\n        pass\n    def __aggregate__(self):\n        pass\n",
      "InvalidAggregationFunction",
      /exactly one parameter/,
    ],
  ];
  for (const [text, python, code, message] of cases) {
    await assert.rejects(openFiles(context, { ...yaml(text), "entry.py": python }), { code, message }, text + python);
  }
  const target = await openFiles(context, {
    ...yaml("entry: entry:f\n"),
    "entry.py": "def f():\n    raise ValueError('bad')\n",
  });
  const { error } = await runFlow(target);
  assert.equal(error?.code, "ScriptExecutionError");
  assert.equal(error?.message, "Execution failure in 'f': (ValueError) bad");
  const method = await openFiles(context, {
    ...yaml("entry: entry:C\ninputs:\n  n: {type: int}\n"),
    "entry.py": "class C:\n    def __call__(self, n):\n        raise ValueError('bad')\n",
  });
  assert.equal((await runFlow(method, { n: 1 })).error?.message, "Execution failure in 'C.__call__': (ValueError) bad");
  const messages: string[] = [];
  for await (const event of method.invoke({ inputs: { n: "x" }, line: 4 }, new AbortController().signal)) {
    if (event.type === "error") messages.push(event.error.message);
  }
  assert.match(messages[0] ?? "", /^The input for flow is incorrect\. The value for flow input 'n' does not match/);
});
