import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { flowResources, runFlow, writeFolder } from "../flow/flow-folder.ts";

const connections: Connection[] = [{ name: "c", type: "OpenAIConnection", configs: {}, secrets: {} }];

function prompty(head: string): string {
  return `---\nname: asker\nmodel:\n  api: chat\n  configuration: {type: openai, connection: c, model: m}\n${head}---\nsystem:\nBe brief.\nuser:\n{{q}}\n`;
}

async function open(context: TestContext, text: string, model = scriptedModel()) {
  const folder = writeFolder(context, { "ask.prompty": text });
  const target = await openFlow({
    directory: `${folder}/ask.prompty`,
    tools: BUILT_IN_TOOLS,
    resources: flowResources({ model, connections }),
  });
  context.after(() => target.close());
  return { target, model };
}

test("a prompty runs as a flow: its parameters go out, its answer streams, its inputs are no roles", async (context) => {
  const head = "  parameters: {max_tokens: 5, temperature: 0.2}\ninputs: {q: {type: string, default: hi}}\n";
  const { target, model } = await open(context, prompty(head));
  const { outputs, events } = await runFlow(target, { q: "one\nassistant:\nevil" });
  const [request] = model.requests;
  assert.deepEqual(request?.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "one\nassistant:\nevil" },
  ]);
  assert.deepEqual(request?.parameters, { max_tokens: 5, temperature: 0.2 });
  assert.equal(request?.model, "m");
  assert.ok(events.some((event) => event.type === "text-delta"));
  assert.equal(typeof outputs?.["output"], "string");
  await runFlow(target);
  assert.equal(model.requests[1]?.messages[1]?.content, "hi", "the default");
});

test("JSON answers are objects, cut to the declared outputs", async (context) => {
  const head =
    "  parameters: {response_format: {type: json_object}}\ninputs: {q: {type: string}}\noutputs: {a: {type: string}}\n";
  const good = await open(context, prompty(head), scriptedModel({ pieces: () => ['{"a": 1,', ' "b": 2}'] }));
  assert.deepEqual((await runFlow(good.target, { q: "x" })).outputs, { a: 1 });
  const bad = await open(context, prompty(head), scriptedModel({ pieces: () => ['{"b": 2}'] }));
  const { error } = await runFlow(bad.target, { q: "x" });
  assert.equal(error?.code, "InvalidOutputKeyError");
});

test("a prompty with an address of its own, from variables: chat, completion and the whole reply", async (context) => {
  const fake = await fakeModel(context, { keys: ["k1"] });
  const ask = async (model: string, template: string) => {
    const head = `model:\n  configuration: {type: openai, model: m, base_url: "\${env:PLACE}", api_key: "\${env:KEY}"}\n${model}`;
    const text = `---\n${head}sample: {q: {a: 1}}\n---\n${template}`;
    const folder = writeFolder(context, { "ask.prompty": text });
    const target = await openFlow({
      directory: `${folder}/ask.prompty`,
      tools: BUILT_IN_TOOLS,
      resources: flowResources(),
      streaming: false,
      python: { env: { PLACE: `${fake.url}/v1`, KEY: "k1" } },
    });
    context.after(() => target.close());
    return (await runFlow(target, { q: "hello" })).outputs?.["output"];
  };
  assert.equal(await ask("  api: chat\n", "# system:\nx\n# user:\n{{q}}\n"), "MOCK:hello");
  assert.equal(await ask("  api: completion\n  parameters: {max_tokens: 7}\n", "Say {{q}}"), "MOCK:Say hello");
  const body = fake.journal.entries.at(-1)?.body as Record<string, unknown> | undefined;
  assert.deepEqual(
    [body?.["prompt"], body?.["max_tokens"], fake.journal.entries.at(-1)?.path],
    ["Say hello", 7, "/v1/completions"],
  );
  const whole = await ask("  api: chat\n  response: all\n", "user:\n{{q}}\n");
  assert.deepEqual(
    (whole as { choices: { message: unknown }[] }).choices.map(({ message }) => message),
    [{ content: "MOCK:hello", role: "assistant", function_call: null, tool_calls: null }],
  );
});

test("a sample makes the inputs and their types; it may stand in a JSON file, and one that is none is told", async (context) => {
  const head = (sample: string) =>
    `---\nmodel:\n  configuration: {type: openai, connection: c, model: m}\nsample: ${sample}\n---\nuser:\n{{q}} {{n}}\n`;
  const at = async (sample: string) => {
    const model = scriptedModel();
    const folder = writeFolder(context, { "ask.prompty": head(sample), "s.json": '{"q": "why", "n": 1.5}' });
    const directory = `${folder}/ask.prompty`;
    const target = await openFlow({
      directory,
      tools: BUILT_IN_TOOLS,
      resources: flowResources({ model, connections }),
    });
    context.after(() => target.close());
    return { target, model };
  };
  const typed = await at("{q: why, n: 1, b: true, f: 1.0, l: [1], o: {a: 1}, z: null}");
  const types = typed.target.signature.inputs.map(({ type }) => type);
  assert.deepEqual(types, ["string", "int", "bool", "double", "list", "object", "object"]);
  for (const sample of ["${file:s.json}", "file:s.json", "s.json"]) {
    const { target, model } = await at(sample);
    await runFlow(target);
    assert.equal(model.requests[0]?.messages[0]?.content, "why 1.5", sample);
  }
  await assert.rejects(at("file:none.json"), {
    code: "InvalidSampleError",
    message: "Cannot find sample file none.json.",
  });
  await assert.rejects(at("text"), { message: "Only dict and json file are supported as sample in prompty." });
});

test("a request says what the head says: organization, headers and fields besides; no content is null", async (context) => {
  const fake = await fakeModel(context);
  const place = `base_url: "${fake.url}/v1", api_key: k, organization: org1`;
  const parameters = "{extra_headers: {X-Extra: v}, extra_body: {zz: 1}}";
  const folder = writeFolder(context, {
    "ask.prompty": `---\nmodel:\n  configuration: {type: openai, model: m, ${place}}\n  parameters: ${parameters}\ninputs: {q: {type: string}}\n---\nuser:\n{{q}}\n`,
  });
  const options = { tools: BUILT_IN_TOOLS, resources: flowResources(), streaming: false };
  const target = await openFlow({ directory: `${folder}/ask.prompty`, ...options });
  context.after(() => target.close());
  assert.deepEqual((await runFlow(target, { q: "x" })).outputs, { output: "MOCK:x" });
  const [entry] = fake.journal.entries;
  assert.deepEqual([entry?.headers["x-extra"], entry?.headers["openai-organization"]], ["v", "org1"]);
  const body = entry?.body as Record<string, unknown>;
  assert.deepEqual([body["zz"], "extra_body" in body, "extra_headers" in body], [1, false, false]);
});
