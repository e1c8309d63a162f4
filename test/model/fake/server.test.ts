// The fake server, spoken to with the official client and with plain HTTP.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { AzureOpenAI, RateLimitError } from "openai";
import { request } from "undici";
import { fakeModel } from "../../fake/openai/start.ts";

const MESSAGES = [{ role: "user" as const, content: "Hi there" }];

test("the openai package chats, streams, completes, embeds and lists", async (context) => {
  const fake = await fakeModel(context, { keys: ["k"], models: ["m", "n"] });
  const client = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: "k" });
  const whole = await client.chat.completions.create({ model: "m", messages: MESSAGES });
  assert.equal(whole.choices[0]?.message.content, "MOCK:Hi there");
  assert.deepEqual(whole.usage, { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 });
  let text = "";
  let total = 0;
  const stream = await client.chat.completions.create({
    model: "m",
    messages: MESSAGES,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    total += chunk.usage?.total_tokens ?? 0;
  }
  assert.equal(text, "MOCK:Hi there");
  assert.equal(total, 4);
  const completion = await client.completions.create({ model: "m", prompt: "once" });
  assert.equal(completion.choices[0]?.text, "MOCK:once");
  const vectors = await client.embeddings.create({ model: "m", input: ["red apple", "blue sky"], dimensions: 64 });
  assert.equal(vectors.data[1]?.embedding.length, 64);
  fake.script({ dimensions: 1536 });
  const usual = await client.embeddings.create({ model: "m", input: "red apple" });
  assert.equal(usual.data[0]?.embedding.length, 1536);
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.deepEqual(models, ["m", "n"]);
  await assert.rejects(client.chat.completions.create({ model: "x", messages: MESSAGES }), { status: 404 });
  const stranger = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: "wrong" });
  await assert.rejects(stranger.models.list(), { status: 401 });
});

test("the openai package's Azure client chats and gets tool calls", async (context) => {
  const fake = await fakeModel(context, {
    keys: ["k"],
    reply: { toolCalls: [{ name: "weather", arguments: '{"city":"Bern"}' }] },
  });
  const client = new AzureOpenAI({ endpoint: fake.url, apiKey: "k", apiVersion: "2024-10-21", deployment: "gpt" });
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: {} } }];
  const whole = await client.chat.completions.create({ model: "gpt", messages: MESSAGES, tools });
  const [call] = whole.choices[0]?.message.tool_calls ?? [];
  assert.equal(call?.type === "function" && call.function.arguments, '{"city":"Bern"}');
  assert.equal(whole.choices[0]?.finish_reason, "tool_calls");
  const stream = client.chat.completions.stream({ model: "gpt", messages: MESSAGES, tools });
  const final = await stream.finalChatCompletion();
  const [streamed] = final.choices[0]?.message.tool_calls ?? [];
  assert.equal(streamed?.type === "function" && streamed.function.arguments, '{"city":"Bern"}');
  assert.equal(fake.journal.entries[0]?.auth, "api-key");
  const first = await request(`${fake.url}/openai/deployments/gpt/chat/completions?api-version=1`, {
    method: "POST",
    headers: { "api-key": "k" },
    body: JSON.stringify({ messages: MESSAGES, stream: true }),
  });
  const [frame] = (await first.body.text()).split("\n\n");
  assert.deepEqual(Object.keys(JSON.parse(frame?.slice(6) ?? "") as object), [
    "choices",
    "created",
    "id",
    "model",
    "object",
    "prompt_filter_results",
  ]);
  const versionless = await request(`${fake.url}/openai/deployments/gpt/chat/completions`, { method: "POST" });
  assert.equal(versionless.statusCode, 404);
  await versionless.body.dump();
});

test("the openai package sees the faults", async (context) => {
  const fake = await fakeModel(context, {
    faults: [
      { fault: { kind: "status", status: 429, headers: { "retry-after-ms": "5" } } },
      { fault: { kind: "reset" } },
    ],
  });
  const patient = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: "k", maxRetries: 2 });
  assert.ok(await patient.chat.completions.create({ model: "m", messages: MESSAGES }));
  assert.deepEqual(
    fake.journal.entries.map(({ status, outcome }) => [status, outcome]),
    [
      [429, "complete"],
      [0, "broken"],
      [200, "complete"],
    ],
  );
  fake.script({ faults: [{ fault: { kind: "status", status: 429 } }, { fault: { kind: "reset", at: 1 } }] });
  const hasty = new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: "k", maxRetries: 0 });
  await assert.rejects(hasty.chat.completions.create({ model: "m", messages: MESSAGES }), RateLimitError);
  const stream = await hasty.chat.completions.create({ model: "m", messages: MESSAGES, stream: true });
  let text = "";
  await assert.rejects(
    (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    })(),
    /terminated|reset|closed|aborted|Connection error/i,
  );
  assert.equal(text, "MOCK:Hi ");
});

