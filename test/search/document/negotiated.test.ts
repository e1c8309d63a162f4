// An index that can do less than others: what it lacks is done above it or refused by name, and never left out silently.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { readSchema } from "../../../src/search/document/definition.ts";
import {
  type Capabilities,
  type DocumentIndex,
  FULL_CAPABILITIES,
} from "../../../src/search/document/document-index.ts";
import { negotiated } from "../../../src/search/document/negotiated.ts";
import { type SearchBody, readSearch } from "../../../src/search/document/request.ts";
import { residentIndex } from "../../../src/search/document/resident-index.ts";
import { topicEmbedder } from "../../index-suite.ts";
import { memoryStore } from "./memory-store.ts";

const SCHEMA = readSchema({
  name: "few",
  fields: [
    { name: "id", type: "Edm.String", key: true },
    { name: "text", type: "Edm.String", analyzer: "en.lucene" },
    { name: "tags", type: "Collection(Edm.String)" },
    { name: "vector", type: "Collection(Edm.Single)", dimensions: 4 },
    { name: "other", type: "Collection(Edm.Single)", dimensions: 4 },
  ],
  suggesters: [{ name: "sg", sourceFields: ["text"] }],
  scoringProfiles: [
    { name: "weights", text: { weights: { text: 2 } } },
    { name: "mine", functions: [{ type: "tag", fieldName: "tags", boost: 5, tag: { tagsParameter: "of" } }] },
  ],
});

describe("an index without a capability", () => {
  let whole: DocumentIndex;
  let asked: SearchBody[];
  const without = (lacking: Partial<Capabilities>): DocumentIndex => {
    asked = [];
    const index: DocumentIndex = {
      ...whole,
      capabilities: { ...FULL_CAPABILITIES, ...lacking },
      search: (body, options) => {
        asked.push(body);
        return whole.search(body, options);
      },
    };
    return negotiated(index, { title: "The little one", embedder: topicEmbedder() });
  };
  const near = (fields: string, rest: object = {}) => ({ kind: "vector", vector: [1, 0, 0, 0], fields, ...rest });

  before(async () => {
    whole = residentIndex({ schema: SCHEMA, store: memoryStore(), synonyms: () => [] });
    const documents = [
      { id: "a", text: "red walrus", vector: [1, 0, 0, 0], other: [0, 0, 0, 1] },
      { id: "b", text: "red otter red", vector: [0, 1, 0, 0], other: [1, 0, 0, 0] },
    ];
    const many = Array.from({ length: 1500 }, (_, at) => ({ id: `m${at}`, text: "seal" }));
    await whole.write([...documents, ...many].map((document) => ({ action: "upload", document })));
  });

  const refused: [string, Partial<Capabilities>, object, RegExp][] = [
    ["search.ismatch in a filter", { matchInFilter: false }, { filter: "search.ismatch('red')" }, /search\.ismatch/],
    [
      "search.ismatch deep in a filter",
      { matchInFilter: false },
      { filter: "id eq 'a' or not (tags/any(t: t eq 'x') and not search.ismatch('red'))" },
      /search\.ismatch/,
    ],
    ["facets", { facets: false }, { facets: ["tags"] }, /facets/],
    [
      "all vectors compared",
      { vectors: "approximate" },
      { vectorQueries: [near("vector", { exhaustive: true })] },
      /exhaustive/,
    ],
    ["functions of a profile", { scoring: "weights" }, { scoringProfile: "mine" }, /functions.*'mine'/],
    ["pages too deep", { deepest: 10_000 }, { skip: 9_990, top: 20 }, /beyond document 10000/],
    [
      "pages of what is done above",
      { hybrid: false },
      { search: "red", vectorQueries: [near("vector")], skip: 990 },
      /hybrid search beyond/,
    ],
    ["pages of marks", { highlight: false }, { search: "red", highlight: "text", skip: 990 }, /highlights beyond/],
  ];
  for (const [what, lacking, body, words] of refused) {
    it(`refuses ${what} by the feature's name and its own`, async () => {
      const index = without(lacking);
      await assert.rejects(index.search(readSearch(body)), (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, "InvalidRequest");
        assert.match(thrown.message, words);
        return thrown.message.includes("The little one");
      });
      assert.deepEqual(asked, []);
      // A thing that it can do is asked of it.
      await index.search(readSearch({ search: "red", filter: "id ne 'x'", scoringProfile: "weights" }));
      assert.equal(asked.length, 1);
    });
  }

  it("refuses suggestions, or their typing errors", async () => {
    const body = { search: "wal", suggesterName: "sg" };
    for (const [suggest, rest] of [
      ["none", {}],
      ["exact", { fuzzy: true }],
    ] as const) {
      const index = without({ suggest });
      await assert.rejects(async () => index.suggest({ ...body, ...rest }), { code: "InvalidRequest" });
      await assert.rejects(async () => index.autocomplete({ ...body, ...rest }), { code: "InvalidRequest" });
    }
    assert.equal((await without({ suggest: "exact" }).suggest(body)).length, 1);
  });

  it("fuses lists above it with their weights, embeds what is asked in words, and counts what it found alone", async () => {
    const index = without({ hybrid: false, embedsQueries: false });
    const first = async (vectorQueries: object[], rest: object = {}): Promise<unknown> =>
      (await index.search(readSearch({ vectorQueries, top: 1, ...rest }))).value[0]?.["id"];
    assert.equal(await first([near("vector", { weight: 3 }), near("other")]), "a");
    assert.equal(await first([near("vector"), near("other", { weight: 3 })]), "b");
    assert.equal(await first([near("vector", { weight: 2, k: 1 })], { search: "otter" }), "a");
    assert.equal(await first([near("vector", { weight: 0.5, k: 1 })], { search: "otter" }), "b");
    asked.length = 0;
    assert.equal(await first([{ kind: "text", text: "my cat", fields: "vector" }]), "a");
    assert.ok(asked.every(({ vectorQueries }) => vectorQueries?.every(({ kind, text }) => kind === "vector" && !text)));

    const marked = await without({ highlight: false }).search(
      readSearch({ search: "seal", highlight: "text", count: true, facets: ["text"], top: 1 }),
    );
    assert.equal(marked.count, 1500);
    assert.deepEqual(marked.facets?.["text"]?.[0]?.["count"], 1500);
    assert.deepEqual(marked.value[0]?.["@search.highlights"], { text: ["<em>seal</em>"] });
    assert.match(marked.notes.join(), /the first 1000 of 1500 documents/);
  });
});
