import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { plain } from "../../src/base/json.ts";
import { SILENT } from "../../src/base/log.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { type DocumentCatalog, openCatalog } from "../../src/search/document/catalog.ts";
import { openAnyIndex } from "../../src/search/open-any.ts";
import { documentProvider, openSearch } from "../../src/search/provider/index.ts";
import type { Search } from "../../src/search/search.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, runFlow, writeFolder } from "../flow/flow-folder.ts";
import { passage, topicEmbedder } from "../index-suite.ts";

describe("look-up tools", () => {
  let folder: string;
  let catalog: DocumentCatalog;
  let search: Search;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-lookup-"));
    catalog = openCatalog(documentProvider({ folder: path.join(folder, "documents") }), topicEmbedder());
    await catalog.put(
      {
        name: "products",
        fields: [
          { name: "id", type: "Edm.String", key: true },
          { name: "content", type: "Edm.String" },
          { name: "url", type: "Edm.String" },
          { name: "kind", type: "Edm.String", filterable: true },
          { name: "vector", type: "Collection(Edm.Single)", dimensions: 4 },
        ],
      },
      {},
    );
    const upload = (id: string, content: string, kind: string, vector: number[]) =>
      ({ action: "upload", document: { id, content, kind, url: `https://shop.test/${id}`, vector } }) as const;
    await (
      await catalog.open("products")
    ).write([
      upload("soup", "Tomato soup", "food", [0, 1, 0, 0]),
      upload("cat", "Cat tree", "pet", [1, 0, 0, 0]),
      upload("bread", "Rye bread", "food", [0.1, 0.9, 0, 0]),
    ]);
    search = openSearch({ folder: path.join(folder, "index"), embedder: topicEmbedder(), log: SILENT });
    const index = await search.create("handbook");
    await index.upsert([passage("a", 0, "A kitten plays."), passage("b", 0, "The meal is soup.")]);
    await index.close();
  });
  after(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  type Found = { text: string; original_entity: Record<string, unknown>; metadata: { source: { url: string } } }[];
  const run = async (context: Parameters<typeof writeFolder>[0], tool: string, inputs: string[]): Promise<Found> => {
    const directory = writeFolder(context, {
      "flow.dag.yaml": [
        "inputs: {q: {type: object}}",
        "outputs: {o: {type: object, reference: '${look.output}'}}",
        "nodes:",
        "- name: look",
        "  type: python",
        `  source: {type: package, tool: ${tool}}`,
        "  inputs:",
        ...inputs.map((line) => `    ${line}`),
        "",
      ].join("\n"),
    });
    const resources = {
      ...flowResources(),
      searchIndex: (name: string) =>
        openAnyIndex(
          name,
          (of) => search.open(of),
          () => catalog,
        ),
      embedder: () => Promise.resolve(topicEmbedder()),
    };
    const target = await openFlow({ directory, tools: BUILT_IN_TOOLS, resources });
    context.after(() => target.close());
    const { outputs, error } = await runFlow(target, { q: "x" });
    if (error) throw new Error(error.message);
    return plain(outputs?.["o"]) as Found;
  };

  it("Vector DB Lookup: by vector, with a filter", async (context) => {
    const inputs = [
      "index_name: products",
      "connection: search",
      "text_field: content",
      "vector_field: vector",
      "vector: [0, 1, 0, 0]",
    ];
    const found = await run(context, "promptflow_vectordb.tool.vector_db_lookup.VectorDBLookup.search", [
      ...inputs,
      "top_k: 2",
    ]);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["Tomato soup", "Rye bread"],
    );
    assert.equal(found[0]?.metadata.source.url, "https://shop.test/soup");
    assert.deepEqual(found[0]?.original_entity, {
      id: "soup",
      content: "Tomato soup",
      url: "https://shop.test/soup",
      kind: "food",
    });
    const filtered = await run(context, "embeddingstore.tool.vector_db_lookup.VectorDBLookup.search", [
      ...inputs,
      `search_params: {filter: "kind eq 'pet'"}`,
    ]);
    assert.deepEqual(
      filtered.map(({ text }) => text),
      ["Cat tree"],
    );
  });

  it("Vector Index Lookup: the last part of the path names the index", async (context) => {
    const place = "path: azureml://datastores/workspaceblobstore/paths/handbook";
    const found = await run(context, "promptflow_vectordb.tool.vector_index_lookup.VectorIndexLookup.search", [
      place,
      "query: dog",
      "top_k: 1",
    ]);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["A kitten plays."],
    );
  });

  it("FAISS Index Lookup", async (context) => {
    const found = await run(context, "promptflow_vectordb.tool.faiss_index_lookup.FaissIndexLookup.search", [
      "path: ./handbook",
      "vector: [0, 1, 0, 0]",
      "top_k: 1",
    ]);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["The meal is soup."],
    );
    await assert.rejects(
      run(context, "promptflow_vectordb.tool.faiss_index_lookup.FaissIndexLookup.search", [
        "path: ./nowhere",
        "vector: [0, 1, 0, 0]",
      ]),
      /no search index named nowhere/,
    );
  });

  it("Index Lookup: an index of documents keeps its own fields", async (context) => {
    const content = JSON.stringify("embeddings: {kind: none}\nindex: {kind: acs, index: products}");
    const found = await run(context, "promptflow_vectordb.tool.common_index_lookup.search", [
      `mlindex_content: ${content}`,
      "queries: soup",
      "query_type: Keyword",
    ]);
    assert.deepEqual(
      found.map(({ original_entity: { id, kind } }) => [id, kind]),
      [["soup", "food"]],
    );
  });
});
