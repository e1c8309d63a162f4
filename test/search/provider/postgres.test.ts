import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openCatalog } from "../../../src/search/document/catalog.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { documentProvider } from "../../../src/search/provider/index.ts";
import { providerDocumentSuite } from "./catalog-of-provider.ts";
import { providerIndexSuite } from "./index-of-provider.ts";
import { providerRebuildTest } from "./rebuild-of-provider.ts";
import { noPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

const missing = noPostgres();
const onServer = (url: string) => documentProvider({ folder: "", server: { provider: "postgres", url } });

describe("PostgreSQL", { skip: missing }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.stop());

  if (!missing) {
    const settings = () => ({ provider: "postgres", url: server.url });
    providerIndexSuite("postgres", settings);
    providerDocumentSuite("postgres", { title: "postgres", settings });
    providerRebuildTest(settings);
  }

  it("keeps indexes of documents: another process sees each write at its next read", async () => {
    const [one, two] = [1, 2].map(() => openCatalog(onServer(server.url), undefined));
    const fields = [
      { name: "id", type: "Edm.String", key: true },
      { name: "text", type: "Edm.String", analyzer: "en.lucene" },
      { name: "vector", type: "Collection(Edm.Single)", dimensions: 2 },
    ];
    await one!.put({ name: "notes", fields }, {});
    const [writer, reader] = [await one!.open("notes"), await two!.open("notes")];
    const find = async (search: string): Promise<unknown[]> =>
      (await reader.search(readSearch({ search }))).value.map(({ id }) => id);
    await writer.write([{ action: "upload", document: { id: "a", text: "Kittens\u0000 play 😀", vector: [1, 0.5] } }]);
    assert.deepEqual(await find("kitten"), ["a"]);
    assert.deepEqual((await reader.get("a", undefined))?.["vector"], [1, 0.5]);
    await writer.write([{ action: "merge", document: { id: "a", text: "Walruses swim" } }]);
    assert.deepEqual([await find("kitten"), await find("walrus")], [[], ["a"]]);
    await writer.write([{ action: "delete", document: { id: "a" } }]);
    assert.equal(await reader.count(), 0);
    await one!.close();
    await two!.close();
  });

  it("says what is wrong when there is no server", async () => {
    await assert.rejects(
      onServer("postgres://nobody:secret@127.0.0.1:1/x").list(),
      (thrown: Error) => /search database failed/.test(thrown.message) && !/secret/.test(thrown.message),
    );
  });
});
