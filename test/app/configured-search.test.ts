// The indexes as a configuration has them: how words and vectors weigh, what is kept of embeddings, and who pays the judge.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { openAccounts } from "../../src/app/account.ts";
import { openConfiguredSearch } from "../../src/app/configured-search.ts";
import { lendToFlow } from "../../src/app/flow-loan.ts";
import { openConfiguredEmbedder } from "../../src/app/resources.ts";
import { openFlowIndexes } from "../../src/cli/flow/lent-index.ts";
import { SILENT } from "../../src/base/log.ts";
import type { Config } from "../../src/config/schema.ts";
import { loadConfig } from "../../src/config/load.ts";
import { listen } from "../../src/endpoint/flow-server.ts";
import { remoteResources } from "../../src/endpoint/resource/client.ts";
import { resourceServer } from "../../src/endpoint/resource/server.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import { openGovernance } from "../../src/gateway/open.ts";
import type { Embedder } from "../../src/model/embedder.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { only } from "../endpoint/suite/lend.ts";
import { fakeService } from "../fake/service.ts";
import { passage, topicEmbedder } from "../index-suite.ts";

async function configOf(context: TestContext, overrides: Record<string, unknown>): Promise<Readonly<Config>> {
  const home = await mkdtemp(path.join(tmpdir(), "flowstead-configured-"));
  context.after(() => rm(home, { recursive: true, force: true }));
  return loadConfig({ overrides: { ...overrides, home }, env: {} }).config;
}

const ANIMALS = [
  passage("money", 0, "The price is 20 euro, pay at the desk.", { title: "Shop" }),
  passage("sky", 0, "After rain comes sun, after a storm comes snow.", { title: "Weather" }),
];

test("words and vectors weigh as the configuration says, or as a query does; embeddings are kept", async (context) => {
  const config = await configOf(context, { search: { word_weight: 0.001, vector_weight: 1 } });
  let embedded = 0;
  const topics = topicEmbedder();
  const embedder: Embedder = {
    ...topics,
    embed: (texts, ...rest) => {
      embedded += texts.length;
      return topics.embed(texts, ...rest);
    },
  };
  const search = openConfiguredSearch(config, embedder, SILENT);
  context.after(() => search.close());
  const index = await search.create("animals");
  context.after(() => index.close());
  await index.upsert(ANIMALS);
  await index.upsert(ANIMALS);
  assert.equal(embedded, 2);
  // Words say sky; the vector says money.
  const query = { text: "storm", mode: "hybrid", vector: Float32Array.from([0, 0, 1, 0]), top: 2 } as const;
  const first = async (weights?: { words?: number; vectors?: number }): Promise<string | undefined> =>
    (await index.query({ ...query, ...(weights ? { weights } : {}) })).hits[0]?.passage.documentId;
  assert.equal(await first(), "money");
  assert.equal(await first({ words: 1 }), "sky");
  assert.equal(await first({ vectors: 0.0001 }), "sky");
});

const judging = (context: TestContext): ReturnType<typeof fakeService> =>
  fakeService(context, ({ url: asked }) => {
    const usage = { prompt_tokens: 70, completion_tokens: 5, total_tokens: 75 };
    if (asked.endsWith("/embeddings")) {
      return { body: { data: [{ index: 0, embedding: [0, 0, 1, 0] }], usage } };
    }
    const choices = [{ index: 0, message: { role: "assistant", content: "[1, 9]" }, finish_reason: "stop" }];
    return { body: { id: "x", object: "chat.completion", created: 1, model: "m", choices, usage } };
  });

test("a chat model that judges passages is counted for whom an instance searches, whatever the flow says", async (context) => {
  const service = await judging(context);
  const model = { provider: "openai", base_url: `${service.url}/v1`, model: "judge" };
  const config = await configOf(context, { reranker: { provider: "chat-model", model } });
  const store = await openRecordStore({ file: path.join(config.home, "flowstead.db") });
  context.after(() => store.close());
  const governance = await openGovernance({
    config: config.gateway,
    pools: new Map(),
    ledger: await openLedger(store, SILENT),
    log: SILENT,
  });
  context.after(() => governance.close());
  const search = openConfiguredSearch(config, undefined, SILENT, governance.govern);
  context.after(() => search.close());
  const index = await search.create("animals");
  context.after(() => index.close());
  await index.upsert(ANIMALS);

  const server = resourceServer(only({ searchIndex: async () => index }), {
    token: () => ({ caller: { principal: "anna", flow: "shop" } }),
    log: SILENT,
  });
  const socketPath = path.join(config.home, "resources.sock");
  await listen(server, { socketPath });
  const remote = remoteResources({ socketPath, token: "t", url: "http://resources" });
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await remote.close();
  });
  const caller = { principal: "somebody else" };
  const far = await remote.searchIndex("animals");
  const { hits, degraded } = await far.query({ text: "price or storm", mode: "text", top: 2, caller });
  assert.deepEqual(degraded, []);
  assert.equal(hits.length, 2);
  await index.query({ text: "price or storm", mode: "text", top: 2 });
  await governance.ledger.flush();
  const sums = await governance.ledger.sums(["principal", "flow", "model"]);
  assert.deepEqual(
    sums
      .map(({ principal, flow, model: name, prompt_tokens: tokens }) => [principal, flow, name, tokens].join())
      .sort(),
    ["anna,shop,judge,70", "system,,judge,70"],
  );
});

test("what a command's flow looks up is counted for the flow: its judge, and the embedding of its question", async (context) => {
  const service = await judging(context);
  const at = { provider: "openai", base_url: `${service.url}/v1` };
  const config = await configOf(context, {
    reranker: { provider: "chat-model", model: { ...at, model: "judge" } },
    embedder: { ...at, model: "vectors", dimensions: 4 },
  });
  const embedder = await openConfiguredEmbedder(config, SILENT);
  const accounts = openAccounts({ config, log: SILENT });
  const made = openConfiguredSearch(config, topicEmbedder(), SILENT);
  const index = await made.create("animals");
  await index.upsert(ANIMALS);
  await index.close();
  await made.close();
  const indexes = openFlowIndexes(config, embedder && { ...embedder, fingerprint: topicEmbedder().fingerprint }, {
    accounts,
    log: SILENT,
  });
  const loan = await lendToFlow({
    config,
    env: {},
    log: SILENT,
    accounts,
    pools: new Map(),
    embedder,
    openIndex: (name) => indexes.open(name),
    flow: "shop",
    hasCode: false,
  });
  const found = await (await loan.resources.searchIndex("animals")).query({ text: "storm", mode: "hybrid", top: 2 });
  assert.deepEqual([found.hits.length, found.degraded], [2, []]);
  await loan.close();
  await indexes.close();
  const sums = await (await accounts.governance()).ledger.sums(["principal", "flow", "model"]);
  await accounts.close();
  await embedder?.close();
  assert.deepEqual(
    sums.map(({ principal, flow, model, prompt_tokens: tokens }) => [principal, flow, model, tokens].join()).sort(),
    ["local,shop,judge,70", "local,shop,vectors,70"],
  );
});
