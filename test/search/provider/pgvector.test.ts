// The provider of PostgreSQL where pgvector is there: the one suite, and what the database does itself.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openCatalog } from "../../../src/search/document/catalog.ts";
import type { VectorStore } from "../../../src/search/document/document-store.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { postgresDocuments } from "../../../src/search/provider/postgres/provider.ts";
import { providerDocumentSuite } from "./catalog-of-provider.ts";
import { providerIndexSuite } from "./index-of-provider.ts";
import { type PgvectorServer, startPgvector } from "./pgvector-server.ts";

const FIELDS = [
  { name: "id", type: "Edm.String", key: true, filterable: true },
  { name: "kind", type: "Edm.String", filterable: true },
  { name: "text", type: "Edm.String", searchable: true },
  { name: "vector", type: "Collection(Edm.Single)", dimensions: 3, vectorSearchProfile: "p" },
];
const definition = (name: string, metric = "cosine"): object => ({
  name,
  fields: FIELDS,
  vectorSearch: {
    algorithms: [{ name: "a", kind: "hnsw", hnswParameters: { metric } }],
    profiles: [{ name: "p", algorithm: "a" }],
  },
});

/** Points on a spiral: each is nearest to those of the next numbers. */
const point = (at: number): number[] => [Math.cos(at / 50), Math.sin(at / 50), at / 300];
const documents = (count: number): { action: "upload"; document: Record<string, unknown> }[] =>
  Array.from({ length: count }, (_, at) => ({
    action: "upload",
    document: { id: `d${at}`, kind: at % 50 === 0 ? "rare" : "usual", text: `number ${at}`, vector: point(at) },
  }));

