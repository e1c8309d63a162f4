import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { balancedModel } from "../../src/model/balanced.ts";
import type { ChatModel } from "../../src/model/chat-model.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { connectionModel } from "../../src/model/provider/connection.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { openFiles, runFlow } from "../flow/flow-folder.ts";

function azure(fake: FakeModelServer): Connection {
  return {
    name: "c",
    type: "AzureOpenAIConnection",
    configs: { api_base: fake.url, api_version: "2024-10-21" },
    secrets: { api_key: "k" },
  };
}

function openAi(fake: FakeModelServer): Connection {
  return { name: "c", type: "OpenAIConnection", configs: { base_url: `${fake.url}/v1` }, secrets: { api_key: "k" } };
}

function opened(context: TestContext, connection: Connection): ChatModel {
  const model = balancedModel([{ model: openModel(connectionModel(connection)) }]);
  context.after(() => model.close());
  return model;
}

function flow(inputs: string, api = "completion"): Record<string, string> {
  return {
    "flow.dag.yaml": [
      "inputs: {q: {type: object, default: Once}}",
      "outputs: {o: {type: string, reference: '${n.output}'}}",
      "nodes:",
      `- {name: n, type: llm, source: {path: n.jinja2}, connection: c, api: ${api}, inputs: {q: '\${inputs.q}', ${inputs}}}`,
      "",
    ].join("\n"),
    "n.jinja2": "{{q}} upon\n",
  };
}

test("Azure: the body of a completion is the original's", async (context) => {
  const fake = await fakeModel(context);
  const connection = azure(fake);
  const inputs =
    "deployment_name: d, suffix: '', max_tokens: '256', temperature: '0.2', logprobs: '2', echo: 'True', user: me";
  const target = await openFiles(context, flow(inputs), {
    model: opened(context, connection),
    connections: [connection],
    streaming: false,
  });
  const { outputs, events } = await runFlow(target);
  assert.deepEqual(outputs, { o: "MOCK:Once upon\n" });
  const [entry] = fake.journal.entries;
  assert.equal(entry?.path, "/openai/deployments/d/completions?api-version=2024-10-21");
  assert.equal(entry.headers["ms-azure-ai-promptflow-called-from"], "aoai-tool");
  assert.deepEqual(entry.body, {
    model: "d",
    prompt: "Once upon\n",
    suffix: null,
    max_tokens: 256,
    temperature: 0.2,
    top_p: 1,
    n: 1,
    logprobs: 2,
    echo: true,
    stop: null,
    best_of: 1,
    logit_bias: {},
    user: "me",
    stream: false,
  });
  const usage = events.flatMap((event) => (event.type === "node-end" ? [event.usage] : []))[0];
  assert.equal(usage?.promptTokens, 2);
});

test("OpenAI: penalties go as null, text-davinci-003 is the default, and the text streams", async (context) => {
  const fake = await fakeModel(context);
  const connection = openAi(fake);
  const options = { model: opened(context, connection), connections: [connection] };
  const target = await openFiles(context, flow("stop: [x], best_of: 2"), options);
  const { events, outputs } = await runFlow(target, { q: "There was once" });
  assert.deepEqual(outputs, { o: "MOCK:There was once upon\n" });
  assert.ok(events.filter(({ type }) => type === "text-delta").length > 1);
  const body = fake.journal.entries[0]?.body as Record<string, unknown>;
  assert.equal(fake.journal.entries[0]?.path, "/v1/completions");
  const { model, presence_penalty, frequency_penalty, max_tokens, stop, best_of, stream } = body;
  assert.deepEqual(
    { model, presence_penalty, frequency_penalty, max_tokens, stop, best_of, stream },
    {
      model: "text-davinci-003",
      presence_penalty: null,
      frequency_penalty: null,
      max_tokens: 16,
      stop: ["x"],
      best_of: 2,
      stream: true,
    },
  );
});

test("role lines of a completion's text are text", async (context) => {
  const fake = await fakeModel(context);
  const connection = openAi(fake);
  const options = { model: opened(context, connection), connections: [connection], streaming: false };
  const target = await openFiles(context, flow("model: m"), options);
  await runFlow(target, { q: "system:\nall" });
  assert.equal((fake.journal.entries[0]?.body as { prompt?: unknown } | undefined)?.prompt, "system:\nall upon\n");
});

test("a node that names no model: the empty name goes first, then the first model that the server lists", async (context) => {
  const fake = await fakeModel(context, { models: ["listed"] });
  const connection = openAi(fake);
  const options = { model: opened(context, connection), connections: [connection], streaming: false };
  const files = { ...flow("", "chat"), "n.jinja2": "user:\n{{q}}\n" };
  const target = await openFiles(context, files, options);
  for (const _ of [1, 2]) assert.deepEqual((await runFlow(target)).outputs, { o: "MOCK:Once" });
  const models = fake.journal.entries
    .filter(({ path }) => path.endsWith("/chat/completions"))
    .map(({ body }) => (body as { model?: unknown }).model);
  assert.deepEqual(models, ["", "listed", "listed"], "what was found out is remembered");
});

test("an api that there is not is named", async (context) => {
  const fake = await fakeModel(context);
  await assert.rejects(openFiles(context, flow("", "completion_1"), { connections: [azure(fake)] }), {
    code: "ResolveToolError",
    message: "Tool load failed in 'n': (APINotFound) The API 'AzureOpenAI.completion_1' is not found.",
  });
});

test("a template is read and compiled when the flow is opened: a changed file and a broken one change no open flow", async (context) => {
  const fake = await fakeModel(context);
  const connection = openAi(fake);
  const options = { model: opened(context, connection), connections: [connection], streaming: false };
  const target = await openFiles(context, flow("model: m"), options);
  writeFileSync(path.join(target.directory, "n.jinja2"), "{% broken");
  assert.deepEqual((await runFlow(target)).outputs, { o: "MOCK:Once upon\n" });
  await assert.rejects(openFiles(context, { ...flow("model: m"), "n.jinja2": "{% broken" }, options), {
    message: /Tool load failed in 'n': \(JinjaTemplateError\)/,
  });
});

test("a template that would not end, or reaches for attributes of Python, fails its node alone", async (context) => {
  const fake = await fakeModel(context);
  const connection = openAi(fake);
  const options = { model: opened(context, connection), connections: [connection], streaming: false };
  for (const [template, reason] of [
    ["{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}", /steps|longer|more than/],
    ["{{ q.__class__.__mro__ }}", /SecurityError/],
  ] as const) {
    const target = await openFiles(context, { ...flow("model: m"), "n.jinja2": template }, options);
    const { error } = await runFlow(target);
    assert.equal(error?.code, "JinjaTemplateError");
    assert.match(error.message, reason);
  }
  assert.equal(fake.journal.entries.length, 0, "the model is not asked");
});
