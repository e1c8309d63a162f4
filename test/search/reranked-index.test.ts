// Rerankers by provider, over servers on 127.0.0.1: the order is the model's, and a search is never lost with it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { modelSettings, openModel } from "../../src/model/provider/index.ts";
import { openReranker } from "../../src/model/provider/reranker/index.ts";
import { createEmbeddedIndex } from "../../src/search/provider/index.ts";
import { rerankedIndex } from "../../src/search/reranked-index.ts";
import type { SearchIndex, SearchQuery } from "../../src/search/search-index.ts";
import { type ServiceRequest, fakeService } from "../fake/service.ts";
import { passage } from "../index-suite.ts";

const QUESTION = "walrus food";

/** What a judge thinks who reads: the passage with most fish is best. */
function grade(text: string): number {
  return text.split("fish").length - 1;
}

describe("reranking by a model", () => {
  let folder: string;
  let bare: SearchIndex;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-reranked-"));
    bare = await createEmbeddedIndex({ folder, name: "test", log: SILENT });
    await bare.upsert([
      passage("a", 0, "walrus food walrus food"),
      passage("b", 0, "walrus food and one fish"),
      passage("c", 0, "walrus with a long meal of fish and fish"),
      passage("d", 0, "fish fish fish for seals"),
    ]);
  });
  after(async () => {
    await bare.close();
    await rm(folder, { recursive: true, force: true });
  });

  const over = (context: TestContext, entry: Record<string, unknown>): SearchIndex => {
    const stage = openReranker(entry, (model) => openModel(modelSettings(model)));
    context.after(() => stage.reranker.close());
    return rerankedIndex(bare, stage);
  };
  const asked = async (index: SearchIndex, rest: Partial<SearchQuery> = {}) => {
    const { hits, degraded } = await index.query({ text: QUESTION, mode: "text", top: 10, ...rest });
    return {
      ids: hits.map(({ passage: { documentId } }) => documentId),
      scores: hits.map(({ score }) => score),
      degraded,
    };
  };
  const bodyOf = ({ body }: ServiceRequest) => JSON.parse(body) as Record<string, unknown>;

  it("a server with /rerank: documents, key and model go out, its scores are the order", async (context) => {
    const service = await fakeService(context, (request) => {
      const documents = bodyOf(request)["documents"] as string[];
      const results = documents.map((text, index) => ({ index, relevance_score: grade(text) / 10 }));
      return { body: { results: results.toSorted((a, b) => b.relevance_score - a.relevance_score) } };
    });
    const entry = { provider: "cross-encoder", base_url: `${service.url}/v2`, api_key: "secret", model: "rerank-9" };
    const index = over(context, entry);
    assert.deepEqual(await asked(index), { ids: ["c", "b", "a"], scores: [0.2, 0.1, 0], degraded: [] });
    const [request] = service.requests;
    assert.equal(request?.url, "/v2/rerank");
    assert.equal(request.headers["authorization"], "Bearer secret");
    const { query, model, top_n } = bodyOf(request);
    assert.deepEqual({ query, model, top_n }, { query: QUESTION, model: "rerank-9", top_n: 3 });
    assert.equal((await index.statistics()).reranker, "cross-encoder/rerank-9");
    assert.deepEqual((await asked(index, { top: 1, skip: 1 })).ids, ["b"]);
  });

  it("text-embeddings-inference: texts go out, a bare list comes back", async (context) => {
    const service = await fakeService(context, (request) => ({
      body: (bodyOf(request)["texts"] as string[]).map((text, index) => ({ index, score: grade(text) })),
    }));
    const index = over(context, { provider: "cross-encoder", base_url: service.url, wire: "texts" });
    assert.deepEqual((await asked(index)).ids, ["c", "b", "a"]);
    assert.equal(service.requests[0]?.headers["authorization"], undefined);
  });

  it("only so many candidates are judged; the others stand behind them", async (context) => {
    const service = await fakeService(context, (request) => ({
      body: {
        results: (bodyOf(request)["documents"] as string[]).map((text, index) => ({ index, score: grade(text) })),
      },
    }));
    const index = over(context, { provider: "cross-encoder", base_url: service.url, candidates: 2 });
    const { ids, scores } = await asked(index);
    assert.deepEqual(ids, ["b", "a", "c"]);
    assert.deepEqual(
      scores,
      scores.toSorted((one, other) => other - one),
    );
  });

  it("a chat model grades all passages in one call", async (context) => {
    const service = await fakeService(context, (request) => {
      const { messages } = bodyOf(request) as { messages: { content: string }[] };
      const { passages } = JSON.parse(messages[1]!.content) as { passages: { text: string }[] };
      const content = `Grades: ${JSON.stringify(passages.map(({ text }) => grade(text)))}`;
      const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
      return { body: { id: "x", object: "chat.completion", created: 1, model: "m", choices } };
    });
    const model = { provider: "openai", base_url: `${service.url}/v1`, model: "m" };
    const index = over(context, { provider: "chat-model", model });
    assert.deepEqual((await asked(index)).ids, ["c", "b", "a"]);
    assert.equal(service.requests.length, 1);
  });

  it("an answer that is an error, is cut short or never comes leaves the order of the words, and says so", async (context) => {
    const before = (await asked(bare)).ids;
    const failing: [string, { status?: number; body: unknown }, RegExp][] = [
      ["an error", { status: 500, body: { message: "out of order" } }, /out of order/],
      ["too few scores", { body: { results: [{ index: 0, relevance_score: 1 }] } }, /score for each of 3 passages/],
      ["no JSON", { body: "<html>" }, /score for each of 3 passages/],
    ];
    for (const [what, answer, said] of failing) {
      const service = await fakeService(context, () => answer);
      const index = over(context, { provider: "cross-encoder", base_url: service.url });
      const { ids, degraded } = await asked(index);
      assert.deepEqual(ids, before, what);
      assert.match(degraded[0]!, said);
      assert.match(degraded[0]!, /^rerank: .*ranked by words/);
      // It is left alone for a while, so that not every question pays for it.
      assert.match((await asked(index)).degraded[0]!, /failed just now/);
      assert.equal(service.requests.length, 1);
    }
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    context.after(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { ids, degraded } = await asked(
      over(context, { provider: "cross-encoder", base_url: url, timeout_seconds: 0.2 }),
    );
    assert.deepEqual(ids, before);
    assert.match(degraded[0]!, /did not answer within 0.2 s/);
  });

  it("is left out where a query wants none, and a wrong entry is told by its key", async (context) => {
    const service = await fakeService(context, () => ({ status: 500, body: {} }));
    const index = over(context, { provider: "cross-encoder", base_url: service.url });
    assert.deepEqual((await asked(index, { rerank: false })).degraded, []);
    assert.deepEqual(await asked(index, { rerank: "words" }), await asked(bare));
    assert.equal(service.requests.length, 0);
    const wrong = (entry: Record<string, unknown>, message: RegExp): void =>
      void assert.throws(() => openReranker(entry, () => assert.fail()), { code: "InvalidConfig", message });
    wrong({ provider: "cross-encoder" }, /reranker: base_url/);
    wrong({ provider: "oracle" }, /no provider "oracle".*cross-encoder, chat-model/);
  });
});
