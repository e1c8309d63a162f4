// OpenSearch as a provider, against a stand-in that carries out the queries it receives.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { openCatalog } from "../../../src/search/document/catalog.ts";
import type { DocumentIndex } from "../../../src/search/document/document-index.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { parseFilter } from "../../../src/search/filter/parse.ts";
import { documentProvider } from "../../../src/search/provider/index.ts";
import { noEncyclopedia } from "../../fake/encyclopedia.ts";
import { type FakeOpenSearch, startFakeOpenSearch } from "../../fake/opensearch/server.ts";
import { providerDocumentSuite } from "./catalog-of-provider.ts";
import { providerIndexSuite } from "./index-of-provider.ts";
import { providerRebuildTest } from "./rebuild-of-provider.ts";

describe("OpenSearch as a provider", () => {
  let server: FakeOpenSearch;
  before(async () => {
    server = await startFakeOpenSearch({ login: "searcher:secret" });
  });
  after(() => server.close());

  const settings = (rest: object = {}) => ({
    provider: "opensearch",
    url: server.url,
    username: "searcher",
    password: "secret",
    ...rest,
  });
  const last = (): Record<string, unknown> => server.requests.at(-1)!.body as Record<string, unknown>;
  providerIndexSuite("opensearch", settings);
  providerDocumentSuite("opensearch", { title: "OpenSearch", settings });
  providerRebuildTest(settings);

  describe("what is sent", () => {
    const catalog = (): ReturnType<typeof openCatalog> =>
      openCatalog(documentProvider({ folder: "", server: settings() }), undefined);
    let index: DocumentIndex;
    before(async () => {
      const one = catalog();
      const fields = [
        { name: "id", type: "Edm.String", key: true, filterable: true, facetable: true },
        { name: "text", type: "Edm.String", analyzer: "en.lucene", facetable: true },
        { name: "size", type: "Edm.Int32" },
        { name: "vector", type: "Collection(Edm.Single)", dimensions: 2 },
      ];
      await one.put({ name: "sent", fields }, {});
      index = await one.open("sent");
      await index.write(
        Array.from({ length: 2500 }, (_, size) => ({
          action: "upload" as const,
          document: { id: `d${size}`, text: `walrus ${size % 7}`, size, vector: [1, size] },
        })),
      );
    });

    it("maps fields to what they are asked for", () => {
      const made = server.requests.find(({ method, path }) => method === "PUT" && path === "/flowstead-sent");
      const { settings: given, mappings } = made!.body as { settings: object; mappings: Record<string, unknown> };
      assert.deepEqual(given, { index: { knn: true } });
      assert.equal(mappings["dynamic"], "strict");
      assert.deepEqual(mappings["properties"], {
        id: { type: "keyword" },
        text: { type: "text", analyzer: "english", fields: { raw: { type: "keyword" } } },
        size: { type: "integer" },
        vector: {
          type: "knn_vector",
          dimension: 2,
          method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
        },
      });
    });

    it("writes at most a thousand at once and waits until they can be found", () => {
      const bulks = server.requests.filter(({ path }) => path.startsWith("/flowstead-sent/_bulk"));
      assert.deepEqual(
        bulks.map(({ path, body }) => [path, String(body).split("\n").length - 1]),
        [2000, 2000, 1000].map((lines) => ["/flowstead-sent/_bulk?refresh=wait_for", lines]),
      );
    });

    it("asks for words, filter, order, facets and marks in one query", async () => {
      const body = {
        search: 'walrus "sea lion" -seal',
        searchMode: "all",
        filter: "size gt 5 and id ne 'd9'",
        orderby: "size desc",
        facets: ["text,count:3"],
        highlight: "text-2",
        top: 5,
        skip: 2,
        count: true,
        select: "id",
      };
      await index.search(readSearch(body), { within: parseFilter("size lt 100") });
      const words = (query: string, rest: object) => ({
        multi_match: { query, fields: ["text^1"], ...rest, zero_terms_query: query === "seal" ? "none" : "all" },
      });
      assert.deepEqual(last(), {
        query: {
          bool: {
            must: [
              {
                bool: {
                  must: [
                    words("walrus", { type: "most_fields", operator: "and" }),
                    words("sea lion", { type: "phrase", slop: 0 }),
                  ],
                  should: [],
                  must_not: [words("seal", { type: "most_fields", operator: "and" })],
                  minimum_should_match: 0,
                  boost: 1,
                },
              },
            ],
            filter: [
              {
                bool: {
                  filter: [{ range: { size: { gt: 5 } } }, { bool: { must_not: [{ term: { id: "d9" } }] } }],
                },
              },
              { range: { size: { lt: 100 } } },
            ],
          },
        },
        sort: [{ size: { order: "desc", missing: "_last" } }, { _score: { order: "desc" } }, { id: { order: "asc" } }],
        track_scores: true,
        track_total_hits: true,
        aggs: { text: { terms: { field: "text.raw", size: 3, order: [{ _count: "desc" }, { _key: "asc" }] } } },
        highlight: { fields: { text: { number_of_fragments: 2 } }, pre_tags: ["<em>"], post_tags: ["</em>"] },
        _source: ["id"],
        from: 2,
        size: 5,
      });
    });

    it("puts a filter into the search for vectors", async () => {
      const near = { kind: "vector", vector: [1, 0], fields: "vector", k: 3 };
      await index.search(readSearch({ vectorQueries: [near], filter: "size ge 1" }));
      const knn = { vector: { vector: [1, 0], k: 3, filter: { bool: { filter: [{ range: { size: { gte: 1 } } }] } } } };
      assert.deepEqual(last()["query"], { knn });
    });

    it("reads on behind the last place that from and size reach", async () => {
      const before = server.requests.length;
      const many = await index.search(readSearch({ orderby: "size", skip: 10_500, top: 3 }));
      assert.deepEqual(many.value, []);
      const asked = server.requests.slice(before).map(({ body }) => body as Record<string, unknown>);
      assert.deepEqual(
        asked.map(({ size, search_after: after }) => [size, after !== undefined]),
        [
          [10_000, false],
          [0, true],
        ],
      );
    });

    it("reads all values of a facet, page by page", async () => {
      const { facets } = await index.search(readSearch({ top: 0, facets: ["id,count:20000"] }));
      assert.equal(facets?.["id"]?.length, 2500);
      assert.deepEqual(Object.keys((last()["aggs"] as { id: object }).id), ["composite"]);
    });

    it("refuses by name what cannot be said in the cluster's language", async () => {
      const says = (feature: RegExp) => (thrown: Error & { code?: string }) =>
        thrown.code === "InvalidRequest" && /OpenSearch cannot/.test(thrown.message) && feature.test(thrown.message);
      await assert.rejects(index.search(readSearch({ filter: "search.ismatch('walrus')" })), says(/search\.ismatch/));
      const words = { vectorQueries: [{ kind: "text", text: "x", fields: "vector" }] };
      await assert.rejects(index.search(readSearch(words)), says(/embedder/));
      const near = { kind: "vector", vector: [1, 0], fields: "vector" };
      await assert.rejects(
        index.search(readSearch({ search: "walrus", vectorQueries: [near], skip: 1000 })),
        says(/hybrid search beyond document 1000/),
      );
    });

    it("says so when only the first candidates were fused and counted", async () => {
      const near = { kind: "vector", vector: [1, 0], fields: "vector", k: 2 };
      const { notes, value } = await index.search(readSearch({ search: "walrus", vectorQueries: [near], count: true }));
      assert.equal(value.length, 50);
      assert.match(notes.join(), /first 1000 of 2500 documents that the words find were ranked and counted/);
    });
  });

  it("speaks TLS, and trusts only whom it is told to", { skip: noEncyclopedia() ?? false }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-tls-"));
    const [keyFile, caFile] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    const words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1";
    execFileSync("openssl", [...words.split(" "), "-keyout", keyFile, "-out", caFile], { stdio: "pipe" });
    const tls = { key: await readFile(keyFile, "utf8"), cert: await readFile(caFile, "utf8") };
    const secure = await startFakeOpenSearch({ login: "searcher:secret", tls });
    const of = (rest: object) => documentProvider({ folder: "", server: settings({ url: secure.url, ...rest }) });
    try {
      const trusting = of({ ca_file: caFile });
      assert.deepEqual(await trusting.list(), []);
      await trusting.close();
      await assert.rejects(of({}).list(), { code: "SearchFailed", message: /does not answer.*certificate/ });
      await assert.rejects(of({ ca_file: path.join(folder, "none.pem") }).list(), { code: "InvalidConfig" });
    } finally {
      await secure.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("waits when the cluster is busy, and says what it said when it refuses", async () => {
    const of = (rest: object) => documentProvider({ folder: "", server: settings(rest) });
    server.faults.push({ status: 429, headers: { "retry-after": "0.01" } }, { status: 503 });
    assert.ok(Array.isArray(await of({}).list()));
    await assert.rejects(of({ password: "wrong" }).list(), (thrown: Error) => {
      assert.match(thrown.message, /answered 401.*search\.password/);
      assert.doesNotMatch(thrown.message, /wrong|secret/);
      return true;
    });
    assert.throws(() => of({ url: "https://name:secret@127.0.0.1" }), { code: "InvalidConfig" });
  });
});
