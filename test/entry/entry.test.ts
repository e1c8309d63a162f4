import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { statusRoutes } from "../../src/entry/route/status.ts";
import { type Entry, openEntry } from "../../src/entry/server.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const missing: { name: string; reason: string }[] = [];

const target = scriptedTarget(async function* (call) {
  yield start();
  if (call.inputs.question === "fail") {
    yield { type: "error", time: 0, error: new FlowsteadError("Unexpected", "the flow broke").toBody() };
    return;
  }
  const document = { text: "passage", metadata: { title: "Handbook", source: { url: "h.md", filename: "h.md" } } };
  yield { type: "output", name: "documents", value: [document] };
  yield text("Hello ");
  yield text("there [1]");
  yield end({ answer: "Hello there [1]", documents: [] });
});

let entry: Entry;
before(async () => {
  entry = await openTestEntry(target, {
    version: "1.2.3",
    mount: async (app) => {
      await app.register(statusRoutes, { version: "1.2.3", notReady: () => missing });
      app.post("/api/echo", async (incoming) => incoming.body);
    },
  });
});
after(() => entry.close(0));

const authorization = `Bearer ${PRIMARY_KEY}`;

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(entry.url + path, init);
}

function score(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return call("/endpoints/chat/score", {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization, ...headers },
  });
}

test("score answers JSON, names the deployment and echoes the request id", async () => {
  const response = await score({ question: "hi" }, { "x-request-id": "my-id-1", "x-ms-client-request-id": "client-1" });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-request-id"), "my-id-1");
  assert.equal(response.headers.get("x-ms-client-request-id"), "client-1");
  assert.equal(response.headers.get("azureml-model-deployment"), "blue");
  assert.equal(((await response.json()) as { answer: string }).answer, "Hello there [1]");
  assert.equal(target.calls.at(-1)?.requestId, "my-id-1");
});

test("score streams when asked to", async () => {
  const body = await (await score({ question: "hi" }, { accept: "text/event-stream" })).text();
  assert.match(
    body,
    /^data: \{"documents":\[.*\]\}\n\ndata: \{"answer":"Hello "\}\n\ndata: \{"answer":"there \[1\]"\}\n\n$/,
  );
});

test("score: statuses of the managed endpoint", async () => {
  assert.equal((await score({ question: "hi" }, { authorization: "Bearer wrong" })).status, 401);
  assert.equal(
    (await call("/endpoints/other/score", { method: "POST", body: "{}", headers: { authorization } })).status,
    401,
  );
  assert.equal((await score({ question: "hi" }, { "azureml-model-deployment": "green" })).status, 404);
  assert.equal((await score({ question: "hi" }, { accept: "text/html" })).status, 406);
  const missing = await score({});
  assert.deepEqual([missing.status, missing.headers.get("ms-azureml-model-error-statuscode")], [424, "400"]);
  const failed = await score({ question: "fail" });
  assert.deepEqual([failed.status, failed.headers.get("ms-azureml-model-error-reason")], [424, "the flow broke"]);
  assert.deepEqual(await failed.json(), { error: { code: "SystemError", message: "the flow broke" } });
});

test("swagger, health and version of the endpoint", async () => {
  for (const [path, key] of [
    ["swagger.json", "openapi"],
    ["health", "status"],
    ["version", "build_info"],
  ] as const) {
    const response = await call(`/endpoints/chat/${path}`, { headers: { authorization } });
    assert.ok(key in ((await response.json()) as object), path);
  }
});

