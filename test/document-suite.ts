// What every index of documents must do, whoever keeps it. What a provider lacks must be done above it or refused by name.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DocumentCatalog } from "../src/search/document/catalog.ts";
import type { DocumentIndex } from "../src/search/document/document-index.ts";
import { readSearch } from "../src/search/document/request.ts";
import { parseFilter } from "../src/search/filter/parse.ts";
import type { Embedder } from "../src/model/embedder.ts";
import { topicEmbedder } from "./index-suite.ts";

export interface CatalogUnderTest {
  catalog: DocumentCatalog;
  /** Of the provider, in its refusals. */
  title: string;
  dispose(): Promise<void>;
}

const field = (name: string, type: string, rest: object = {}): object => ({ name, type, searchable: false, ...rest });
const DEFINITION = {
  name: "hotels",
  fields: [
    field("id", "Edm.String", { key: true, filterable: true, sortable: true }),
    field("name", "Edm.String", { searchable: true, sortable: true, filterable: true }),
    field("description", "Edm.String", { searchable: true, analyzer: "en.lucene" }),
    field("category", "Edm.String", { searchable: true, facetable: true, filterable: true }),
    field("tags", "Collection(Edm.String)", { facetable: true, filterable: true }),
    field("rating", "Edm.Double", { facetable: true, filterable: true, sortable: true }),
    field("parking", "Edm.Boolean", { filterable: true, facetable: true }),
    field("opened", "Edm.DateTimeOffset", { filterable: true, sortable: true, facetable: true }),
    field("groups", "Collection(Edm.String)", { filterable: true }),
    field("address", "Edm.ComplexType", {
      fields: [field("city", "Edm.String", { filterable: true, facetable: true, sortable: true })],
    }),
    field("rooms", "Collection(Edm.ComplexType)", {
      fields: [field("kind", "Edm.String", { filterable: true }), field("price", "Edm.Double", { filterable: true })],
    }),
    field("vector", "Collection(Edm.Single)", { searchable: true, dimensions: 4, vectorSearchProfile: "near" }),
  ],
  suggesters: [{ name: "sg", searchMode: "analyzingInfixMatching", sourceFields: ["name"] }],
  scoringProfiles: [
    { name: "by-name", text: { weights: { name: 50 } } },
    {
      name: "by-rating",
      functionAggregation: "sum",
      functions: [
        {
          type: "magnitude",
          fieldName: "rating",
          boost: 100,
          interpolation: "linear",
          magnitude: { boostingRangeStart: 0, boostingRangeEnd: 5, constantBoostBeyondRange: true },
        },
      ],
    },
  ],
  semantic: {
    defaultConfiguration: "default",
    configurations: [
      {
        name: "default",
        prioritizedFields: {
          titleField: { fieldName: "name" },
          prioritizedContentFields: [{ fieldName: "description" }],
        },
      },
    ],
  },
  vectorSearch: {
    algorithms: [{ name: "hnsw", kind: "hnsw", hnswParameters: { metric: "cosine" } }],
    profiles: [{ name: "near", algorithm: "hnsw" }],
  },
};

const HOTELS = [
  {
    id: "1",
    name: "Harbour Palace",
    description: "A quiet luxury hotel at the harbour. Dogs are welcome in every room.",
    category: "Luxury",
    tags: ["pool", "view"],
    rating: 4.5,
    parking: true,
    opened: "2019-03-01T00:00:00Z",
    groups: ["guests"],
    address: { city: "Lisbon" },
    rooms: [
      { kind: "single", price: 120 },
      { kind: "suite", price: 400 },
    ],
    vector: [1, 0, 0, 0],
  },
  {
    id: "2",
    name: "Station Inn",
    description: "Cheap rooms beside the station, with bread and soup in the evening.",
    category: "Budget",
    tags: ["wifi"],
    rating: 3,
    parking: false,
    opened: "2021-07-15T00:00:00Z",
    groups: ["guests"],
    address: { city: "Porto" },
    rooms: [{ kind: "single", price: 40 }],
    vector: [0, 1, 0, 0],
  },
  {
    id: "3",
    name: "Harbour View Rooms",
    description: "Rooms with a view of the harbour. The price is low.",
    category: "Budget",
    tags: ["view", "wifi"],
    rating: null,
    parking: null,
    opened: "2021-11-02T00:00:00Z",
    groups: ["board"],
    address: { city: "Lisbon" },
    rooms: [],
    vector: [0.9, 0.1, 0, 0],
  },
];