describe("PostgreSQL with pgvector", () => {
  let server: PgvectorServer;
  before(async () => {
    server = await startPgvector();
  });
  after(() => server?.stop());

  const settings = () => ({ provider: "postgres", url: server.url });
  providerIndexSuite("postgres with pgvector", settings);
  providerDocumentSuite("postgres with pgvector", { title: "postgres", settings });

  it("keeps vectors as such, looks the nearest up in a graph, and finds what comparing all finds", async () => {
    const provider = await postgresDocuments({ url: server.url, schema: "graph", comparedUpTo: 100 });
    const catalog = openCatalog(provider, undefined);
    try {
      const check = async (metric: string): Promise<void> => {
        const name = `near-${metric.toLowerCase()}`;
        await catalog.put(definition(name, metric), {});
        const index = await catalog.open(name);
        assert.equal(index.capabilities.vectors, "either");
        await index.write(documents(300));
        const nearest = async (body: object, filter?: string): Promise<unknown[]> => {
          const query = { kind: "vector", vector: point(150), fields: "vector", k: 5, ...body };
          const { value } = await index.search(readSearch({ vectorQueries: [query], filter, top: 5 }));
          return value.map(({ id }) => id);
        };
        const before = await nearest({});
        await untilGraph(server, "graph", name);
        assert.deepEqual(await nearest({}), before, metric);
        assert.deepEqual(await nearest({ exhaustive: true }), before, metric);
        assert.ok(before.length === 5);
        // Few pass, or almost all: nothing that passes is lost.
        const rare = await nearest({ k: 6 }, "kind eq 'rare'");
        assert.equal(rare.length, 5, metric);
        assert.deepEqual(await nearest({ exhaustive: true, k: 6 }, "kind eq 'rare'"), rare);
        // Of more than can be named one by one, the look goes on until so many have passed, or all were looked at.
        const keys = new Set(rare as string[]);
        const among = { size: 6000, of: 12_000, has: (key: string) => keys.has(key), keys: () => keys };
        const store = await provider.open(name);
        const asked = { path: "vector", vector: Float32Array.from(point(150)), k: 5, among };
        const passed = await store.vectors!.nearest({ ...asked, metric: metric as "cosine" });
        assert.deepEqual(passed.found.map(({ key }) => key).sort(), [...keys].sort(), metric);
        await store.close();
        const usual = await nearest({ exhaustive: true }, "kind eq 'usual'");
        assert.deepEqual(await nearest({}, "kind eq 'usual'"), usual);
      };
      // The database runs one at a time; what is waited for is not only it.
      await Promise.all(["cosine", "dotProduct", "euclidean"].map(check));
      const plan = await server.sql<{ "QUERY PLAN": string }>(
        `EXPLAIN SELECT key FROM graph.search_vector WHERE index_name = 'near-cosine' AND path = 'vector'
         ORDER BY embedding::vector(3) <=> '[1,2,3]' LIMIT 5`,
      );
      assert.match(JSON.stringify(plan), /Index Scan using near_/);
      await catalog.remove("near-cosine", {});
      const left = await server.sql("SELECT 1 FROM graph.search_vector WHERE index_name = 'near-cosine'");
      assert.equal(left.length, 0);
    } finally {
      await catalog.close();
    }
  });

  it("merges keep vectors, removed ones are gone, and another process sees each change", async () => {
    const catalogs = await Promise.all(
      [1, 2].map(async () => openCatalog(await postgresDocuments({ url: server.url, schema: "two" }), undefined)),
    );
    const [one, two] = catalogs;
    try {
      await one!.put(definition("notes"), {});
      const [writer, reader] = [await one!.open("notes"), await two!.open("notes")];
      const near = async (vector: number[]): Promise<unknown[]> => {
        const body = { vectorQueries: [{ kind: "vector", vector, fields: "vector", k: 9 }], select: "id,vector" };
        return (await reader.search(readSearch(body))).value.map(({ id, vector: shown }) => [id, shown]);
      };
      const upload = (id: string, vector: number[] | null) => ({ action: "upload" as const, document: { id, vector } });
      await writer.write([upload("a", [1, 0, 0]), upload("b", [0, 1, 0.25])]);
      assert.deepEqual(await near([1, 0, 0]), [
        ["a", [1, 0, 0]],
        ["b", [0, 1, 0.25]],
      ]);
      await writer.write([{ action: "merge", document: { id: "a", text: "changed" } }]);
      assert.deepEqual((await reader.get("a", undefined))?.["vector"], [1, 0, 0]);
      await writer.write([{ action: "merge", document: { id: "a", vector: null } }]);
      assert.deepEqual(await near([1, 0, 0]), [["b", [0, 1, 0.25]]]);
      assert.equal((await reader.statistics()).vectorIndexSize > 0, true);
      // A vector of zeros has no direction: it is as far from all as a right angle, and all are so from it.
      await writer.write([upload("zero", [0, 0, 0])]);
      const scores = async (vector: number[]): Promise<[unknown, unknown][]> => {
        const body = { vectorQueries: [{ kind: "vector", vector, fields: "vector", k: 9 }] };
        return (await reader.search(readSearch(body))).value.map((one) => [one["id"], one["@search.score"]]);
      };
      assert.deepEqual((await scores([0, 4, 1])).at(-1), ["zero", 0.5]);
      const fromZero = new Map(await scores([0, 0, 0]));
      assert.deepEqual([fromZero.size, fromZero.get("b"), fromZero.get("zero")], [2, 0.5, 0.5]);
      await writer.write(["b", "zero"].map((id) => ({ action: "delete" as const, document: { id } })));
      assert.deepEqual(await near([1, 0, 0]), []);
    } finally {
      await Promise.all(catalogs.map((catalog) => catalog.close()));
    }
  });

  it("takes up vectors that were written before the extension was there", async () => {
    const url = server.url;
    const first = openCatalog(await postgresDocuments({ url, schema: "older" }), undefined);
    await first.put(definition("notes"), {});
    await first.close();
    // As a database without the extension keeps them.
    const packed = JSON.stringify({ vector: Buffer.from(Float32Array.from([0, 0.5, 1]).buffer).toString("base64") });
    await server.sql(
      `INSERT INTO older.search_document (index_name, key, fields, vectors, version)
       VALUES ('notes', 'a', '{"id":"a","kind":null,"text":"old"}', '${packed}', 0)`,
    );
    const catalog = openCatalog(await postgresDocuments({ url, schema: "older" }), undefined);
    try {
      const index = await catalog.open("notes");
      const body = { vectorQueries: [{ kind: "vector", vector: [0, 0.5, 1], fields: "vector", k: 1 }] };
      const { value } = await index.search(readSearch(body));
      assert.deepEqual([value[0]?.["id"], value[0]?.["vector"]], ["a", [0, 0.5, 1]]);
      const left = await server.sql("SELECT 1 FROM older.search_document WHERE vectors <> ''");
      assert.equal(left.length, 0);
    } finally {
      await catalog.close();
    }
  });

  it("vectors too long for a graph of whole numbers get one of half the width, weighed by the whole ones", async () => {
    const provider = await postgresDocuments({ url: server.url, schema: "wide", comparedUpTo: 20 });
    const dimensions = 2100;
    const long = (at: number): Float32Array =>
      Float32Array.from({ length: dimensions }, (_, n) => (n === at ? 1 : 0.01 * at));
    await provider.put("wide", {
      definition: {
        name: "wide",
        fields: [
          { name: "id", type: "Edm.String", key: true },
          { name: "v", type: "Collection(Edm.Single)", dimensions },
        ],
      },
      etag: '"1"',
    });
    const store = await provider.open("wide");
    try {
      const all = Array.from({ length: 40 }, (_, at) => ({ key: `k${at}`, fields: {}, vectors: { v: long(at) } }));
      const version = await store.write(all, []);
      await untilGraph(server, "wide", "wide");
      const vectors = store.vectors as VectorStore;
      assert.equal(await vectors.kind(), "approximate");
      const found = await vectors.nearest({ path: "v", vector: long(7), metric: "cosine", k: 3 });
      assert.equal(found.version, version);
      assert.deepEqual(found.found[0]?.key, "k7");
      assert.ok(Math.abs(found.found[0]!.score - 1) < 1e-5);
      assert.deepEqual((await vectors.read(["k7"])).get("k7"), { v: long(7) });
    } finally {
      await store.close();
      await provider.close();
    }
  });
});

async function untilGraph(server: PgvectorServer, schema: string, index: string): Promise<void> {
  const text = `SELECT 1 FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname JOIN pg_index x ON x.indexrelid = c.oid
    WHERE i.schemaname = '${schema}' AND x.indisvalid AND i.indexdef LIKE '%hnsw%index_name = ''${index}''%'`;
  for (let wait = 0; wait < 600; wait++) {
    if ((await server.sql(text)).length > 0) return;
    await delay(50);
  }
  throw new Error(`no graph was made for ${index}`);
}
