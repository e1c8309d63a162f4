import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
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
  assert.deepEqual((await runFlow(good.target, { q: "x" })).outputs, { output: { a: 1 } });
  const bad = await open(context, prompty(head), scriptedModel({ pieces: () => ['{"b": 2}'] }));
  const { error } = await runFlow(bad.target, { q: "x" });
  assert.equal(error?.code, "InvalidOutputKeyError");
});

test("a prompty that names no connection is refused with a reason", async (context) => {
  const text = "---\nmodel: {api: chat, configuration: {type: openai, model: m}}\n---\nsystem:\nx\n";
  await assert.rejects(open(context, text), { code: "ResolveToolError", message: /model without a connection/ });
});
