// What a prompty's head says instead: as whoever opens it wants (`flow test --init`), and as code wants that loads it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { flowResources, openFiles, runFlow, writeFolder } from "../flow/flow-folder.ts";

const connections: Connection[] = [
  { name: "c", type: "OpenAIConnection", configs: {}, secrets: {} },
  { name: "other", type: "OpenAIConnection", configs: { base_url: "http://here" }, secrets: {} },
];

const ASK = [
  "---",
  "model:",
  "  api: chat",
  "  configuration: {type: openai, connection: c, model: m}",
  "  parameters: {max_tokens: 5, temperature: 0.5}",
  "inputs: {q: {type: string}}",
  "---",
  "user:",
  "{{q}}",
  "",
].join("\n");

const TOOL = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };

test("whoever opens a prompty changes its head: maps are merged, the rest is replaced", async (context) => {
  const folder = writeFolder(context, { "ask.prompty": ASK, "tools.json": JSON.stringify([TOOL]) });
  const request = async (init: ValueMap, inputs: ValueMap) => {
    const model = scriptedModel();
    const target = await openFlow({
      directory: `${folder}/ask.prompty`,
      tools: BUILT_IN_TOOLS,
      resources: flowResources({ model, connections }),
      init,
    });
    context.after(() => target.close());
    const { error } = await runFlow(target, inputs);
    const [asked] = model.requests;
    return error?.code ?? [asked?.model, asked?.parameters, asked?.messages[0]?.content];
  };
  const own = { max_tokens: 5, temperature: 0.5 };
  const changes: [string, ValueMap, ValueMap, unknown][] = [
    ["nothing", {}, { q: "x" }, ["m", own, "x"]],
    ["one parameter", { model: { parameters: { max_tokens: 9 } } }, { q: "x" }, ["m", { ...own, max_tokens: 9 }, "x"]],
    ["the model", { model: { configuration: { model: "n" } } }, { q: "x" }, ["n", own, "x"]],
    ["an input", { inputs: { q: { default: "dq" } } }, {}, ["m", own, "dq"]],
    ["the sample", { sample: { q: "sq" } }, {}, ["m", own, "sq"]],
    [
      "tools from a file",
      { model: { parameters: { tools: "${file:tools.json}" } } },
      { q: "x" },
      ["m", { ...own, tools: [TOOL], tool_choice: "auto" }, "x"],
    ],
    ["tools that are none", { model: { parameters: { tools: [] } } }, { q: "x" }, "ChatAPIInvalidTools"],
  ];
  for (const [what, init, inputs, expected] of changes) assert.deepEqual(await request(init, inputs), expected, what);
  await assert.rejects(request({ model: "m" }, { q: "x" }), /ask\.prompty: model is 'm'; it has to be a mapping\./);
  await assert.rejects(
    request({ model: { configuration: { base_url: "http://127.0.0.1:9" } } }, { q: "x" }),
    /Cannot configure model config and connection in configuration at the same time/,
  );
});

const LOADING = `import json
from promptflow.core import AzureOpenAIModelConfiguration, Prompty, tool
from promptflow.tools.exception import ChatAPIInvalidTools, WrappedOpenAIError


@tool
def run(place: str):
    def ask(**model):
        try:
            return Prompty.load("ask.prompty", model=model)(q="x")
        except (ChatAPIInvalidTools, WrappedOpenAIError) as error:
            return type(error).__mro__[0].__name__
        except Exception as error:
            return str(error)

    azure = AzureOpenAIModelConfiguration(
        azure_deployment="d", azure_endpoint=place, api_key="k1", api_version="2024-05-01"
    )
    wrong = AzureOpenAIModelConfiguration(azure_deployment="d", azure_endpoint=place, api_key="no")
    return [
        ask(parameters={"max_tokens": 9}),
        ask(configuration={"connection": "other"}),
        ask(configuration=azure, parameters={"temperature": None}),
        ask(configuration=wrong),
        ask(configuration={"base_url": place}),
        ask(configuration={"connection": None, "type": "none"}),
        ask(parameters={"tools": "x"}),
    ]
`;

test("code that loads a prompty changes its model: a dict is merged, a configuration takes its place", async (context) => {
  const fake = await fakeModel(context, { keys: ["k1"] });
  const model = scriptedModel();
  const target = await openFiles(
    context,
    {
      "ask.prompty": ASK,
      "run.py": LOADING,
      "flow.dag.yaml": [
        "inputs: {place: {type: string}}",
        "outputs: {o: {type: list, reference: '${run.output}'}}",
        "nodes:",
        "- {name: run, type: python, source: {type: code, path: run.py}, inputs: {place: '${inputs.place}'}}",
        "",
      ].join("\n"),
    },
    { model, connections },
  );
  const { outputs, error } = await runFlow(target, { place: fake.url });
  const answers = outputs?.["o"] as string[];
  assert.equal(error?.message, undefined);
  assert.deepEqual(
    model.requests.map((request) => request.parameters),
    [
      { max_tokens: 9, temperature: 0.5 },
      { max_tokens: 5, temperature: 0.5 },
    ],
  );
  const [sent] = fake.journal.entries;
  const { max_tokens: limit, temperature } = (sent?.body ?? {}) as Record<string, unknown>;
  assert.deepEqual(
    [answers[2], sent?.path, limit, temperature],
    ["MOCK:x", "/openai/deployments/d/chat/completions?api-version=2024-05-01", 5, null],
  );
  assert.deepEqual(answers.slice(3), [
    "WrappedOpenAIError",
    "Cannot configure model config and connection in configuration at the same time.",
    "Not Support connection type none for embedding api. Connection type should be in [AzureOpenAI, OpenAI].",
    "ChatAPIInvalidTools",
  ]);
});

test("a class whose model configuration names a connection asks through it, as the original's chat-basic does", async (context) => {
  const model = scriptedModel();
  const target = await openFiles(
    context,
    {
      "ask.prompty": ASK,
      "flow.flex.yaml": "entry: chat:Chat\n",
      "chat.py": [
        "from promptflow.core import OpenAIModelConfiguration, Prompty",
        "class Chat:",
        "    def __init__(self, model: OpenAIModelConfiguration):",
        "        self.model = model",
        "    def __call__(self, q: str) -> str:",
        "        return Prompty.load('ask.prompty', model={'configuration': self.model})(q=q + self.model.base_url)",
        "",
      ].join("\n"),
    },
    { model, connections, init: { model: { connection: "other", model: "m" } } },
  );
  const { outputs, error } = await runFlow(target, { q: "x" });
  assert.deepEqual([error?.message, outputs], [undefined, { output: "xhttp://here" }]);
});
