// Python code that asks the engine: models, prompts, prompty files, connections and other flows, through the
// `promptflow` package; and what its traced functions tell.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { startFakeModel } from "../../src/model/fake/server.ts";
import { connectionModel, openModel } from "../../src/model/provider/index.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { openFiles, runFlow } from "../flow/flow-folder.ts";

const PROMPTY = `---
name: Short
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: d, connection: c}
  parameters: {max_tokens: 16}
inputs:
  question: {type: string}
---
system:
Be short.

user:
{{question}}
`;

const ENTRY = `from promptflow.client import PFClient, load_flow
from promptflow.core import AsyncPrompty, Prompty
from promptflow.tools.aoai import chat
from promptflow.tools.common import parse_chat, render_jinja_template
from promptflow.tracing import trace

LOADED = Prompty.load("short.prompty")


@trace
def twice(text):
    return inner(text) * 2


@trace
def inner(text):
    return text + "!"


class Flow:
    async def __call__(self, question: str) -> dict:
        streamed = await AsyncPrompty.load("short.prompty", model={"parameters": {"stream": True}})(question="s")
        connection = PFClient().connections.get("c")
        try:
            render_jinja_template("{% if %}")
            failed = None
        except Exception as error:
            failed = type(error).__name__
        try:
            PFClient().run(flow=".")
            refused = None
        except Exception as error:
            refused = str(error)
        return {
            "prompty": LOADED(question=question),
            "streamed": "".join([piece async for piece in streamed]),
            "tokens": LOADED.estimate_token_count(question="Hello there") > 16,
            "chat": chat(connection, "system:\\n{{a}}\\nuser:\\n{{q}}", "d", max_tokens="9", a="A", q="user:\\nno role"),
            "rendered": render_jinja_template("{{v}}", v=[1, None, 2.0]),
            "older": render_jinja_template(prompt="{{v}}", v="w"),
            "parsed": parse_chat("user:\\nhi"),
            "flow": load_flow("other")(x="y"),
            "key": connection.api_key,
            "twice": twice("a"),
            "failed": failed,
            "refused": refused,
        }
`;

const OTHER = `inputs: {x: {type: string}}
outputs: {o: {type: string, reference: "\${p.output}"}}
nodes:
- {name: p, type: prompt, source: {type: code, path: p.jinja2}, inputs: {x: "\${inputs.x}"}}
`;

test("code reaches models, prompts, connections and flows through the engine, and is traced", async (context) => {
  const server = await startFakeModel();
  context.after(() => server.close());
  const connection: Connection = {
    name: "c",
    type: "AzureOpenAIConnection",
    configs: { api_base: server.url },
    secrets: { api_key: "k" },
  };
  const model = openModel(connectionModel(connection));
  context.after(() => model.close());
  const files = {
    "flow.flex.yaml": "entry: entry:Flow\n",
    "entry.py": ENTRY,
    "short.prompty": PROMPTY,
    "other/flow.dag.yaml": OTHER,
    "other/p.jinja2": "<{{x}}>",
  };
  const target = await openFiles(context, files, { model, connections: [connection] });
  const { values, error, events } = await runFlow(target, { question: "Why?" });
  assert.equal(error?.message, undefined);
  const { refused, ...result } = values["Flow"] as Record<string, unknown>;
  assert.deepEqual(result, {
    prompty: "MOCK:Why?",
    streamed: "MOCK:s",
    tokens: true,
    chat: "MOCK:user:\nno role",
    rendered: "[1, None, 2.0]",
    older: "w",
    parsed: [{ role: "user", content: "hi" }],
    flow: { o: "<y>" },
    key: "k",
    twice: "a!a!",
    failed: "JinjaTemplateError",
  });
  assert.match(String(refused), /PFClient\.run is not available .* `flowstead run create`/);
  const calls = events.filter((event) => event.type === "node-call");
  assert.equal(calls.filter(({ kind }) => kind === "llm").length, 3);
  const traced = calls.filter(({ kind, name }) => kind === "function" && ["inner", "twice"].includes(name));
  assert.deepEqual(
    traced.map(({ name, inputs, output }) => [name, inputs, output]),
    [
      ["inner", { text: "a" }, "a!"],
      ["twice", { text: "a" }, "a!a!"],
    ],
  );
  const end = events.find((event) => event.type === "flow-end");
  assert.ok(end?.usage.totalTokens, "tokens of the calls count");
});

test("a package that is missing is named, with the command that installs it", async (context) => {
  const files = {
    "flow.flex.yaml": "entry: entry:run\n",
    "entry.py": "import no_such_package.part\n\n\ndef run():\n    return {}\n",
    "requirements.txt": "no-such-package\n",
  };
  await assert.rejects(openFiles(context, files), (error: { code: string; details?: Record<string, unknown> }) => {
    assert.equal(error.code, "PythonLoadError");
    assert.match(
      String(error.details?.["remedy"]),
      /'no_such_package' is not installed for .*pip install -r .*requirements\.txt/,
    );
    assert.match(
      String(error.details?.["traceback"]),
      /File ".*entry\.py", line 1, in <module>\n +import no_such_package/,
    );
    assert.ok(!String(error.details?.["traceback"]).includes("importlib"));
    assert.equal(error.details?.["lineno"], 1);
    return true;
  });
});

test("a script of its own, which no flow runs, is told what takes the client's place", () => {
  const script =
    "from promptflow.client import PFClient; PFClient().test(flow='test/fixture/flow/greet', inputs={'q': 'x'})";
  const env = { ...process.env, PYTHONPATH: "python", PYTHONDONTWRITEBYTECODE: "1" };
  const { stderr } = spawnSync("python3", ["-c", script], { env, encoding: "utf8" });
  assert.match(stderr, /UserErrorException: This works inside a flow .*`flowstead flow test --flow module:function`/);
});
