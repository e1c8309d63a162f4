// OpenAI's Responses API in front of servers that know chat completions only, with the official client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError, type OpenAI } from "openai";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { serve } from "./served.ts";

const entry = ({ url }: FakeModelServer): Record<string, unknown> => ({
  provider: "openai",
  base_url: `${url}/v1`,
  model: "m",
});

type Create = OpenAI.Responses.ResponseCreateParamsNonStreaming;

test("a text with instructions, limits and a JSON schema; the ledger has what the server counted", async (context) => {
  const fake = await fakeModel(context, { reply: '{"city":"Oslo"}' });
  const served = await serve(context, { models: [entry(fake)] });
  const schema = { type: "object", properties: { city: { type: "string" } } };
  const answer = await served.openai().responses.create({
    model: "default",
    instructions: "Be brief.",
    input: "Where?",
    max_output_tokens: 50,
    temperature: 0,
    text: { format: { type: "json_schema", name: "place", schema, strict: true } },
  });
  assert.equal(answer.object, "response");
  assert.equal(answer.status, "completed");
  assert.equal(answer.output_text, '{"city":"Oslo"}');
  assert.equal(answer.instructions, "Be brief.");
  const [call] = fake.journal.entries;
  assert.deepEqual(call?.body, {
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Where?" },
    ],
    stream: false,
    max_completion_tokens: 50,
    temperature: 0,
    response_format: { type: "json_schema", json_schema: { name: "place", schema, strict: true } },
  });
  const { prompt_tokens, completion_tokens } = call.usage;
  assert.deepEqual([answer.usage?.input_tokens, answer.usage?.output_tokens], [prompt_tokens, completion_tokens]);
  const [sum] = await served.ledger.sums(["principal"]);
  assert.deepEqual([sum?.prompt_tokens, sum?.completion_tokens], [prompt_tokens, completion_tokens]);
});

test("a turn with a tool: the call goes out, its result and earlier messages come back in", async (context) => {
  const fake = await fakeModel(context, {
    replies: [{ contains: '"role":"tool"', reply: "It is sunny." }],
    reply: { toolCalls: [{ name: "weather", arguments: '{"city":"Oslo"}', id: "call_7" }] },
  });
  const client = (await serve(context, { models: [entry(fake)] })).openai();
  const tools: Create["tools"] = [
    { type: "function", name: "weather", parameters: { type: "object", properties: {} }, strict: false },
  ];
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "Weather?" }];
  const first = await client.responses.create({ model: "default", input, tools });
  const [called] = first.output;
  assert.ok(called?.type === "function_call");
  assert.deepEqual([called.name, called.arguments, called.call_id], ["weather", '{"city":"Oslo"}', "call_7"]);
  input.push(called, { type: "function_call_output", call_id: called.call_id, output: "sunny" });
  input.push({ role: "user", content: [{ type: "input_text", text: "And?" }] });
  const second = await client.responses.create({ model: "default", input, tools });
  assert.equal(second.output_text, "It is sunny.");
  const sent = fake.journal.entries[1]?.body as { messages: unknown; tools: unknown };
  const func = { name: "weather", arguments: '{"city":"Oslo"}' };
  assert.deepEqual(sent.messages, [
    { role: "user", content: "Weather?" },
    { role: "assistant", content: null, tool_calls: [{ id: "call_7", type: "function", function: func }] },
    { role: "tool", tool_call_id: "call_7", content: "sunny" },
    { role: "user", content: "And?" },
  ]);
  const definition = { name: "weather", parameters: { type: "object", properties: {} }, strict: false };
  assert.deepEqual(sent.tools, [{ type: "function", function: definition }]);
});

test("the client's own stream reader puts texts and calls together from the events", async (context) => {
  const fake = await fakeModel(context, { reply: "one two three" });
  const served = await serve(context, { models: [entry(fake)] });
  const types: string[] = [];
  const stream = served.openai().responses.stream({ model: "default", input: "Hi" });
  let numbers = 0;
  for await (const event of stream) {
    assert.equal(event.sequence_number, numbers++);
    if (types.at(-1) !== event.type) types.push(event.type);
  }
  assert.deepEqual(types, [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  const final = await stream.finalResponse();
  assert.equal(final.output_text, "one two three");
  assert.equal(final.usage?.output_tokens, fake.journal.entries[0]?.usage.completion_tokens);
  fake.script({ reply: { toolCalls: [{ name: "add", arguments: '{"a":1}' }] } });
  const calls = await served.openai().responses.stream({ model: "default", input: "Hi" }).finalResponse();
  const [called] = calls.output;
  assert.ok(called?.type === "function_call" && called.arguments === '{"a":1}');
  fake.script({ reply: "a b c", faults: [{ fault: { kind: "filter-completion", at: 1 } }] });
  const cut = await served.openai().responses.create({ model: "default", input: "Hi" });
  assert.deepEqual([cut.status, cut.incomplete_details?.reason], ["incomplete", "content_filter"]);
});

test("what cannot be carried is refused by name, and nothing is asked; a failure after text is an error", async (context) => {
  const fake = await fakeModel(context, { reply: "a b c d" });
  const client = (await serve(context, { models: [entry(fake)] })).openai();
  const refused: [object, string, RegExp][] = [
    [{ previous_response_id: "resp_1" }, "previous_response_id", /keeps no answers/],
    [{ conversation: "conv_1" }, "conversation", /keeps no answers/],
    [{ background: true }, "background", /only false/],
    [{ truncation: "auto" }, "truncation", /disabled/],
    [{ max_tool_calls: 3 }, "max_tool_calls", /cannot be carried/],
    [{ tools: [{ type: "web_search" }] }, "tools.0.type", /only tools of type function/],
    [{ input: [{ type: "item_reference", id: "x" }] }, "input.0.type", /items of type "item_reference"/],
  ];
  for (const [more, param, words] of refused) {
    const thrown: unknown = await client.responses
      .create({ model: "default", input: "Hi", ...more } as Create)
      .catch((error: unknown) => error);
    assert.ok(thrown instanceof APIError, String(thrown));
    assert.deepEqual([thrown.status, thrown.param], [400, param]);
    assert.match(thrown.message, words);
  }
  assert.equal(fake.journal.entries.length, 0);
  fake.script({ reply: "a b c d", faults: [{ fault: { kind: "reset", at: 2 } }] });
  let text = "";
  await assert.rejects(
    async () => {
      const stream = await client.responses.create({ model: "default", input: "Hi", stream: true });
      for await (const event of stream) if (event.type === "response.output_text.delta") text += event.delta;
    },
    (thrown: unknown) => thrown instanceof APIError && /in the middle of its answer/.test(thrown.message),
  );
  assert.equal(text, "a b ");
});
