import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { Float } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { openFiles, pythonChain, runFlow } from "./flow-folder.ts";

test("values keep their Python types from node to node", async (context) => {
  const target = await openFiles(
    context,
    pythonChain(
      "@tool\ndef a(x):\n    return [1, 1.0, 2**70, float('inf'), None, True, {'k': 'v'}, type(x).__name__]\n",
      "@tool\ndef b(x):\n    return [[type(v).__name__ for v in x], x]\n",
    ),
  );
  const { outputs } = await runFlow(target, { x: new Float(3) });
  assert.deepEqual(outputs?.["o"], [
    ["int", "float", "int", "float", "NoneType", "bool", "dict", "str"],
    [1, new Float(1), 2n ** 70n, Infinity, null, true, { k: "v" }, "float"],
  ]);
});

test("objects that JSON cannot express pass between Python nodes as they are", async (context) => {
  const point = "import dataclasses\n\n\n@dataclasses.dataclass\nclass Point:\n    x: int\n    y: tuple\n\n\n";
  const target = await openFiles(
    context,
    pythonChain(
      `${point}@tool\ndef a(x):\n    return Point(1, (2, 3))\n`,
      "@tool\ndef b(x):\n    return (type(x).__name__, x.y, {1: 'one'}, {4, 5})\n",
      "@tool\ndef c(x):\n    return [type(x).__name__, type(x[1]).__name__, sorted(x[3]), list(x[2])]\n",
    ),
  );
  const { outputs, values } = await runFlow(target);
  assert.deepEqual(outputs?.["o"], ["tuple", "tuple", [4, 5], [1]]);
  assert.deepEqual(values["a"], { x: 1, y: [2, 3] });
  assert.equal(values["b"], "('Point', (2, 3), {1: 'one'}, {4, 5})");
});

test("references reach into Python objects by attribute, key and index", async (context) => {
  const target = await openFiles(context, {
    "flow.dag.yaml": [
      "outputs:",
      "  o: {type: int, reference: '${a.output.parts[1]}'}",
      "  k: {type: string, reference: \"${a.output.table['a b']}\"}",
      "nodes:",
      "- {name: a, type: python, source: {path: a.py}, inputs: {}}",
      "",
    ].join("\n"),
    "a.py": [
      "from promptflow import tool",
      "class Thing:",
      "    def __init__(self):",
      "        self.parts = (10, 20)",
      "        self.table = {'a b': 'found'}",
      "@tool",
      "def a():",
      "    return Thing()",
      "",
    ].join("\n"),
  });
  const { outputs } = await runFlow(target);
  assert.deepEqual(outputs, { o: 20, k: "found" });
});

test("an output that has no JSON form is refused in the original's words", async (context) => {
  const target = await openFiles(
    context,
    pythonChain("class Odd:\n    pass\n\n\n@tool\ndef a(x):\n    return Odd()\n"),
  );
  const { error, nodes } = await runFlow(target);
  assert.deepEqual(nodes, { a: "completed" });
  assert.equal(error?.code, "FlowOutputUnserializable");
  assert.match(error?.message ?? "", /JSON dump failed: \(TypeError\) Object of type Odd is not JSON serializable\./);
});

test("an exception names its class and its place in the user's code only", async (context) => {
  const source = "def deep(x):\n    raise KeyError('lost')\n\n\n@tool\ndef a(x):\n    return deep(x)\n";
  const target = await openFiles(context, pythonChain(source));
  const { error, nodes } = await runFlow(target);
  assert.deepEqual(nodes, { a: "failed" });
  assert.equal(error?.code, "ToolExecutionError");
  assert.equal(error?.message, "Execution failure in 'a': (KeyError) 'lost'");
  const traceback = String(error?.details?.["traceback"]);
  assert.match(traceback, /^Traceback \(most recent call last\):\n {2}File ".*a\.py", line 10, in a\n/);
  assert.match(traceback, /in deep\n/);
  assert.doesNotMatch(traceback, /flowstead_worker/);
  assert.equal(error?.details?.["lineno"], 5);
});

test("generators stream, sync and async, and a later node gets the items", async (context) => {
  for (const head of ["def a(x):\n    for", "async def a(x):\n    for"]) {
    const files = pythonChain(
      `@tool\n${head} word in ['one ', 'two ', 3]:\n        yield word\n`,
      "@tool\ndef b(x):\n    return list(x)\n",
    );
    files["flow.dag.yaml"] = (files["flow.dag.yaml"] ?? "").replace(
      "outputs: {",
      "outputs: {s: {type: string, reference: '${a.output}'}, ",
    );
    const target = await openFiles(context, files);
    const { outputs, events } = await runFlow(target);
    assert.deepEqual(outputs, { s: "one two 3", o: ["one ", "two ", 3] });
    const deltas = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
    assert.deepEqual(deltas, ["one ", "two ", "3"]);
    // What is no text is told as what it is, too.
    assert.deepEqual(
      events.filter((event) => event.type === "text-delta").map(({ json }) => json),
      [undefined, undefined, "3"],
    );
  }
});

