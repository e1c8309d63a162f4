// Azure AI Search as a provider, against this program's own search service over HTTP, and against a server with faults.

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { openCatalog } from "../../../src/search/document/catalog.ts";
import type { DocumentIndex } from "../../../src/search/document/document-index.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { parseFilter } from "../../../src/search/filter/parse.ts";
import { documentProvider } from "../../../src/search/provider/index.ts";
import { ADMIN_KEY, type SearchService, startSearchService } from "../search-service.ts";
import { providerDocumentSuite } from "./catalog-of-provider.ts";
import { providerIndexSuite } from "./index-of-provider.ts";
import { providerRebuildTest } from "./rebuild-of-provider.ts";

describe("Azure AI Search as a provider", () => {
  let services: SearchService[];
  before(async () => {
    services = await Promise.all([startSearchService(), startSearchService()]);
  });
  after(() => Promise.all(services.map((one) => one.close())));

  const settings = (at: number) => () => ({
    provider: "azure-ai-search",
    url: services[at]!.url,
    api_key: ADMIN_KEY,
  });
  providerIndexSuite("azure-ai-search", settings(0));
  providerDocumentSuite("azure-ai-search", { title: "Azure AI Search", settings: settings(1) });
  providerRebuildTest(settings(1));

  it("tells what the service says of a wrong key, and not the key", async () => {
    const provider = documentProvider({ folder: "", server: { ...settings(0)(), api_key: "not-the-key-of-it" } });
    await assert.rejects(provider.list(), (thrown: Error) => {
      assert.match(thrown.message, /answered 403.*search\.api_key/);
      assert.doesNotMatch(thrown.message, /not-the-key/);
      return true;
    });
    await provider.close();
  });

  it("sends no token in the clear, and nothing without key or identity", async () => {
    const server = { provider: "azure-ai-search", url: services[0]!.url };
    const token = async (): Promise<string> => "a-token";
    await assert.rejects(documentProvider({ folder: "", server: { ...server, token } }).list(), /https/);
    await assert.rejects(documentProvider({ folder: "", server }).list(), /search\.api_key/);
  });
});

