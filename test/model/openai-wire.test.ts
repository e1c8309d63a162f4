import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { openAiModel } from "../../src/model/provider/openai.ts";
import { azureOpenAiModel } from "../../src/model/provider/azure-openai.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { ask, collect, failureOf, NEVER, openAi, textOf } from "./openai-ask.ts";

test("sends the body, the key and the usage option of OpenAI", async (context) => {
  const fake = await fakeModel(context, { keys: ["test-key"] });
  const model = openAi(fake, { organization: "org-1" });
  context.after(() => model.close());
  const schema = { name: "colour", strict: true, schema: { type: "object" } };
  const parameters = {
    temperature: 0.2,
    max_tokens: 9,
    seed: 7,
    logprobs: true,
    response_format: { type: "json_schema", json_schema: schema },
    tools: [{ type: "custom", custom: { name: "sql" } }],
    a_setting_of_next_year: { on: true },
  };
  const request = ask("Hi", { parameters, headers: { "x-call": "7" } });
  assert.equal(textOf(await collect(model, request)), "MOCK:Hi");
  const [entry] = fake.journal.entries;
  assert.equal(entry?.path, "/v1/chat/completions");
  assert.equal(entry.auth, "bearer");
  assert.equal(entry.headers["openai-organization"], "org-1");
  assert.equal(entry.headers["x-call"], "7");
  assert.deepEqual(entry.body, {
    model: "fake-model",
    messages: [{ role: "user", content: "Hi" }],
    ...parameters,
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("a probe asks for the list of models and for nothing else", async (context) => {
  const fake = await fakeModel(context);
  const [own, azure] = [openAi(fake), azureOpenAiModel({ endpoint: fake.url, apiKey: "k", deployment: "d" })];
  context.after(() => Promise.all([own.close(), azure.close()]));
  for (const model of [own, azure]) await model.probe(NEVER);
  assert.deepEqual(
    fake.journal.entries.map(({ method, path }) => `${method} ${path}`),
    ["GET /v1/models", "GET /openai/models?api-version=2024-10-21"],
  );
});

test("sends no usage option and no stream to a JSON call, and gives its answer in one chunk", async (context) => {
  const fake = await fakeModel(context, { reply: { toolCalls: [{ name: "add", arguments: '{"a":1}' }] } });
  const model = openAi(fake);
  context.after(() => model.close());
  const chunks = await collect(model, ask("Hi", { stream: false }));
  assert.equal((fake.journal.entries[0]?.body as { stream_options?: unknown } | undefined)?.stream_options, undefined);
  assert.equal(chunks.length, 1);
  assert.equal(chunks[0]?.choices[0]?.delta?.tool_calls?.[0]?.function?.arguments, '{"a":1}');
  assert.equal(chunks[0].choices[0].finish_reason, "tool_calls");
  assert.equal(chunks[0].usage?.prompt_tokens, 1);
});

test("Azure: path, api-version and key; filter chunks pass through as they came", async (context) => {
  const fake = await fakeModel(context, { keys: ["azure-key"], asyncFilter: true });
  const model = azureOpenAiModel({ endpoint: `${fake.url}/`, apiKey: "azure-key", deployment: "my gpt" });
  context.after(() => model.close());
  const chunks = await collect(model, ask("one two"));
  assert.equal(textOf(chunks), "MOCK:one two");
  const [entry] = fake.journal.entries;
  assert.equal(entry?.path, "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21");
  assert.equal(entry.auth, "api-key");
  assert.equal((entry.body as { model?: unknown }).model, "my gpt");
  assert.ok(chunks[0]?.prompt_filter_results, "the first chunk of Azure");
  assert.ok(chunks.some((chunk) => chunk.choices[0] && !chunk.choices[0].delta));
  assert.ok(chunks.some((chunk) => chunk.choices[0]?.content_filter_results));
});

test("Azure: an old api-version is not asked for usage, and /openai/v1 names the model in the body", async (context) => {
  const fake = await fakeModel(context);
  const old = azureOpenAiModel({ endpoint: fake.url, apiKey: "k", deployment: "d", apiVersion: "2024-02-01" });
  const settings = { apiKey: "k", deployment: "d", apiVersion: "2024-02-01" };
  const v1 = azureOpenAiModel({ ...settings, endpoint: `${fake.url}/openai/v1` });
  const copied = azureOpenAiModel({ ...settings, endpoint: `${fake.url}/openai/` });
  context.after(() => Promise.all([old.close(), v1.close(), copied.close()]));
  await collect(old, ask("x"));
  await collect(v1, ask("x"));
  await collect(copied, ask("x"));
  const [first, second, third] = fake.journal.entries;
  assert.ok(first && second);
  assert.equal(third?.path, "/openai/deployments/d/chat/completions?api-version=2024-02-01");
  assert.deepEqual((second.body as { stream_options?: unknown }).stream_options, { include_usage: true });
  assert.equal((first.body as { stream_options?: unknown }).stream_options, undefined);
  assert.equal(second.path, "/openai/v1/chat/completions");
  assert.equal((second.body as { model?: unknown }).model, "d");
});

test("an answer may last longer than it may stand still", async (context) => {
  const reply = "a b c d e f g h i j k l m n o p";
  const fake = await fakeModel(context, { reply, tokensPerSecond: 20 });
  const model = openAi(fake, { idleMs: 500 });
  context.after(() => model.close());
  // A machine that stands still itself may spoil one answer, hardly each of them.
  const texts: string[] = [];
  while (texts.length < 4 && texts.at(-1) !== reply) {
    texts.push(await collect(model, ask("x")).then(textOf, (thrown: Error) => thrown.message));
  }
  assert.equal(texts.at(-1), reply, texts.join("; "));
});

test("slow headers within the deadline are waited for", async (context) => {
  const fake = await fakeModel(context, { faults: [{ fault: { kind: "slow-headers", ms: 50 } }] });
  const model = openAi(fake, { firstTokenMs: 5000 });
  context.after(() => model.close());
  assert.equal(textOf(await collect(model, ask("x"))), "MOCK:x");
});

test("a server that keeps the answer open after [DONE] does not keep the caller", async (context) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(
      'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const model = openAiModel({ baseUrl: `http://127.0.0.1:${port}/v1`, model: "m" });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  assert.equal(textOf(await collect(model, ask("x"))), "hi");
  await model.close();
});

test("a filtered completion ends with finish_reason content_filter", async (context) => {
  const fake = await fakeModel(context, {
    reply: "a b c",
    faults: [{ fault: { kind: "filter-completion", at: 2 } }],
  });
  const model = openAi(fake);
  context.after(() => model.close());
  const chunks = await collect(model, ask("x"));
  assert.equal(textOf(chunks), "a b ");
  assert.ok(chunks.some((chunk) => chunk.choices[0]?.finish_reason === "content_filter"));
});

test("a server that does not know stream_options is asked again without, once and for all", async (context) => {
  const body = { error: { message: "Unrecognized request argument supplied: stream_options" } };
  const fake = await fakeModel(context, { faults: [{ fault: { kind: "status", status: 400, body } }] });
  const model = openAi(fake);
  context.after(() => model.close());
  assert.equal(textOf(await collect(model, ask("x"))), "MOCK:x");
  await collect(model, ask("y"));
  const asked = fake.journal.entries.map((entry) => "stream_options" in (entry.body as object));
  assert.deepEqual(asked, [true, false, false]);
});

test("a model that knows the limit of its answer by the newer name only is asked again by that, once and for all", async (context) => {
  const message =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  const fault = { kind: "status", status: 400, body: { error: { message, code: "unsupported_parameter" } } } as const;
  const fake = await fakeModel(context, { faults: [{ fault, times: 2 }] });
  const model = openAi(fake);
  context.after(() => model.close());
  const limited = { ...ask("x"), parameters: { max_tokens: 5 } };
  const isRelayed = (): boolean =>
    model.relay?.({ ...limited, stream: false }, AbortSignal.timeout(1000)) !== undefined;
  assert.equal(isRelayed(), false, "a refusal would reach the caller");
  // Those that were on their way together are all asked again.
  await Promise.all([collect(model, limited), collect(model, limited)]);
  assert.equal(textOf(await collect(model, limited)), "MOCK:x");
  const asked = fake.journal.entries.map(({ body }) => {
    const { max_tokens: older, max_completion_tokens: newer } = body as Record<string, unknown>;
    return [older, newer];
  });
  const [old, renamed] = [
    [5, undefined],
    [undefined, 5],
  ];
  assert.deepEqual(asked, [old, old, renamed, renamed, renamed]);
  assert.equal(isRelayed(), true);
});

test("without a model name the first that the server lists is used", async (context) => {
  const fake = await fakeModel(context, { models: ["llama-small", "llama-large"] });
  const model = openAiModel({ baseUrl: `${fake.url}/v1` });
  context.after(() => model.close());
  await collect(model, ask("x"));
  await collect(model, ask("x"));
  const models = fake.journal.entries.map(({ body }) => (body as { model?: string } | undefined)?.model);
  assert.deepEqual(models, [undefined, "llama-small", "llama-small"]);
  assert.equal(fake.journal.entries[1]?.auth, "none");
});

test("a server that answers JSON to a stream is understood", async (context) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ choices: [{ message: { content: "whole" }, finish_reason: "stop" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const model = openAiModel({ baseUrl: `http://127.0.0.1:${port}/v1`, model: "m" });
  context.after(async () => {
    await model.close();
    server.close();
  });
  const chunks = await collect(model, ask("x"));
  assert.equal(textOf(chunks), "whole");
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
});

test("abort closes the connection upstream at once", async (context) => {
  const fake = await fakeModel(context, { reply: "a ".repeat(1000), tokensPerSecond: 100 });
  const model = openAi(fake);
  context.after(() => model.close());
  const controller = new AbortController();
  let text = "";
  const error = await failureOf(
    (async () => {
      for await (const chunk of model.chat(ask("x"), controller.signal)) {
        text += chunk.choices[0]?.delta?.content ?? "";
        if (text.length > 4) controller.abort();
      }
    })(),
  );
  assert.equal(error.code, "Canceled");
  const entry = await fake.journal.until(() => true);
  assert.equal(entry.outcome, "aborted");
  assert.ok(entry.tokens < 100, `${entry.tokens} tokens`);
});

test("leaving the loop closes the connection upstream", async (context) => {
  const fake = await fakeModel(context, { reply: "a ".repeat(1000), tokensPerSecond: 100 });
  const model = openAi(fake);
  context.after(() => model.close());
  for await (const chunk of model.chat(ask("x"), NEVER)) if (textOf([chunk])) break;
  assert.equal((await fake.journal.until(() => true)).outcome, "aborted");
});