test("the openai package talks to the deployed flow", async () => {
  const client = new OpenAI({ apiKey: PRIMARY_KEY, baseURL: `${entry.url}/v1`, maxRetries: 0 });
  const models = await client.models.list();
  assert.deepEqual(
    models.data.map(({ id }) => id),
    ["chat", "chat/blue"],
  );
  const messages = [
    { role: "user" as const, content: "first" },
    { role: "assistant" as const, content: "one" },
    { role: "user" as const, content: "second" },
  ];
  const completion = await client.chat.completions.create({ model: "chat", messages });
  assert.equal(completion.choices[0]?.message.content, "Hello there [1]");
  assert.equal(completion.usage?.total_tokens, 5);
  assert.deepEqual(target.calls.at(-1)?.inputs, {
    question: "second",
    chat_history: [{ inputs: { question: "first" }, outputs: { answer: "one" } }],
  });
  const stream = await client.chat.completions.create({
    model: "chat/blue",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage?.total_tokens ?? usage;
  }
  assert.deepEqual([text, usage], ["Hello there [1]", 5]);
  await assert.rejects(client.chat.completions.create({ model: "nothing", messages }), { status: 404 });
  await assert.rejects(
    client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: "fail" }] }),
    /the flow broke/,
  );
  const stranger = new OpenAI({ apiKey: "wrong", baseURL: `${entry.url}/v1`, maxRetries: 0 });
  await assert.rejects(stranger.models.list(), { status: 401 });
});

test("healthz says alive, readyz names what is missing", async () => {
  assert.deepEqual(await (await call("/healthz")).json(), { status: "alive", version: "1.2.3" });
  assert.equal((await call("/readyz")).status, 200);
  missing.push({ name: "index", reason: "is being built" });
  const response = await call("/readyz");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { ready: false, notReady: [{ name: "index", reason: "is being built" }] });
  missing.length = 0;
});

test("another site cannot call it: foreign Host and Origin are refused", async () => {
  const withHost = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ port: entry.port, host: "127.0.0.1", path: "/healthz", headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
  assert.equal(await withHost(`evil.example:${entry.port}`), 403);
  assert.equal(await withHost(`localhost:${entry.port}`), 200);
  const post = (origin: string): Promise<Response> =>
    call("/api/echo", { method: "POST", body: '{"a":1}', headers: { origin, "content-type": "application/json" } });
  assert.equal((await post("http://evil.example")).status, 403);
  assert.equal((await post("null")).status, 403);
  assert.equal((await post(entry.url)).status, 200);
});

test("answers carry the strict policy, and refusals have a code and no stack", async () => {
  const response = await call("/api/nothing");
  assert.match(
    response.headers.get("content-security-policy") ?? "",
    /default-src 'none'.*require-trusted-types-for 'script'/,
  );
  assert.deepEqual(await response.json(), { error: { code: "NotFound", message: "There is no GET /api/nothing." } });
  const malformed = await call("/api/echo", {
    method: "POST",
    body: "{",
    headers: { "content-type": "application/json" },
  });
  assert.equal(malformed.status, 400);
  assert.doesNotMatch(await malformed.text(), /at .*\.ts/);
});

test("an address that cannot be decoded is refused like any other, and the server lives on", async () => {
  assert.equal((await call("/endpoints/%ff/score")).status, 401);
  assert.equal((await call("/endpoints/%")).status, 401);
  assert.equal((await call("/v1/%ff")).status, 401);
  const response = await call("/api/%ff");
  assert.equal(response.status, 400);
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const { error } = (await response.json()) as { error: { code: string } };
  assert.equal(error.code, "InvalidRequest");
  assert.equal((await call("/healthz")).status, 200);
});

test("anything but loopback is refused, and a taken port is named", async () => {
  const options = { port: 0, findPort: false, endpoints: new Map(), version: "1", log: SILENT, mount: async () => {} };
  await assert.rejects(openEntry({ ...options, host: "0.0.0.0" }), { code: "InvalidConfig", message: /only loopback/ });
  await assert.rejects(openEntry({ ...options, host: "127.0.0.1", port: entry.port }), {
    code: "PortInUse",
    message: new RegExp(`${entry.port}`),
  });
  const next = await openEntry({ ...options, host: "127.0.0.1", port: entry.port, findPort: true });
  assert.notEqual(next.port, entry.port);
  await next.close(0);
});