describe("an Azure AI Search service with faults", () => {
  interface Fault {
    status: number;
    headers?: Record<string, string>;
    body?: unknown;
  }
  const definition = { name: "faulty", fields: [{ name: "id", type: "Edm.String", key: true }] };
  let server: Server;
  let index: DocumentIndex;
  let answers: Fault[];
  /** Bodies of the next answers to GET, and the paths that were asked for. */
  let gets: unknown[];
  let got: string[];
  let asked: {
    path: string;
    headers: IncomingHttpHeaders;
    body: { value?: { id: string }[] } & Record<string, unknown>;
  }[];

  before(async () => {
    gets = [];
    server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString("utf8");
      const body = (text === "" ? {} : JSON.parse(text)) as (typeof asked)[number]["body"];
      if (request.method === "GET" && gets.length > 0) {
        got.push(request.url!);
        const one = gets.shift();
        response.end(typeof one === "string" ? one : JSON.stringify(one));
        return;
      }
      if (request.method !== "GET") asked.push({ path: request.url!, headers: request.headers, body });
      const isBatch = request.url!.includes("search.index");
      const written = body.value?.map(({ id: key }) => ({ key, status: true, errorMessage: null, statusCode: 201 }));
      if (request.url!.startsWith("/search/aliases")) return void response.writeHead(404).end();
      const answer: Fault = (request.method === "GET" ? undefined : answers.shift()) ?? {
        status: 200,
        body: isBatch ? { value: written } : request.method === "GET" ? definition : { value: [] },
      };
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(JSON.stringify(answer.body ?? { error: { code: "", message: "busy" } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/search`;
    const provider = documentProvider({ folder: "", server: { provider: "azure-ai-search", url, api_key: "a-key" } });
    index = await openCatalog(provider, undefined).open("faulty");
  });
  beforeEach(() => {
    answers = [];
    asked = [];
    gets = [];
    got = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const upload = (count: number) =>
    index.write(Array.from({ length: count }, (_, at) => ({ action: "upload", document: { id: `d${at}` } })));

  it("waits as long as the service says, and goes on", async () => {
    answers = [
      { status: 429, headers: { "retry-after": "0.02" } },
      { status: 503, headers: { "retry-after-ms": "20" } },
    ];
    const results = await upload(1);
    assert.deepEqual(results, [{ key: "d0", statusCode: 201 }]);
    assert.equal(asked.length, 3);
    assert.equal(asked[2]!.headers["api-key"], "a-key");
    assert.match(asked[2]!.path, /^\/search\/indexes\('faulty'\)\/docs\/search\.index\?api-version=/);
  });

  it("writes a thousand documents at once at most", async () => {
    const results = await upload(2100);
    assert.deepEqual(
      asked.map(({ body }) => body.value?.length),
      [1000, 1000, 100],
    );
    assert.equal(new Set(results.map(({ key }) => key)).size, 2100);
  });

  it("tells for each document of a batch what became of it", async () => {
    const value = [
      { key: "d0", status: true, errorMessage: null, statusCode: 200 },
      { key: "d1", status: false, errorMessage: "Too many fields.", statusCode: 422 },
    ];
    answers = [{ status: 207, body: { value } }];
    assert.deepEqual(await upload(2), [
      { key: "d0", statusCode: 200 },
      { key: "d1", statusCode: 422, error: "Too many fields." },
    ]);
  });

  it("gives up after six attempts, with the service's words", async () => {
    answers = Array.from({ length: 6 }, () => ({ status: 503, headers: { "retry-after-ms": "5" } }));
    await assert.rejects(upload(1), { code: "SearchFailed", message: /answered 503: busy/ });
    assert.equal(asked.length, 6);
  });

  it("carries the service's place to read on, without what its reader may see", async () => {
    const next = { search: "*", skip: 50, filter: "(id ne 'x') and (id ne 'secret')" };
    answers = [{ status: 200, body: { value: [{ "@search.score": 1, id: "a" }], "@search.nextPageParameters": next } }];
    const within = parseFilter("id ne 'secret'");
    const answer = await index.search(readSearch({ search: "*", filter: "id ne 'x'" }), { within });
    assert.deepEqual(answer.next, { search: "*", skip: 50, filter: "id ne 'x'" });
    await index.search(readSearch(answer.next), { within });
    assert.equal(asked[1]!.body["filter"], "(id ne 'x') and (id ne 'secret')");
  });

  const within = parseFilter("id ne 'secret'");
  const last = () => asked.at(-1)!;
  const operation = (): string =>
    last()
      .path.replace(/.*\/docs\//, "")
      .replace(/\?.*/, "");

  it("tells each refusal by its kind, in the service's words, and which can be tried again", async () => {
    const body = { error: { code: "c", message: "words of the service" } };
    const kinds: [status: number, code: string, rest?: object][] = [
      [400, "InvalidRequest"],
      [401, "SearchFailed", { message: /words of the service Check `search.api_key`/ }],
      [403, "SearchFailed", { message: /words of the service Check `search.api_key`/ }],
      [404, "IndexNotFound"],
      [409, "IndexExists"],
      [412, "InvalidRequest", { status: 412 }],
      [413, "InvalidRequest"],
      [500, "SearchFailed", { retryable: true }],
    ];
    for (const [status, code, rest] of kinds) {
      answers = [{ status, body }];
      const message = new RegExp(`answered ${status}: words of the service`);
      await assert.rejects(upload(1), { code, message, ...rest }, String(status));
      assert.equal(asked.length, 1, "a refusal is not asked again");
      asked = [];
    }
    answers = Array.from({ length: 6 }, () => ({ status: 429, headers: { "retry-after-ms": "1" } }));
    await assert.rejects(upload(1), { code: "SearchFailed", retryable: true });
    answers = [{ status: 400, body: "x".repeat(1000) }];
    await assert.rejects(upload(1), ({ message }: Error) => /: "x{299}$/.test(message));
    answers = [{ status: 200, body: {} }];
    await assert.rejects(index.search(readSearch({ search: "*" })), {
      code: "SearchFailed",
      message: /without a `value`/,
    });
  });

  it("asks as the keeper of the service, in the version of the interface that it knows", async () => {
    await upload(1);
    assert.equal(last().headers["x-ms-enable-elevated-read"], "true");
    assert.match(last().path, /\?api-version=2024-07-01$/);
  });

  it("sends each action as what it is, and no more characters at once than the service takes", async () => {
    const text = "x".repeat(5_000_000);
    const document = (id: string) => ({ id, text });
    await index.write([
      { action: "upload", document: document("a") },
      { action: "merge", document: document("b") },
      { action: "mergeOrUpload", document: document("c") },
      { action: "delete", document: { id: "d" } },
    ]);
    const sent = asked.map(({ body }) => (body.value as Record<string, unknown>[]).map((one) => one["@search.action"]));
    assert.deepEqual(sent, [
      ["upload", "merge"],
      ["mergeOrUpload", "delete"],
    ]);
  });

  it("says the status of a document where the service says no more", async () => {
    answers = [{ status: 207, body: { value: [{ key: "d0", status: false, errorMessage: null, statusCode: 503 }] } }];
    assert.deepEqual(await upload(1), [{ key: "d0", statusCode: 503, error: "status 503" }]);
  });

  it("looks a document up by its key, or by a search where its reader may not see all", async () => {
    gets = [{ "@odata.context": "c", id: "it's" }];
    assert.deepEqual(await index.get("it's", "id"), { id: "it's" });
    assert.match(got.at(-1)!, /\/docs\('it''s'\)\?\$select=id&api-version=/);
    answers = [{ status: 200, body: { value: [{ "@search.score": 1, id: "it's" }] } }];
    assert.deepEqual(await index.get("it's", undefined, { within }), { id: "it's" });
    assert.deepEqual(last().body, { search: "*", top: 1, filter: "(id eq 'it''s') and (id ne 'secret')" });
    assert.equal(await index.get("it's", undefined, { within }), undefined);
  });

  it("counts all by the service's number, and what a reader may see by a search", async () => {
    gets = ["\ufeff7"];
    assert.equal(await index.count(), 7);
    answers = [{ status: 200, body: { value: [], "@odata.count": 3 } }];
    assert.equal(await index.count({ within }), 3);
    assert.deepEqual(last().body, { search: "*", top: 0, count: true, filter: "id ne 'secret'" });
    gets = [{ documentCount: 5, storageSize: 6, vectorIndexSize: 7 }];
    assert.deepEqual(await index.statistics(), { documentCount: 5, storageSize: 6, vectorIndexSize: 7 });
    gets = [{ documentCount: 5, storageSize: 6 }];
    assert.deepEqual(await index.statistics(), { documentCount: 5, storageSize: 6, vectorIndexSize: 0 });
  });

  it("searches, suggests and completes within what the reader may see, and leaves out what is null", async () => {
    const question = { search: "w", filter: "id ne 'a' or id ne 'b'", orderby: null };
    const asks = { ...question, suggesterName: "s" };
    const filter = "(id ne 'a' or id ne 'b') and (id ne 'secret')";
    await index.search(readSearch(question), { within });
    assert.deepEqual(
      [operation(), last().body["filter"], "orderby" in last().body],
      ["search.post.search", filter, false],
    );
    await index.suggest(asks as Parameters<DocumentIndex["suggest"]>[0], { within });
    assert.deepEqual([operation(), last().body["filter"]], ["search.post.suggest", filter]);
    await index.autocomplete(asks as Parameters<DocumentIndex["autocomplete"]>[0], { within });
    assert.deepEqual([operation(), last().body["filter"]], ["search.post.autocomplete", filter]);
  });

  it("gives the count, facets and answers of the service", async () => {
    const facets = { size: [{ value: 1, count: 2 }] };
    const body = { value: [], "@odata.count": 9, "@search.facets": facets, "@search.answers": [{ key: "a" }] };
    answers = [{ status: 200, body }];
    const answer = await index.search(readSearch({ search: "*" }));
    assert.deepEqual([answer.count, answer.facets, answer.answers], [9, facets, [{ key: "a" }]]);
  });

  it("says what the service does not do: read its writes at once, whole batches, embed queries, read beyond 100,000", () => {
    const { readsItsWrites, wholeBatches, embedsQueries, deepest } = index.capabilities;
    assert.deepEqual([readsItsWrites, wholeBatches, embedsQueries, deepest], [false, false, false, 100_000]);
  });
});