test("what nodes print goes to their log and cannot disturb the protocol", async (context) => {
  const source = [
    "import os, sys, threading",
    "@tool",
    "def a(x):",
    "    print('\\x00\\x00\\x00\\x05garbage', flush=True)",
    "    print('no newline at the end', end='', file=sys.stderr)",
    "    thread = threading.Thread(target=lambda: print('from a thread'))",
    "    thread.start()",
    "    thread.join()",
    "    os.write(1, b'raw bytes\\n')",
    "    return 'fine'",
    "",
  ].join("\n");
  const target = await openFiles(context, pythonChain(source));
  const { outputs, logs, events } = await runFlow(target);
  assert.deepEqual(outputs, { o: "fine" });
  assert.match(logs, /garbage\n/);
  assert.match(logs, /from a thread\n/);
  const errors = events.filter((event) => event.type === "node-log" && event.stream === "stderr");
  assert.equal(errors.length, 1);
});

test("async tools of one run overlap", async (context) => {
  const source = [
    "from promptflow.core import tool",
    "import asyncio, time",
    "@tool",
    "async def n(x=None):",
    "    began = time.monotonic()",
    "    await asyncio.sleep(0.3)",
    "    return [began, time.monotonic()]",
    "",
  ].join("\n");
  const names = "abcdefgh".split("");
  const nodes = names.map((name) => `- {name: ${name}, type: python, source: {path: n.py}, inputs: {}}`);
  const outputs = names.map((name) => `  ${name}: {type: list, reference: "\${${name}.output}"}`);
  const target = await openFiles(context, {
    "flow.dag.yaml": `outputs:\n${outputs.join("\n")}\nnodes:\n${nodes.join("\n")}\n`,
    "n.py": source,
  });
  const naps = Object.values((await runFlow(target)).outputs ?? {}) as [number, number][];
  assert.equal(naps.length, 8);
  const slept = naps.reduce((sum, [began, ended]) => sum + ended - began, 0);
  const span = Math.max(...naps.map(([, ended]) => ended)) - Math.min(...naps.map(([began]) => began));
  assert.ok(span < slept, "eight naps took as long as one after the other");
});

test("a class with a tool method is made once with its init inputs", async (context) => {
  const target = await openFiles(context, {
    "flow.dag.yaml":
      "outputs: {o: {type: string, reference: '${a.output}'}}\nnodes:\n- {name: a, type: python, source: {path: a.py}, inputs: {greeting: Hi, name: you}}\n",
    "a.py": [
      "from promptflow.core import ToolProvider, tool",
      "class Greeter(ToolProvider):",
      "    made = 0",
      "    def __init__(self, greeting: str):",
      "        super().__init__()",
      "        Greeter.made += 1",
      "        self.greeting = greeting",
      "    @tool",
      "    def greet(self, name: str):",
      "        return f'{self.greeting} {name} {Greeter.made}'",
      "",
    ].join("\n"),
  });
  await runFlow(target);
  assert.deepEqual((await runFlow(target)).outputs, { o: "Hi you 1" });
});

test("a crashed process fails its call alone and is replaced", async (context) => {
  const target = await openFiles(
    context,
    pythonChain(
      "import os, sys\n\n\n@tool\ndef a(x):\n    if x == 'die':\n        os.write(2, b'last words')\n        os._exit(7)\n    return os.getpid()\n",
    ),
  );
  const first = await runFlow(target, { x: "live" });
  const { error } = await runFlow(target, { x: "die" });
  assert.equal(error?.code, "PythonWorkerCrashed");
  assert.match(error?.message ?? "", /ended with exit code 7.*last words/);
  const second = await runFlow(target, { x: "live" });
  assert.equal(typeof second.outputs?.["o"], "number");
  assert.notEqual(second.outputs?.["o"], first.outputs?.["o"]);
});

