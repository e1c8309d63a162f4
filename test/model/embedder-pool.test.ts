// The exact calls that an embedder of several regions makes, asserted against what each region has seen.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Embedder } from "../../src/model/embedder.ts";
import type { FakeScript, Fault } from "../../src/model/fake/script.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import type { PoolSettings } from "../../src/model/member-pool.ts";
import { embedderName, embedderSettings, openEmbedder } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";

const NEVER = new AbortController().signal;
const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: "status",
  status: code,
  headers,
});

interface Regions {
  embedder: Embedder;
  fakes: FakeModelServer[];
  /** `east 96`: which region was asked for how many texts, in the order of the calls. */
  calls(): string[];
}

const NAMES = ["east", "west"];

/** Two regions that are tried in this order, each with its own script, as a configuration file names them. */
async function regions(
  context: TestContext,
  scripts: readonly FakeScript[],
  { pool, more = {}, weights }: { pool?: PoolSettings; more?: Record<string, unknown>; weights?: number[] } = {},
): Promise<Regions> {
  const fakes = await Promise.all(scripts.map((script) => fakeModel(context, script)));
  const settings = embedderSettings({
    provider: "openai",
    model: "e",
    api_key: "k",
    dimensions: 16,
    regions: fakes.map(({ url }, at) => ({
      region: NAMES[at],
      base_url: `${url}/v1`,
      ...(weights ? { weight: weights[at] } : { priority: at }),
    })),
    ...more,
  });
  const embedder = await openEmbedder(settings, { pool });
  context.after(() => embedder.close());
  const calls = (): string[] =>
    fakes
      .flatMap(({ journal }, at) => journal.entries.map((entry) => ({ at, entry })))
      .filter(({ entry }) => entry.path.endsWith("/embeddings"))
      .sort((a, b) => a.entry.time - b.entry.time || a.at - b.at)
      .map(({ at, entry }) => `${NAMES[at]} ${(entry.body as { input: string[] }).input.length}`);
  return { embedder, fakes, calls };
}

const ask = (embedder: Embedder, texts = ["x"]): Promise<Float32Array[]> => embedder.embed(texts, "query", NEVER);

test("429 moves at once, and the region is left alone for its Retry-After", async (context) => {
  const { embedder, calls } = await regions(context, [
    { faults: [{ fault: status(429, { "retry-after": "20" }) }] },
    {},
  ]);
  const [vector] = await ask(embedder);
  assert.equal(vector?.length, 16);
  await ask(embedder);
  assert.deepEqual(calls(), ["east 1", "west 1", "west 1"]);
});

for (const fault of [status(500), { kind: "reset" }, { kind: "malformed" }] satisfies Fault[]) {
  test(`${JSON.stringify(fault)}: the next region answers`, async (context) => {
    const { embedder, calls } = await regions(context, [{ faults: [{ fault }] }, {}]);
    assert.equal((await ask(embedder)).length, 1);
    assert.deepEqual(calls(), ["east 1", "west 1"]);
  });
}

test("a region that hangs is given up after answer_seconds, and stays out while its circuit is open", async (context) => {
  const { embedder, calls } = await regions(context, [{ faults: [{ times: 0, fault: { kind: "stall" } }] }, {}], {
    more: { answer_seconds: 0.15 },
    pool: { breaker: { failures: 2, openMs: 60_000 } },
  });
  for (let call = 0; call < 3; call++) assert.equal((await ask(embedder)).length, 1);
  assert.deepEqual(calls(), ["east 1", "west 1", "east 1", "west 1", "west 1"]);
});

test("a region that cannot be reached is passed over", async (context) => {
  const { embedder, fakes, calls } = await regions(context, [{}, {}]);
  await fakes[0]?.close();
  assert.equal((await ask(embedder)).length, 1);
  assert.deepEqual(calls(), ["west 1"]);
});

test("each batch is a call of its own: one that fails moves alone, and the order of texts is kept", async (context) => {
  const faults = [{ contains: "text 150", fault: status(429, { "retry-after": "20" }) }];
  const { embedder, calls } = await regions(context, [{ faults }, {}]);
  const texts = Array.from({ length: 200 }, (_, at) => `text ${at}`);
  let tokens = 0;
  const vectors = await embedder.embed(texts, "document", NEVER, {
    onUsage: (used) => {
      tokens += used;
    },
  });
  assert.deepEqual(calls(), ["east 96", "east 96", "west 96", "west 8"]);
  assert.deepEqual(vectors[199], (await ask(embedder, ["text 199"]))[0]);
  assert.ok(tokens >= 400, `the tokens of what answered are told: ${tokens}`);
});

