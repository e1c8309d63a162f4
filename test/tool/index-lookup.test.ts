import assert from "node:assert/strict";
import { test } from "node:test";
import { Float, type Value } from "../../src/base/value.ts";
import type { FlowTarget } from "../../src/flow/flow-target.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import type { Embedder } from "../../src/model/embedder.ts";
import type { SearchIndex, SearchQuery } from "../../src/search/search-index.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, runFlow, writeFolder } from "../flow/flow-folder.ts";

const ML_INDEX =
  "embeddings: {connection: {id: /subscriptions/s/connections/embed}}\nindex: {kind: acs, index: handbook, endpoint: 'https://example.test'}";

function fakeIndex(queries: SearchQuery[]): SearchIndex {
  const unused = (): Promise<never> => Promise.reject(new Error("not used"));
  return {
    name: "handbook",
    query: (query) => {
      queries.push(query);
      const passage = {
        id: "p1",
        documentId: "d1",
        title: "Leave",
        text: `about ${query.text}`,
        ordinal: 0,
        headings: ["Time off"],
        page: 2,
        start: 10,
        end: 30,
        source: "docs/leave.md",
      };
      const caption = { text: passage.text, start: 10, end: 21 };
      return Promise.resolve({
        hits: [{ passage, score: 2, highlights: [{ start: 6, end: 9 }], caption }],
        degraded: [],
      });
    },
    upsert: unused,
    replaceDocuments: unused,
    deleteDocuments: unused,
    get: unused,
    documentPassages: unused,
    statistics: unused,
    close: unused,
  };
}

async function open(
  context: Parameters<typeof writeFolder>[0],
  options: { inputs: string; queries: SearchQuery[]; embedder?: Embedder; asked?: (string | undefined)[] },
): Promise<FlowTarget> {
  const directory = writeFolder(context, {
    "flow.dag.yaml": [
      "inputs: {q: {type: object}}",
      "outputs: {o: {type: object, reference: '${look.output}'}}",
      "nodes:",
      "- name: look",
      "  type: python",
      "  source: {type: package, tool: promptflow_vectordb.tool.common_index_lookup.search}",
      "  inputs:",
      "    queries: ${inputs.q}",
      `    mlindex_content: ${JSON.stringify(ML_INDEX)}`,
      options.inputs,
      "",
    ].join("\n"),
  });
  const target = await openFlow({
    directory,
    tools: BUILT_IN_TOOLS,
    resources: {
      ...flowResources(),
      searchIndex: (name) => {
        assert.equal(name, "handbook");
        return Promise.resolve(fakeIndex(options.queries));
      },
      embedder: (connection) => {
        options.asked?.push(connection);
        return Promise.resolve(options.embedder);
      },
    },
  });
  context.after(() => target.close());
  return target;
}

test("a query gives entries in the original's form, with what a citation needs", async (context) => {
  const queries: SearchQuery[] = [];
  const target = await open(context, { inputs: "    query_type: Keyword\n    top_k: '4'", queries });
  const { outputs } = await runFlow(target, { q: "leave" });
  assert.deepEqual(queries, [{ text: "leave", mode: "text", top: 4 }]);
  assert.deepEqual(outputs?.["o"], [
    {
      text: "about leave",
      page_content: "about leave",
      vector: null,
      score: new Float(2),
      metadata: {
        id: "p1",
        document_id: "d1",
        title: "Leave",
        headings: ["Time off"],
        page: 2,
        start: 10,
        end: 30,
        source: { title: "Leave", filename: "leave.md", url: "docs/leave.md" },
        highlights: [{ start: 6, end: 9 }],
        caption: { text: "about leave", start: 10, end: 21 },
      },
      original_entity: { id: "p1", content: "about leave", title: "Leave", url: "docs/leave.md", filename: "leave.md" },
      additional_fields: {},
    },
  ]);
});

test("a list of queries gives a list of lists", async (context) => {
  const queries: SearchQuery[] = [];
  const target = await open(context, { inputs: "    query_type: Keyword", queries });
  const { outputs } = await runFlow(target, { q: ["one", "two"] });
  const lists = outputs?.["o"] as { text: string }[][];
  assert.deepEqual(
    lists.map((list) => list.map(({ text }) => text)),
    [["about one"], ["about two"]],
  );
  assert.equal(queries[0]?.top, 3);
});

test("hybrid uses the embedder that the text names; without one it searches by words and says so", async (context) => {
  const embedder: Embedder = {
    fingerprint: "f",
    dimensions: 2,
    embed: (texts, kind) => {
      assert.equal(kind, "query");
      return Promise.resolve(texts.map(() => Float32Array.of(1, 2)));
    },
    close: () => Promise.resolve(),
  };
  const inputs = "    query_type: Hybrid (vector + keyword)";
  const queries: SearchQuery[] = [];
  const asked: (string | undefined)[] = [];
  await runFlow(await open(context, { inputs, queries, embedder, asked }), { q: "leave" });
  assert.deepEqual(asked, ["embed"]);
  assert.deepEqual(queries, [{ text: "leave", mode: "hybrid", top: 3, vector: Float32Array.of(1, 2) }]);
  const without = await runFlow(await open(context, { inputs, queries }), { q: "leave" });
  assert.deepEqual(queries[1], { text: "leave", mode: "text", top: 3 });
  assert.match(without.logs, /searching by words only/);
  const vector = await runFlow(await open(context, { inputs: "    query_type: Vector", queries }), { q: "leave" });
  assert.equal(vector.error?.code, "FlowWithoutEmbedder");
});

test("a vector and other values are no questions, and nothing is searched", async (context) => {
  const queries: SearchQuery[] = [];
  const target = await open(context, { inputs: "    query_type: Keyword", queries });
  const fails = async (q: Value) => (await runFlow(target, { q })).error;
  const vector = await fails([0.5, 1.25]);
  assert.equal(vector?.code, "NodeInputValidationError");
  assert.match(vector.message, /found `List\[float\]`\. Did you perhaps pass in an embedding vector/);
  for (const q of [5, { a: "b" }, ["a", 1]]) {
    assert.equal((await fails(q))?.message, "Expected input type to be either `str` or `List[str]`.");
  }
  assert.deepEqual(queries, []);
});