test("a canceled call ends at once, whatever Python does, and the flow goes on", async (context) => {
  const target = await openFiles(
    context,
    pythonChain(
      "import os, time\n\n\n@tool\ndef a(x):\n    print('began', flush=True)\n    if x == 'hang':\n        time.sleep(600)\n    while x == 'spin':\n        pass\n    return os.getpid()\n",
    ),
    { python: { cancelGraceMs: 100, maxWorkers: 1 } },
  );
  const { outputs: before } = await runFlow(target, { x: "" });
  for (const x of ["spin", "hang"]) {
    const stop = new AbortController();
    const run = (async () => {
      for await (const event of target.invoke({ inputs: { x } }, stop.signal)) {
        if (event.type === "node-log") stop.abort();
        if (event.type === "error") return event.error.code;
      }
      return undefined;
    })();
    assert.equal(await run, "Canceled");
  }
  // The spinning call was interrupted in place; the one asleep in C code costs the process.
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { outputs } = await runFlow(target, { x: "" });
    if (outputs && outputs["o"] !== before?.["o"]) break;
    assert.ok(Date.now() < deadline, "the hung process was not replaced");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test("a run that takes too long is ended with the original's message", async (context) => {
  const target = await openFiles(context, pythonChain("import time\n\n\n@tool\ndef a(x):\n    time.sleep(60)\n"), {
    timeoutMs: 200,
    python: { cancelGraceMs: 50 },
  });
  const { error, nodes } = await runFlow(target);
  assert.equal(error?.code, "LineExecutionTimeoutError");
  assert.equal(error?.message, "Line 0 execution timeout for exceeding 0.2 seconds");
  assert.deepEqual(nodes, { a: "canceled" });
});

test("a flow without Python nodes needs no Python; one with them says what is missing", async (context) => {
  const python = { interpreter: "/nowhere/python3" };
  const prompt = {
    "flow.dag.yaml": "nodes:\n- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {}}\n",
    "p.jinja2": "hi",
  };
  const target = await openFiles(context, prompt, { python });
  assert.deepEqual((await runFlow(target)).nodes, { p: "completed" });
  await assert.rejects(openFiles(context, pythonChain("@tool\ndef a(x):\n    return x\n"), { python }), (error) => {
    assert.ok(error instanceof FlowsteadError && error.code === "PythonNotFound");
    assert.match(error.message, /'\/nowhere\/python3'/);
    return true;
  });
});

test("a missing package and a missing tool are told when the flow is loaded", async (context) => {
  await assert.rejects(openFiles(context, pythonChain("import no_such_package\n")), (error) => {
    assert.ok(error instanceof FlowsteadError && error.code === "ResolveToolError");
    assert.match(error.message, /^Tool load failed in 'a': \(PythonLoadError\) .*No module named 'no_such_package'$/);
    assert.equal(error.details?.["chain"], "UserError/ToolValidationError/PythonParsingError/PythonLoadError");
    return true;
  });
  await assert.rejects(
    openFiles(context, pythonChain("x = 1\n")),
    /\(NoToolDefined\) No tool found in the python script/,
  );
  await assert.rejects(
    openFiles(context, pythonChain("@tool\ndef a():\n    pass\n\n\n@tool\ndef b():\n    pass\n")),
    /\(MultipleToolsDefined\) Expected 1 but collected 2 tools: a, b\./,
  );
});

test("connections arrive as objects of their class", async (context) => {
  const connections: Connection[] = [
    {
      name: "my_azure",
      type: "AzureOpenAIConnection",
      configs: { api_base: "https://example.test", api_version: "2024-02-01" },
      secrets: { api_key: "k" },
    },
    { name: "mine", type: "CustomConnection", configs: { url: "u" }, secrets: { token: "t" } },
  ];
  const files = {
    "flow.dag.yaml":
      "outputs: {o: {type: object, reference: '${a.output}'}}\nnodes:\n- {name: a, type: python, source: {path: a.py}, inputs: {azure: my_azure, custom: mine}}\n",
    "a.py": [
      "from typing import Union",
      "from promptflow.core import tool",
      "from promptflow.connections import AzureOpenAIConnection, CustomConnection, OpenAIConnection",
      "@tool",
      "def a(azure: Union[AzureOpenAIConnection, OpenAIConnection], custom: CustomConnection):",
      "    return [type(azure).__name__, azure.api_base, azure.api_key, custom.url, custom.token, custom.is_secret('token'), dict(custom)]",
      "",
    ].join("\n"),
  };
  const target = await openFiles(context, files, { connections });
  const { outputs, events } = await runFlow(target);
  assert.deepEqual(outputs?.["o"], [
    "AzureOpenAIConnection",
    "https://example.test",
    "k",
    "u",
    "t",
    true,
    { url: "u", token: "t" },
  ]);
  const end = events.find((event) => event.type === "node-end");
  assert.deepEqual(end?.inputs, { azure: "my_azure", custom: "mine" });
  await assert.rejects(
    openFiles(context, files),
    /\(GetConnectionError\) Get connection 'my_azure' for node 'a' error: /,
  );
});

test("the flow's variables, folder and search path are what its code sees", async (context) => {
  const files = pythonChain(
    "import os\nfrom lib import thing\n\n\n@tool\ndef a(x):\n    return [os.getcwd() == os.path.dirname(__file__), thing.NAME, os.environ.get('ONE'), os.environ.get('LIST'), os.environ.get('SECRET')]\n",
  );
  files["lib/thing.py"] = "NAME = 'thing'\n";
  files["flow.dag.yaml"] += "environment_variables: {ONE: 1, LIST: [1, {a: b}]}\n";
  process.env["SECRET"] = "of the parent";
  const target = await openFiles(context, files);
  assert.deepEqual((await runFlow(target)).outputs?.["o"], [true, "thing", "1", '[1, {"a": "b"}]', null]);
});

test("a flow may have files named like modules of the standard library", async (context) => {
  const files = pythonChain(
    "import helper\n\n\n@tool\ndef a(x):\n    import json, os, subprocess, sys\n    code = 'import promptflow, helper; print(helper.NAME)'\n    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n    return [helper.NAME, json.dumps([1]), out.stdout + out.stderr]\n",
  );
  for (const name of ["json", "socket", "queue", "signal", "channel"])
    files[`${name}.py`] = "raise RuntimeError('shadowed')\n";
  files["helper.py"] = "NAME = 'helper'\n";
  const target = await openFiles(context, files);
  const { outputs, error } = await runFlow(target);
  assert.deepEqual(outputs?.["o"], ["helper", "[1]", "helper\n"], error?.message);
});

test("what the constructor of a tool's class takes is checked when the flow is loaded", async (context) => {
  const provider =
    "from promptflow.core import ToolProvider\n\n\nclass K(ToolProvider):\n    def __init__(self, n: int):\n        self.n = n\n\n    @tool\n    def a(self, x):\n        return [self.n, x]\n";
  const files = pythonChain(provider);
  const flow = files["flow.dag.yaml"] ?? "";
  const given = { ...files, "flow.dag.yaml": flow.replace("a.py}, inputs: {x:", "a.py}, inputs: {n: '3', x:") };
  const { outputs } = await runFlow(await openFiles(context, given), { x: 1 });
  assert.deepEqual(outputs?.["o"], [3, 1]);
  await assert.rejects(openFiles(context, files), {
    code: "ResolveToolError",
    message: "Tool load failed in 'a': (MissingRequiredInputs) Required inputs ['n'] are not provided for tool 'K.a'.",
  });
  const referred = {
    ...files,
    "flow.dag.yaml": flow.replace("a.py}, inputs: {x:", "a.py}, inputs: {n: '${inputs.x}', x:"),
  };
  await assert.rejects(openFiles(context, referred), {
    message:
      "Tool load failed in 'a': (InputTypeMismatch) Invalid input for 'K.a': Initialization input 'n' requires a literal value, but ${flow.x} was received.",
  });
});

test("a node consumes what an async generator gave with `async for`", async (context) => {
  const target = await openFiles(
    context,
    pythonChain(
      "@tool\nasync def a(x):\n    for i in range(3):\n        yield i\n",
      "@tool\nasync def b(x):\n    return [i async for i in x]\n",
    ),
  );
  assert.deepEqual((await runFlow(target)).outputs?.["o"], [0, 1, 2]);
});

test("code sees the class of a literal as the original's YAML library has it, where no type converts it", async (context) => {
  const files = pythonChain(
    "@tool\ndef a(x, q, d, n, p, i, s: str, j: object, k: object):\n" +
      "    return [type(v).__name__ for v in (q, d, n, p, i, s, j, k)] + [q + d, n * 2]\n",
  );
  const literals = "q: 'one', d: \"two\", n: 0.5, p: plain, i: 3, s: 'typed', j: '1.0', k: '\"read\"'";
  const flow = (files["flow.dag.yaml"] ?? "").replace("inputs: {x: '", `inputs: {${literals}, x: '`);
  const target = await openFiles(context, { ...files, "flow.dag.yaml": flow });
  assert.deepEqual((await runFlow(target)).outputs?.["o"], [
    "SingleQuotedScalarString",
    "DoubleQuotedScalarString",
    "ScalarFloat",
    "str",
    "int",
    "str",
    "float",
    "str",
    "onetwo",
    new Float(1),
  ]);
});
