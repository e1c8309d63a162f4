// What goes to Anthropic's Messages API and what comes back, against a real server that speaks it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatRequest } from "../../src/model/chat-model.ts";
import { balancedModel } from "../../src/model/balanced.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { collect, collectUntilFailure, never, textOf } from "../model-suite.ts";

const ask = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [{ role: "user", content: "Hi" }],
  stream: true,
  parameters: {},
  ...more,
});
const WEATHER = {
  type: "function",
  function: { name: "weather", description: "The weather.", parameters: { type: "object", properties: {} } },
};

test("messages, system, images, tools and results of tools in the API's own form", async (context) => {
  const fake = await fakeModel(context, { keys: ["key"] });
  const model = openModel({ provider: "anthropic", baseUrl: `${fake.url}/v1`, apiKey: "key", model: "claude" });
  context.after(() => model.close());
  const call = { id: "c1", type: "function" as const, function: { name: "weather", arguments: '{"city":"Oslo"}' } };
  await collect(
    model.chat(
      ask({
        messages: [
          { role: "system", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
            ],
          },
          { role: "assistant", content: "", tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "rain" },
          { role: "user", content: "And now?" },
        ],
        parameters: { tools: [WEATHER], tool_choice: "required", max_tokens: 50, stop: "END", temperature: 0 },
      }),
      never(),
    ),
  );
  const [entry] = fake.journal.entries;
  assert.equal(entry?.path, "/v1/messages");
  assert.equal(entry?.auth, "x-api-key");
  assert.equal(entry?.headers["anthropic-version"], "2023-06-01");
  assert.deepEqual(entry?.body, {
    model: "claude",
    temperature: 0,
    max_tokens: 50,
    stream: true,
    system: "Be brief.",
    stop_sequences: ["END"],
    tools: [{ name: "weather", description: "The weather.", input_schema: { type: "object", properties: {} } }],
    tool_choice: { type: "any" },
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "weather", input: { city: "Oslo" } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: "rain" },
          { type: "text", text: "And now?" },
        ],
      },
    ],
  });
});

for (const stream of [true, false]) {
  test(`calls of tools and usage come back, ${stream ? "streamed" : "whole"}`, async (context) => {
    const reply = { content: "Let me look.", toolCalls: [{ name: "weather", arguments: '{"city":"Oslo"}' }] };
    const fake = await fakeModel(context, { reply });
    const model = openModel({ provider: "anthropic", baseUrl: fake.url, model: "claude" });
    context.after(() => model.close());
    const chunks = await collect(model.chat(ask({ stream, parameters: { tools: [WEATHER] } }), never()));
    assert.equal(textOf(chunks), "Let me look.");
    const calls = chunks.flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? []);
    assert.equal(calls[0]?.function?.name, "weather");
    assert.equal(calls.map((call) => call.function?.arguments ?? "").join(""), '{"city":"Oslo"}');
    assert.equal(chunks.find((chunk) => chunk.choices[0]?.finish_reason)?.choices[0]?.finish_reason, "tool_calls");
    assert.deepEqual(chunks.at(-1)?.usage, fake.journal.entries[0]?.usage);
  });
}

test("a JSON schema is asked for through a tool, and its call is the text of the answer", async (context) => {
  const reply = { toolCalls: [{ name: "answer_in_json", arguments: '{"colour":"red"}' }] };
  const fake = await fakeModel(context, { reply });
  const model = openModel({ provider: "anthropic", baseUrl: fake.url, model: "claude" });
  context.after(() => model.close());
  const schema = { type: "object", properties: { colour: { type: "string" } } };
  const response_format = { type: "json_schema", json_schema: { name: "c", schema } };
  const chunks = await collect(model.chat(ask({ parameters: { response_format } }), never()));
  assert.equal(textOf(chunks), '{"colour":"red"}');
  assert.equal(chunks.find((chunk) => chunk.choices[0]?.finish_reason)?.choices[0]?.finish_reason, "stop");
  const body = fake.journal.entries[0]?.body as { tool_choice: unknown; tools: { input_schema: unknown }[] };
  assert.deepEqual(body.tool_choice, { type: "tool", name: "answer_in_json" });
  assert.deepEqual(body.tools[0]?.input_schema, schema);
});

test("an overloaded server (529) and one that fails in its stream are replaced by another provider", async (context) => {
  const busy = await fakeModel(context, {
    faults: [{ fault: { kind: "status", status: 529 } }, { fault: { kind: "error-chunk", at: 0 } }],
  });
  const other = await fakeModel(context, { reply: "from the other" });
  const pool = balancedModel([
    { model: openModel({ provider: "anthropic", baseUrl: busy.url, model: "claude" }), priority: 0 },
    { model: openModel({ provider: "openai", baseUrl: `${other.url}/v1`, model: "m" }), priority: 1 },
  ]);
  context.after(() => pool.close());
  for (let call = 1; call <= 2; call++) {
    assert.equal(textOf(await collect(pool.chat(ask(), never()))), "from the other");
    assert.equal(busy.journal.entries.length, call);
  }
});

test("refusals have the project's codes", async (context) => {
  const fake = await fakeModel(context, {
    keys: ["right"],
    faults: [
      { contains: "long", fault: { kind: "status", status: 400, body: { error: { message: "prompt is too long" } } } },
    ],
  });
  const wrong = openModel({ provider: "anthropic", baseUrl: fake.url, apiKey: "wrong", model: "claude" });
  const right = openModel({ provider: "anthropic", baseUrl: fake.url, apiKey: "right", model: "claude" });
  context.after(() => Promise.all([wrong.close(), right.close()]));
  assert.equal((await collectUntilFailure(wrong.chat(ask(), never()))).error.code, "ModelUnauthorized");
  const long = ask({ messages: [{ role: "user", content: "long" }] });
  assert.equal((await collectUntilFailure(right.chat(long, never()))).error.code, "ModelInputTooLong");
});