test("script and journal work from another process", async (context) => {
  const fake = await fakeModel(context);
  const post = async (path: string, body: unknown): Promise<{ status: number; text: string }> => {
    const answer = await request(`${fake.url}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer secret-key", "x-mark": "1" },
      body: JSON.stringify(body),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  assert.equal(
    (
      await post("/__fake/script", {
        reply: "scripted",
        replies: [{ contains: "special", reply: "rule" }],
        faults: [{ contains: "bad", fault: { kind: "status", status: 503 } }],
      })
    ).status,
    200,
  );
  const ask = (content: string): Promise<{ status: number; text: string }> =>
    post("/v1/chat/completions", { model: "m", messages: [{ role: "user", content }] });
  assert.match((await ask("good")).text, /"scripted"/);
  assert.match((await ask("something special")).text, /"rule"/);
  assert.equal((await ask("bad")).status, 503);
  assert.equal((await ask("bad")).status, 200);
  const refused = await post("/__fake/script", { faults: [{ fault: { kind: "fire" } }] });
  assert.equal(refused.status, 400);
  const journal = await request(`${fake.url}/__fake/journal`);
  const entries = (await journal.body.json()) as { path: string; headers: Record<string, string>; tokens: number }[];
  assert.equal(entries.length, 4);
  assert.equal(entries[0]?.tokens, 1);
  assert.equal(entries[0].headers["x-mark"], "1");
  assert.doesNotMatch(JSON.stringify(entries), /secret-key/);
  await post("/__fake/reset", {});
  assert.match((await ask("again")).text, /MOCK:again/);
  assert.equal(fake.journal.entries.length, 1);
});

test("time to the first token and tokens per second are kept", async (context) => {
  const fake = await fakeModel(context, { firstTokenMs: 60, tokensPerSecond: 100, reply: "a b c d e f" });
  const start = performance.now();
  const { body } = await request(`${fake.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages: MESSAGES, stream: true }),
  });
  let firstMs = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    if (firstMs === 0 && part.toString().includes('"a ')) firstMs = performance.now() - start;
  }
  const wholeMs = performance.now() - start;
  assert.ok(firstMs >= 58, `first token after ${firstMs} ms`);
  assert.ok(wholeMs >= 106, `whole after ${wholeMs} ms`);
});

test("an abort of the client is in the journal with the tokens that were sent", async (context) => {
  const fake = await fakeModel(context, { reply: "a ".repeat(300), tokensPerSecond: 100 });
  const controller = new AbortController();
  const { body } = await request(`${fake.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages: MESSAGES, stream: true }),
    signal: controller.signal,
  });
  await assert.rejects(
    (async () => {
      for await (const part of body as AsyncIterable<Buffer>) if (part.toString().includes('"a ')) controller.abort();
    })(),
  );
  const entry = await fake.journal.until(() => true);
  assert.equal(entry.outcome, "aborted");
  assert.ok(entry.tokens >= 1 && entry.tokens < 100);
  assert.equal(entry.usage.completion_tokens, entry.tokens);
});

test("max_tokens cuts the answer, and hostile requests get an answer too", async (context) => {
  const fake = await fakeModel(context);
  const post = async (body: string): Promise<{ status: number; body: { choices?: { finish_reason: string }[] } }> => {
    const answer = await request(`${fake.url}/v1/chat/completions`, { method: "POST", body });
    return { status: answer.statusCode, body: (await answer.body.json()) as never };
  };
  const cut = await post(JSON.stringify({ model: "m", max_tokens: 1, messages: MESSAGES }));
  assert.equal(cut.body.choices?.[0]?.finish_reason, "length");
  assert.equal((await post("{")).status, 400);
  assert.equal((await post("[]")).status, 400);
  assert.equal((await post("{}")).status, 400);
  assert.equal((await post('{"model":"m"}')).status, 400);
  assert.equal((await post('{"model":"m","messages":[null,{"content":[null,5]}]}')).status, 200);
});
