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
  let asked: {
    path: string;
    headers: IncomingHttpHeaders;
    body: { value?: { id: string }[] } & Record<string, unknown>;
  }[];

  before(async () => {
    server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString("utf8");
      const body = (text === "" ? {} : JSON.parse(text)) as (typeof asked)[number]["body"];
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
});
