import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { admitted } from "../../src/endpoint/admission.ts";
import { openEndpoint } from "../../src/endpoint/endpoint.ts";
import { statusRoutes } from "../../src/entry/route/status.ts";
import { type Entry, openEntry } from "../../src/entry/server.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const missing: { name: string; reason: string }[] = [];
const degraded: { name: string; reason: string }[] = [];

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
      await app.register(statusRoutes, { version: "1.2.3", notReady: () => missing, degraded: () => degraded });
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

test("score answers JSON, names the deployment, and has an id of its own beside the caller's", async () => {
  const given = { "x-request-id": "my-id-1", "x-ms-client-request-id": `client_1-${";a".repeat(60)}` };
  const response = await score({ question: "hi" }, given);
  assert.equal(response.status, 200);
  const id = response.headers.get("x-request-id") ?? "";
  assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(target.calls.at(-1)?.requestId, id);
  assert.equal(response.headers.get("x-ms-client-request-id"), `client_1-${"a".repeat(31)}`);
  assert.equal(response.headers.get("azureml-model-deployment"), "blue");
  assert.equal(((await response.json()) as { answer: string }).answer, "Hello there [1]");
  const bare = await score({ question: "hi" });
  assert.notEqual(bare.headers.get("x-request-id"), id);
  assert.equal(bare.headers.get("x-ms-client-request-id"), null);
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

test("score: 429 over the limit, 408 after the time of a call, 404 without traffic", async () => {
  const hanging = scriptedTarget(async function* (_call, signal) {
    yield start();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield { type: "error", time: 0, error: new FlowsteadError("Canceled", "canceled").toBody() };
  });
  const limited = admitted(hanging, { limit: () => 1, timeoutMs: () => 500 });
  const idle = openEndpoint({ name: "idle", keys: { principalOf: () => "somebody" }, deployments: [], traffic: {} });
  const busy = await openTestEntry(limited);
  const quiet = await openTestEntry(limited, { endpoints: new Map([["idle", idle]]) });
  const send = (url: string): Promise<Response> =>
    fetch(url, { method: "POST", body: '{"question": "hi"}', headers: { authorization } });
  const slow = send(`${busy.url}/endpoints/chat/score`);
  while (limited.pending === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const refused = await send(`${busy.url}/endpoints/chat/score`);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assert.match(await refused.text(), /Too many pending requests/);
  const model = await fetch(`${busy.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: "hi" }] }),
  });
  const told = ["retry-after-ms", "x-should-retry"].map((name) => model.headers.get(name));
  assert.deepEqual([model.status, ...told], [429, "1000", null], "a wait is worth a retry");
  assert.equal((await slow).status, 408);
  assert.equal((await send(`${quiet.url}/endpoints/idle/score`)).status, 404);
  await Promise.all([busy.close(0), quiet.close(0)]);
});

test("a call of score is one that the flow may see once only", () => {
  assert.equal(target.calls.at(0)?.atMostOnce, true);
});

test("an endpoint that hands on the flow's own statuses has no 424", async () => {
  const open = await openTestEntry(target, { passthrough: true });
  const send = (body: object): Promise<Response> =>
    fetch(`${open.url}/endpoints/chat/score`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization },
    });
  const statuses = [(await send({})).status, (await send({ question: "fail" })).status];
  await open.close(0);
  assert.deepEqual(statuses, [400, 500]);
});

test("swagger, health and version of the endpoint", async () => {
  for (const [path, key] of [
    ["swagger.json", "openapi"],
    ["health", "status"],
    ["version", "build_info"],
  ] as const) {
    const response = await call(`/endpoints/chat/${path}`, { headers: { authorization } });
    assert.ok(key in ((await response.json()) as object), path);
    const head = await call(`/endpoints/chat/${path}`, { method: "HEAD", headers: { authorization } });
    assert.deepEqual([head.status, await head.text()], [200, ""], path);
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
  await assert.rejects(client.chat.completions.create({ model: "chat/nobody", messages }), { status: 404 });
  await assert.rejects(
    client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: "fail" }] }),
    /the flow broke/,
  );
  const own = [{ type: "azure_search", parameters: { index_name: "docs" } }];
  for (const [field, why] of [
    [{ data_sources: own }, /data_sources: is not taken here: a deployed flow finds its documents itself/],
    [{ n: 2 }, /n: is not taken here: a run of a flow gives one answer/],
    [{ logprobs: true }, /logprobs: is not taken here/],
  ] as const) {
    const refused = client.chat.completions.create({ model: "chat", messages, ...field } as never);
    await assert.rejects(refused, { status: 400, message: why });
  }
  await client.chat.completions.create({ model: "chat", messages, n: 1, logprobs: false });
  // The pool below has retried already: a client's own retries would multiply them.
  const failing = { model: "chat", messages: [{ role: "user", content: "fail" }] };
  const failed = await fetch(`${entry.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify(failing),
  });
  assert.deepEqual([failed.status, failed.headers.get("x-should-retry")], [500, "false"]);
  const stranger = new OpenAI({ apiKey: "wrong", baseURL: `${entry.url}/v1`, maxRetries: 0 });
  await assert.rejects(stranger.models.list(), { status: 401 });
});

test("healthz says alive, readyz names what is missing, and what works less well", async () => {
  assert.deepEqual(await (await call("/healthz")).json(), { status: "alive", version: "1.2.3" });
  const limits = { name: "limits", reason: "Redis is away" };
  degraded.push(limits);
  const well = await call("/readyz");
  assert.deepEqual([well.status, await well.json()], [200, { ready: true, notReady: [], degraded: [limits] }]);
  degraded.length = 0;
  const index = { name: "index", reason: "is being built" };
  missing.push(index);
  const response = await call("/readyz");
  assert.deepEqual([response.status, await response.json()], [503, { ready: false, notReady: [index], degraded: [] }]);
  missing.length = 0;
});

function statusFor(of: Entry, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port: of.port, host: "127.0.0.1", path: "/healthz", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

test("another site cannot call it: foreign Host and Origin are refused", async () => {
  for (const host of [`evil.example:${entry.port}`, "[", "chat.example"]) {
    assert.equal(await statusFor(entry, host), 403, host);
  }
  assert.equal(await statusFor(entry, `localhost:${entry.port}`), 200);
  const post = (origin: string): Promise<Response> =>
    call("/api/echo", { method: "POST", body: '{"a":1}', headers: { origin, "content-type": "application/json" } });
  assert.equal((await post("http://evil.example")).status, 403);
  assert.equal((await post("null")).status, 403);
  assert.equal((await post(entry.url)).status, 200);
});

test("names that are configured are answered to, and others as little as before", async () => {
  const named = await openTestEntry(target, { hosts: ["Chat.example"] });
  assert.equal(await statusFor(named, "chat.example"), 404);
  assert.equal(await statusFor(named, `CHAT.example:${named.port}`), 404);
  assert.equal(await statusFor(named, "evil.chat.example"), 403);
  await named.close(0);
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
