import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { patiently } from "../../src/model/batched-embedder.ts";
import { openEmbedder, openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";

const NEVER = new AbortController().signal;

function dot(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a && b);
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

for (const provider of ["openai", "azure-openai"] as const) {
  test(`${provider}: vectors have length one, stand in order, and texts that share words are similar`, async (context) => {
    const fake = await fakeModel(context, { keys: ["k"] });
    const embedder = await (provider === "openai"
      ? openEmbedder({ provider, baseUrl: `${fake.url}/v1`, apiKey: "k", model: "e" })
      : openEmbedder({ provider, endpoint: fake.url, apiKey: "k", deployment: "e" }));
    context.after(() => embedder.close());
    assert.equal(embedder.dimensions, 256);
    assert.equal(embedder.fingerprint, "e/256/unit");
    const texts = ["annual leave of employees", "employees and their annual leave", "the kettle boils water", ""];
    const vectors = await embedder.embed(texts, "document", NEVER);
    assert.equal(vectors.length, 4);
    for (const vector of vectors) assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
    assert.ok(dot(vectors[0], vectors[1]) > 0.5 && dot(vectors[0], vectors[2]) < 0.3);
    const [again] = await embedder.embed([texts[2] ?? ""], "query", NEVER);
    assert.deepEqual(again, vectors[2]);
    assert.deepEqual(await embedder.embed([], "query", NEVER), []);
  });
}

test("many texts go in batches, in order, and a rate limit is waited for", async (context) => {
  const fake = await fakeModel(context, {
    faults: [{ contains: "text 150", fault: { kind: "status", status: 429, headers: { "retry-after-ms": "20" } } }],
  });
  const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 64 });
  context.after(() => embedder.close());
  assert.equal(fake.journal.entries.length, 0, "a known size is not asked for");
  const texts = Array.from({ length: 200 }, (_, at) => `text ${at}`);
  const vectors = await embedder.embed(texts, "document", NEVER);
  assert.equal(vectors.length, 200);
  const [last] = await embedder.embed(["text 199"], "document", NEVER);
  assert.deepEqual(last, vectors[199]);
  const sizes = fake.journal.entries.map(({ body }) => (body as { input: string[] }).input.length);
  assert.deepEqual(sizes, [96, 96, 96, 8, 1]);
});

for (const [kind, fault] of [
  ["document", { kind: "status", status: 503 }],
  ["query", { kind: "status", status: 500 }],
  ["document", { kind: "reset" }],
] as const) {
  test(`a single server is asked again after ${JSON.stringify(fault)} (${kind})`, async (context) => {
    const fake = await fakeModel(context, { faults: [{ fault }] });
    const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 8 });
    context.after(() => embedder.close());
    assert.equal((await embedder.embed(["x"], kind, NEVER)).length, 1);
    assert.equal(fake.journal.entries.length, 2);
  });
}

test("an outage is waited for five times, and not longer", async (context) => {
  const outage = { kind: "status", status: 503, headers: { "retry-after-ms": "1" } } as const;
  const fake = await fakeModel(context, { faults: [{ times: 11, fault: outage }] });
  const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 8 });
  context.after(() => embedder.close());
  await assert.rejects(embedder.embed(["x"], "document", NEVER), { retryable: true });
  assert.equal(fake.journal.entries.length, 6);
  assert.equal((await embedder.embed(["x"], "document", NEVER)).length, 1);
  assert.equal(fake.journal.entries.length, 12);
});

test("a question does not wait for a limit that lasts, and is told how long it does", async (context) => {
  const limit = { kind: "status", status: 429, headers: { "retry-after": "30" } } as const;
  const fake = await fakeModel(context, { faults: [{ times: 0, fault: limit }] });
  const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 8 });
  context.after(() => embedder.close());
  await assert.rejects(embedder.embed(["x"], "query", NEVER), { code: "ModelRateLimited", retryAfterMs: 30_000 });
  assert.equal(fake.journal.entries.length, 1);
});

test("vectors of another size than the index was built with are refused", async (context) => {
  const fake = await fakeModel(context);
  const embedder = await openEmbedder({
    provider: "openai",
    baseUrl: `${fake.url}/v1`,
    model: "text-embedding-3-small",
  });
  context.after(() => embedder.close());
  await assert.rejects(embedder.embed(["x"], "query", NEVER), { code: "ModelBadAnswer" });
});

test("a wrong key fails at once, and abort is heard", async (context) => {
  const fake = await fakeModel(context, { keys: ["right"] });
  const settings = { provider: "openai", baseUrl: `${fake.url}/v1`, apiKey: "wrong", model: "e" } as const;
  await assert.rejects(openEmbedder(settings), { code: "ModelUnauthorized" });
  assert.equal(fake.journal.entries.length, 1);
  const embedder = await openEmbedder({ ...settings, apiKey: "right", dimensions: 8 });
  context.after(() => embedder.close());
  await assert.rejects(embedder.embed(["x"], "query", AbortSignal.abort()), { code: "Canceled" });
});

test("an unknown provider is named with the known ones", () => {
  assert.throws(() => openModel({ provider: "oracle" } as never), {
    code: "InvalidConfig",
    message: /"oracle".*extractive/,
  });
  assert.throws(() => openModel({ provider: "azure-openai", endpoint: "http://x", deployment: "d" }), {
    code: "InvalidConfig",
    message: /AZURE_OPENAI_API_KEY/,
  });
});

test("a batch has so many characters at most, and one text that is longer goes alone", async (context) => {
  const fake = await fakeModel(context);
  const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 8 });
  context.after(() => embedder.close());
  const texts = [90_000, 90_000, 90_000, 250_000, 10].map((length) => "word ".repeat(length / 5));
  assert.equal((await embedder.embed(texts, "document", NEVER)).length, 5);
  const sizes = fake.journal.entries.map(({ body }) => (body as { input: string[] }).input.length);
  assert.deepEqual(sizes, [2, 1, 1, 1]);
});

test("a limit of a day is waited for a minute at a time", async () => {
  const limit = new FlowsteadError("ModelRateLimited", "Tomorrow.", { retryAfterMs: 86_400_000 });
  const wait = (ms: number): Promise<unknown> =>
    patiently(() => Promise.reject(limit), { attempts: 2, ms }, AbortSignal.abort());
  await assert.rejects(wait(60_000), { code: "Canceled" }, "it had begun to wait");
  await assert.rejects(wait(59_999), { code: "ModelRateLimited" });
});

test("an account that is empty is not asked again", async (context) => {
  const body = {
    error: { code: "insufficient_quota", type: "insufficient_quota", message: "You exceeded your quota." },
  };
  const fake = await fakeModel(context, { faults: [{ times: 0, fault: { kind: "status", status: 429, body } }] });
  const embedder = await openEmbedder({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "e", dimensions: 8 });
  context.after(() => embedder.close());
  await assert.rejects(embedder.embed(["x"], "document", NEVER), { code: "ModelQuotaExhausted" });
  assert.equal(fake.journal.entries.length, 1);
});