export function documentSuite(name: string, make: (embedder: Embedder) => Promise<CatalogUnderTest>): void {
  describe(`DocumentIndex: ${name}`, () => {
    let test: CatalogUnderTest;
    let index: DocumentIndex;
    before(async () => {
      test = await make(topicEmbedder());
      await test.catalog.put(DEFINITION, {});
      index = await test.catalog.open("hotels");
      const results = await index.write(HOTELS.map((document) => ({ action: "upload", document })));
      assert.deepEqual(
        results.map(({ error }) => error),
        [undefined, undefined, undefined],
      );
    });
    after(() => test?.dispose());

    const keys = async (body: object, within?: string): Promise<unknown[]> => {
      const options = within === undefined ? {} : { within: parseFilter(within) };
      return (await index.search(readSearch(body), options)).value.map(({ id }) => id);
    };

    it("keeps definitions under conditions, and changes them where documents need not be written anew", async () => {
      const small = { name: "small", fields: [field("id", "Edm.String", { key: true })] };
      const { created, index: first } = await test.catalog.put(small, { mustBeNew: true });
      assert.equal(created, true);
      await assert.rejects(test.catalog.put(small, { mustBeNew: true }), { code: "IndexExists" });
      const wider = { ...small, fields: [...small.fields, field("text", "Edm.String", { searchable: true })] };
      await assert.rejects(test.catalog.put(wider, { ifMatch: '"0xOTHER"' }), { code: "InvalidRequest" });
      assert.equal((await test.catalog.put(wider, { ifMatch: first.etag })).created, false);
      const names = (await test.catalog.list()).map(({ definition }) => String(definition["name"]));
      assert.deepEqual(names.filter((one) => /^[hs]/.test(one)).sort(), ["hotels", "small"]);
      const opened = await test.catalog.open("small");
      await opened.write([{ action: "upload", document: { id: "a", text: "walrus" } }]);
      assert.equal((await opened.search(readSearch({ search: "walrus" }))).value.length, 1);
      assert.equal(await test.catalog.remove("small", {}), true);
      await assert.rejects(test.catalog.open("small"), { code: "IndexNotFound" });
    });

    it("tells of each action of a batch what became of it", async () => {
      const results = await index.write([
        { action: "upload", document: { id: "t1", name: "Temporary", rating: 1 } },
        { action: "merge", document: { id: "t1", rating: 2 } },
        { action: "merge", document: { id: "none", rating: 2 } },
        { action: "mergeOrUpload", document: { id: "t2", name: "Other" } },
        { action: "upload", document: { id: "t3", rating: "much" } },
      ]);
      const told = results.map(({ key, statusCode, error }) => [key, statusCode, error === undefined]);
      assert.deepEqual(told, [
        ["t1", 201, true],
        ["t1", 200, true],
        ["none", 404, false],
        ["t2", 201, true],
        ["t3", 400, false],
      ]);
      const { name: kept, rating } = (await index.get("t1", "name,rating"))!;
      assert.deepEqual([kept, rating], ["Temporary", 2]);
      await index.write(["t1", "t2"].map((id) => ({ action: "delete", document: { id } })));
      assert.equal(await index.get("t1", undefined), undefined);
      assert.equal(await index.count(), 3);
    });

    it("gives a document as it was written", async () => {
      const { vector, ...rest } = (await index.get("1", undefined))!;
      const { vector: given, ...written } = HOTELS[0]!;
      assert.deepEqual(rest, written);
      assert.deepEqual(vector, given);
      assert.deepEqual(await index.get("1", "id,address/city"), { id: "1", address: { city: "Lisbon" } });
    });

    const filters: [string, string[]][] = [
      ["rating ge 4", ["1"]],
      ["rating lt 4.5 and parking eq false", ["2"]],
      ["rating eq null", ["3"]],
      ["rating ne null", ["1", "2"]],
      ["not (category eq 'Budget')", ["1"]],
      ["category ne 'Luxury' or rating gt 4", ["1", "2", "3"]],
      ["tags/any(t: t eq 'view')", ["1", "3"]],
      ["tags/all(t: t ne 'wifi')", ["1"]],
      ["rooms/any()", ["1", "2"]],
      ["rooms/any(r: r/kind eq 'single' and r/price gt 100)", ["1"]],
      ["search.in(id, '1,3')", ["1", "3"]],
      ["tags/any(t: search.in(t, 'pool|wifi', '|'))", ["1", "2", "3"]],
      ["address/city eq 'Lisbon'", ["1", "3"]],
      ["opened ge 2021-01-01T00:00:00Z and opened lt 2021-11-01T00:00:00Z", ["2"]],
      ["parking", ["1"]],
    ];
    for (const [filter, expected] of filters) {
      it(`filters by ${filter}`, async () => {
        assert.deepEqual(await keys({ filter, orderby: "id" }), expected);
      });
    }

    it("searches by words: stems, fields, all or any, phrases, excluded and beginning words", async () => {
      assert.deepEqual(await keys({ search: "dog" }), ["1"]);
      assert.deepEqual(await keys({ search: "harbour soup", searchMode: "all" }), []);
      assert.deepEqual(await keys({ search: "harbour soup", orderby: "id" }), ["1", "2", "3"]);
      assert.deepEqual(await keys({ search: '"view of the harbour"' }), ["3"]);
      assert.deepEqual(await keys({ search: "harbour -palace", searchMode: "all", searchFields: "name" }), ["3"]);
      assert.deepEqual(await keys({ search: "stat*", searchFields: "name" }), ["2"]);
      assert.deepEqual(await keys({ search: "name:inn OR category:luxury", queryType: "full", orderby: "id" }), [
        "1",
        "2",
      ]);
      assert.deepEqual(await keys({ search: "palase~1", queryType: "full" }), ["1"]);
      assert.deepEqual(await keys({ search: "zeppelin" }), []);
    });

    it("orders, counts, selects and pages", async () => {
      assert.deepEqual(await keys({ orderby: "rating desc" }), ["1", "2", "3"]);
      assert.deepEqual(await keys({ orderby: "rating" }), ["3", "2", "1"]);
      assert.deepEqual(await keys({ orderby: "address/city, opened desc" }), ["3", "1", "2"]);
      const page = await index.search(readSearch({ orderby: "id", top: 1, skip: 1, count: true, select: "name" }));
      assert.equal(page.count, 3);
      const [{ "@search.score": score, ...shown } = {}] = page.value;
      assert.deepEqual(shown, { name: "Station Inn" });
      assert.equal(typeof score, "number");
    });

    it("counts values, stretches and dates of what is found", async () => {
      const facets = [
        "category",
        "tags,count:1,sort:value",
        "rating,interval:2",
        "rating,values:4",
        "opened,interval:year",
      ];
      const of = async (facet: string): Promise<unknown> =>
        Object.values((await index.search(readSearch({ top: 0, facets: [facet] }))).facets ?? {})[0];
      assert.deepEqual(await of(facets[0]!), [
        { value: "Budget", count: 2 },
        { value: "Luxury", count: 1 },
      ]);
      assert.deepEqual(await of(facets[1]!), [{ value: "pool", count: 1 }]);
      assert.deepEqual(await of(facets[2]!), [
        { value: 2, count: 1 },
        { value: 4, count: 1 },
      ]);
      assert.deepEqual(await of(facets[3]!), [
        { to: 4, count: 1 },
        { from: 4, count: 1 },
      ]);
      assert.deepEqual(await of(facets[4]!), [
        { value: "2019-01-01T00:00:00Z", count: 1 },
        { value: "2021-01-01T00:00:00Z", count: 2 },
      ]);
    });

    it("marks what matched", async () => {
      const body = { search: "dogs", highlight: "description", highlightPreTag: "[", highlightPostTag: "]" };
      const [hit] = (await index.search(readSearch(body))).value;
      assert.match(JSON.stringify(hit?.["@search.highlights"]), /\[Dogs\] are welcome/);
    });

    it("suggests and completes, and forgives typing errors or says that it cannot", async () => {
      const suggested = await index.suggest({ search: "harb", suggesterName: "sg", orderby: "id" });
      assert.deepEqual(suggested, [
        { "@search.text": "Harbour Palace", id: "1" },
        { "@search.text": "Harbour View Rooms", id: "3" },
      ]);
      const completed = await index.autocomplete({ search: "station i", suggesterName: "sg" });
      assert.equal(completed[0]?.["text"], "inn");
      const fuzzy = index.suggest({ search: "harbuor", suggesterName: "sg", fuzzy: true });
      if (index.capabilities.suggest === "fuzzy") assert.equal((await fuzzy).length, 2);
      else await assert.rejects(fuzzy, refusal(/fuzzy/));
    });

    it("searches by vectors, and by words and vectors with their ranks fused", async () => {
      const near = { kind: "vector", vector: [1, 0, 0, 0], fields: "vector", k: 2 };
      const { value } = await index.search(readSearch({ vectorQueries: [near] }));
      assert.deepEqual(
        value.map(({ id }) => id),
        ["1", "3"],
      );
      assert.ok(Math.abs(Number(value[0]!["@search.score"]) - 1) < 1e-3);
      const cosine = 0.9 / Math.hypot(0.9, 0.1);
      assert.ok(Math.abs(Number(value[1]!["@search.score"]) - 1 / (2 - cosine)) < 1e-3);
      const both = await index.search(readSearch({ search: "soup", vectorQueries: [{ ...near, k: 1 }] }));
      assert.deepEqual(new Set(both.value.map(({ id }) => id)), new Set(["1", "2"]));
      for (const one of both.value) assert.ok(Math.abs(Number(one["@search.score"]) - 1 / 61) < 1e-6);
      const far = await index.search(readSearch({ vectorQueries: [{ ...near, k: 3 }] }));
      assert.ok(Math.abs(Number(far.value[2]?.["@search.score"]) - 1 / 2) < 1e-3);
      const heavy = await index.search(readSearch({ search: "soup", vectorQueries: [{ ...near, k: 1, weight: 3 }] }));
      assert.equal(heavy.value[0]?.["id"], "1");
      assert.ok(Math.abs(Number(heavy.value[0]?.["@search.score"]) - 3 / 61) < 1e-6);
      const filtered = { vectorQueries: [{ ...near, k: 3 }], filter: "category eq 'Budget'" };
      assert.deepEqual(await keys(filtered), ["3", "2"]);
      const told = { vectorQueries: [{ kind: "text", text: "bread", fields: "vector", k: 1 }] };
      assert.deepEqual(await keys(told), ["2"]);
      const compared = keys({ vectorQueries: [{ ...near, exhaustive: true }] });
      if (index.capabilities.vectors === "approximate") await assert.rejects(compared, refusal(/exhaustive/));
      else assert.deepEqual(await compared, ["1", "3"]);
    });

    it("ranks anew with captions and answers", async () => {
      const body = { search: "are dogs welcome", queryType: "semantic", captions: "extractive", answers: "extractive" };
      const { value, answers } = await index.search(readSearch(body));
      assert.equal(value[0]?.["id"], "1");
      assert.ok(Number(value[0]?.["@search.rerankerScore"]) > 0);
      assert.match(JSON.stringify(value[0]?.["@search.captions"]), /Dogs are welcome/);
      assert.equal(answers?.[0]?.["key"], "1");
      const ranked = { ...body, facets: ["category"], count: true };
      const answer = await index.search(readSearch(ranked));
      assert.deepEqual([answer.count, answer.facets?.["category"]], [1, [{ value: "Luxury", count: 1 }]]);
    });

    it("weighs fields by a scoring profile, and values or says that it cannot", async () => {
      assert.equal((await keys({ search: "rooms station", scoringProfile: "by-name" }))[0], "2");
      const valued = keys({ search: "harbour", scoringProfile: "by-rating" });
      if (index.capabilities.scoring === "functions") assert.equal((await valued)[0], "1");
      else await assert.rejects(valued, refusal(/scoring profile 'by-rating'/));
    });

    it("shows nothing to whoever may not see it, by no way in", async () => {
      const within = parseFilter("groups/any(g: search.in(g, 'guests'))");
      assert.deepEqual(await keys({ search: "harbour" }, "groups/any(g: g eq 'guests')"), ["1"]);
      assert.deepEqual(await keys({ filter: "id eq '3' or true" }, "groups/any(g: g eq 'guests')"), ["1", "2"]);
      const near = { kind: "vector", vector: [0.9, 0.1, 0, 0], fields: "vector", k: 3 };
      const found = await index.search(readSearch({ search: "harbour", vectorQueries: [near] }), { within });
      assert.ok(found.value.every(({ id }) => id !== "3"));
      assert.equal(await index.get("3", undefined, { within }), undefined);
      assert.equal((await index.get("1", undefined, { within }))?.["id"], "1");
      assert.equal(await index.count({ within }), 2);
      const { facets } = await index.search(readSearch({ facets: ["category"] }), { within });
      assert.deepEqual(
        facets?.["category"]?.map(({ count }) => count),
        [1, 1],
      );
      const suggested = await index.suggest({ search: "harb", suggesterName: "sg" }, { within });
      assert.deepEqual(
        suggested.map(({ id }) => id),
        ["1"],
      );
      assert.deepEqual(await index.autocomplete({ search: "vie", suggesterName: "sg" }, { within }), []);
    });

    it("refuses by name what nobody here does", async () => {
      for (const [body, words] of [
        [{ filter: "geo.distance(address, geography'POINT(0 0)') lt 1" }, /geo\.distance/],
        [{ filter: "nothing eq 1" }, /nothing/],
        [{ orderby: "tags" }, /tags/],
        [{ facets: ["vector"] }, /vector/],
        [{ scoringProfile: "none" }, /none/],
      ] as const) {
        await assert.rejects(
          async () => index.search(readSearch(body)),
          (thrown: Error & { code?: string }) => thrown.code === "InvalidRequest" && words.test(thrown.message),
          JSON.stringify(body),
        );
      }
    });

    const refusal = (feature: RegExp) => (thrown: Error & { code?: string }) =>
      thrown.code === "InvalidRequest" && thrown.message.includes(test.title) && feature.test(thrown.message);
  });
}