test("a text that is refused is tried nowhere else, and ejects nobody", async (context) => {
  const { embedder, calls } = await regions(context, [{ faults: [{ fault: status(400) }] }, {}]);
  await assert.rejects(ask(embedder), { code: "ModelRejected" });
  await ask(embedder);
  assert.deepEqual(calls(), ["east 1", "east 1"]);
});

test("a circuit opens for a region that fails again and again", async (context) => {
  const { embedder, calls } = await regions(context, [{ faults: [{ times: 0, fault: status(503) }] }, {}], {
    pool: { breaker: { failures: 2, openMs: 60_000 } },
  });
  for (let call = 0; call < 4; call++) await ask(embedder);
  assert.deepEqual(calls(), ["east 1", "west 1", "east 1", "west 1", "west 1", "west 1"]);
});

test("all at their limit: a question gets the shortest wait, and no further calls are made", async (context) => {
  const limit = (seconds: string): FakeScript => ({
    faults: [{ times: 0, fault: status(429, { "retry-after": seconds }) }],
  });
  const { embedder, calls } = await regions(context, [limit("40"), limit("30")]);
  for (let call = 0; call < 2; call++) {
    await assert.rejects(ask(embedder), (error: { code: string; retryAfterMs: number }) => {
      assert.equal(error.code, "ModelRateLimited");
      assert.ok(error.retryAfterMs > 20_000 && error.retryAfterMs <= 30_000, String(error.retryAfterMs));
      return true;
    });
  }
  assert.deepEqual(calls(), ["east 1", "west 1"]);
});

test("indexing waits until a region is free again", async (context) => {
  const soon: FakeScript = { faults: [{ fault: status(429, { "retry-after-ms": "60" }) }] };
  const { embedder, calls } = await regions(context, [soon, soon], { pool: { waitMs: 0 } });
  assert.equal((await embedder.embed(["x"], "document", NEVER)).length, 1);
  const seen = calls();
  assert.equal(seen.length, 3, seen.join());
});

test("regions of one priority share the calls", async (context) => {
  const { embedder, calls } = await regions(context, [{}, {}], { weights: [1, 1] });
  for (let call = 0; call < 40; call++) await ask(embedder);
  for (const name of NAMES) assert.ok(calls().filter((call) => call === `${name} 1`).length > 3, calls().join());
});

test("the size of unknown vectors is asked of a region that answers, and another size is refused", async (context) => {
  const { embedder, calls } = await regions(context, [{ faults: [{ fault: status(500) }] }, {}], {
    more: { dimensions: undefined },
  });
  assert.equal(embedder.fingerprint, "e/256/unit", "as of one server: an index stays when regions are added");
  assert.deepEqual(calls(), ["east 1", "west 1"]);
});

test("regions must be one model, of one size, under one residency", async () => {
  const at = (...all: Record<string, unknown>[]): Promise<Embedder> =>
    openEmbedder(
      embedderSettings({
        provider: "openai",
        base_url: "http://127.0.0.1:9/v1",
        dimensions: 8,
        regions: all,
      }),
    );
  const refuses = (work: Promise<Embedder>, message: RegExp): Promise<void> =>
    assert.rejects(work, { code: "InvalidConfig", message });
  await refuses(at({ model: "a" }, { model: "b" }), /regions differ in serves: "a", "b"/);
  await refuses(at({ model: "a" }, { model: "a", dimensions: 16 }), /differ in dimensions: 8, 16/);
  await refuses(at({ model: "a", residency: "eu" }, { model: "a" }), /residency: "eu", none/);
  const one = await at({ model: "a", serves: "c" }, { model: "b", serves: "c" });
  assert.equal(one.fingerprint, "c/8/unit");
  await one.close();
  assert.throws(() => embedderSettings({ provider: "openai", regions: [{}, { base_ur: "x" }] }), {
    code: "InvalidConfig",
    message: /embedder\.regions\[1\].*base_ur/,
  });
});

test("a region may be at another provider, and the pool keeps its model's name", () => {
  const entry = {
    provider: "azure-openai",
    endpoint: "https://one.example",
    deployment: "d",
    model: "text-embedding-3-small",
    regions: [{ api_key: "k" }, { provider: "openai", api_key: "o" }],
  };
  const { regions: members } = embedderSettings(entry);
  assert.deepEqual(
    members?.map(({ provider, model }) => [provider, model]),
    [
      ["azure-openai", "text-embedding-3-small"],
      ["openai", "text-embedding-3-small"],
    ],
  );
  assert.equal(embedderName({ provider: "openai", regions: [{ model: "e" }] }), "e");
});
