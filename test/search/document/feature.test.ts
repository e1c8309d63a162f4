// What a search may ask for beside words, one feature at a time: each has a case that fails when the feature does nothing.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { readSchema } from "../../../src/search/document/definition.ts";
import type { DocumentIndex } from "../../../src/search/document/document-index.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { residentIndex } from "../../../src/search/document/resident-index.ts";
import { parseSynonyms } from "../../../src/search/document/synonym.ts";
import { memoryStore } from "./memory-store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
const magnitude = (rest: object) => ({
  type: "magnitude",
  fieldName: "rating",
  boost: 11,
  magnitude: { boostingRangeStart: 0, boostingRangeEnd: 10 },
  ...rest,
});
const fresh = { type: "freshness", fieldName: "opened", boost: 2, freshness: { boostingDuration: "P30D" } };
const tagged = { type: "tag", fieldName: "tags", boost: 3, tag: { tagsParameter: "mine" } };
const DEFINITION = {
  name: "things",
  fields: [
    { name: "id", type: "Edm.String", key: true },
    { name: "title", type: "Edm.String", searchable: true },
    { name: "text", type: "Edm.String", searchable: true, analyzer: "en.lucene" },
    { name: "tags", type: "Collection(Edm.String)", searchable: false },
    { name: "rating", type: "Edm.Double" },
    { name: "opened", type: "Edm.DateTimeOffset" },
    { name: "vector", type: "Collection(Edm.Single)", dimensions: 2 },
    { name: "other", type: "Collection(Edm.Single)", dimensions: 2 },
  ],
  suggesters: [{ name: "sg", searchMode: "analyzingInfixMatching", sourceFields: ["title", "text"] }],
  scoringProfiles: [
    { name: "linear", functions: [magnitude({})] },
    { name: "square", functions: [magnitude({ interpolation: "quadratic" })] },
    { name: "constant", functions: [magnitude({ interpolation: "constant" })] },
    { name: "logarithm", functions: [magnitude({ interpolation: "logarithmic" })] },
    { name: "narrow", functions: [magnitude({ magnitude: { boostingRangeStart: 0, boostingRangeEnd: 4 } })] },
    { name: "fresh", functions: [fresh] },
    { name: "tagged", functions: [tagged] },
    ...["sum", "average", "minimum", "maximum", "firstMatching"].map((functionAggregation) => ({
      name: functionAggregation,
      functionAggregation,
      functions: [magnitude({}), tagged],
    })),
  ],
  semantic: {
    defaultConfiguration: "default",
    configurations: [
      {
        name: "default",
        prioritizedFields: { titleField: { fieldName: "title" }, prioritizedContentFields: [{ fieldName: "text" }] },
      },
    ],
  },
};
const DOCUMENTS = [
  {
    id: "a",
    title: "Harbour Palace",
    text: "Otters play at the harbour. Otters sleep at night. The price is low.",
    tags: ["x", "y"],
    rating: 5,
    opened: daysAgo(1),
    vector: [1, 0],
    other: [0, 1],
  },
  {
    id: "b",
    title: "Harbour Inn",
    text: "An otter was seen at the inn once.",
    tags: ["x"],
    rating: 10,
    opened: daysAgo(20),
    vector: [0, 1],
    other: [1, 0],
  },
  { id: "c", title: "Old Lodge", text: "Bread and soup.", tags: ["z"], rating: 0, opened: "2021-05-16T10:20:30Z" },
];

describe("one feature of a search at a time", () => {
  let index: DocumentIndex;
  before(async () => {
    index = residentIndex({ schema: readSchema(DEFINITION), store: memoryStore(), synonyms: () => [] });
    await index.write(DOCUMENTS.map((document) => ({ action: "upload", document })));
  });
  const found = async (body: object): Promise<Record<string, unknown>[]> =>
    (await index.search(readSearch(body))).value;
  const ids = async (body: object): Promise<unknown[]> => (await found(body)).map(({ id }) => id);
  const scores = async (body: object): Promise<Record<string, number>> =>
    Object.fromEntries((await found(body)).map((one) => [one["id"], round(Number(one["@search.score"]))]));
  const profile = (scoringProfile: string, rest: object = {}) => scores({ scoringProfile, ...rest });

  it("vector queries have weights, and filters stand before or behind what is nearest", async () => {
    const of = (fields: string, weight: number) => ({ kind: "vector", vector: [1, 0], fields, k: 2, weight });
    assert.equal((await ids({ vectorQueries: [of("vector", 2), of("other", 1)] }))[0], "a");
    assert.equal((await ids({ vectorQueries: [of("vector", 1), of("other", 2)] }))[0], "b");
    const nearest = {
      vectorQueries: [{ kind: "vector", vector: [1, 0], fields: "vector", k: 1 }],
      filter: "id ne 'a'",
    };
    assert.deepEqual(await ids({ ...nearest, vectorFilterMode: "preFilter" }), ["b"]);
    assert.deepEqual(await ids({ ...nearest, vectorFilterMode: "postFilter" }), []);
  });

  it("what a store finds in a later state than that in memory is found there too", async () => {
    const store = memoryStore();
    const behind = residentIndex({
      schema: readSchema(DEFINITION),
      synonyms: () => [],
      store: {
        ...store,
        vectors: {
          // Another process writes while the database looks.
          nearest: async () => {
            const late = { key: "late", fields: { id: "late", title: null, text: "late" }, vectors: {} };
            return { version: await store.write([late], []), found: [{ key: "late", score: 1 }] };
          },
          read: async () => new Map(),
          dimensions: async () => 2,
          kind: async () => "exact",
          bytes: async () => 0,
        },
      },
    });
    const near = { kind: "vector", vector: [1, 0], fields: "vector", k: 1 };
    const { value } = await behind.search(readSearch({ vectorQueries: [near] }));
    assert.deepEqual(
      value.map(({ id }) => id),
      ["late"],
    );
  });

  it("magnitudes raise scores along their curve, and beyond their range only if they shall", async () => {
    assert.deepEqual(await profile("linear"), { b: 11, a: 6, c: 1 });
    assert.deepEqual(await profile("square"), { b: 11, a: 3.5, c: 1 });
    assert.deepEqual(await profile("constant"), { a: 11, b: 11, c: 1 });
    assert.deepEqual(await profile("logarithm"), { b: 11, a: round(1 + 10 * Math.log2(1.5)), c: 1 });
    assert.deepEqual(await profile("narrow"), { a: 1, b: 1, c: 1 });
  });

  it("what is fresh, and what has the tags of the one who asks, comes first; functions add up as the profile says", async () => {
    const { a = 0, b = 0, c = 0 } = await profile("fresh");
    assert.ok(a > 1.9 && b > 1.2 && b < 1.5 && c === 1, JSON.stringify({ a, b, c }));
    const mine = { scoringParameters: ["mine-x,y"] };
    assert.deepEqual(await profile("tagged", mine), { a: 3, b: 2, c: 1 });
    assert.deepEqual(await profile("tagged", { scoringParameters: ["mine--z"] }), { c: 3, a: 1, b: 1 });
    const quoted = await profile("tagged", { scoringParameters: ["mine-'it''s, here',x"] });
    assert.deepEqual(quoted, { a: 2, b: 2, c: 1 }, "a value in quotes may have a comma");
    await assert.rejects(profile("tagged"), { code: "InvalidRequest", message: /scoring parameter 'mine'/ });
    assert.deepEqual(await profile("sum", mine), { b: 12, a: 8, c: 1 });
    assert.deepEqual(await profile("average", mine), { b: 6.5, a: 4.5, c: 1 });
    assert.deepEqual(await profile("minimum", mine), { a: 3, b: 2, c: 1 });
    assert.deepEqual(await profile("maximum", mine), { b: 11, a: 6, c: 1 });
    assert.deepEqual(await profile("firstMatching", mine), { b: 11, a: 6, c: 1 });
    const schema = readSchema({ ...DEFINITION, defaultScoringProfile: "linear" });
    const byDefault = residentIndex({ schema, store: memoryStore(), synonyms: () => [] });
    await byDefault.write(DOCUMENTS.map((document) => ({ action: "upload", document })));
    const [best] = (await byDefault.search(readSearch({}))).value;
    assert.deepEqual([best?.["id"], best?.["@search.score"]], ["b", 11]);
  });

  it("facets are sorted, cut and taken by stretches of time", async () => {
    const of = async (facet: string): Promise<unknown> =>
      Object.values((await index.search(readSearch({ facets: [facet] }))).facets ?? {})[0];
    const values = async (facet: string): Promise<unknown[]> =>
      ((await of(facet)) as { value: unknown }[]).map(({ value }) => value);
    assert.deepEqual(await values("tags,sort:-value"), ["z", "y", "x"]);
    assert.deepEqual(await values("tags,sort:count,count:2"), ["x", "y"]);
    assert.equal((await values("tags,sort:-count")).at(-1), "x");
    for (const [interval, start] of [
      ["minute", "2021-05-16T10:20:00Z"],
      ["hour", "2021-05-16T10:00:00Z"],
      ["day", "2021-05-16T00:00:00Z"],
      ["week", "2021-05-16T00:00:00Z"],
      ["month", "2021-05-01T00:00:00Z"],
      ["quarter", "2021-04-01T00:00:00Z"],
      ["year", "2021-01-01T00:00:00Z"],
    ]) {
      assert.equal((await values(`opened,interval:${interval}`))[0], start);
    }
    assert.deepEqual(await of("opened,values:2022-01-01T00:00:00Z"), [
      { to: "2022-01-01T00:00:00Z", count: 1 },
      { from: "2022-01-01T00:00:00Z", count: 2 },
    ]);
  });

  it("highlights are as many as asked for, and leave out what must not be there", async () => {
    const marks = async (body: object): Promise<unknown> =>
      (await found({ highlight: "text", ...body }))[0]?.["@search.highlights"];
    assert.equal(((await marks({ search: "otter harbour" })) as { text: string[] }).text.length, 2);
    assert.deepEqual(await marks({ search: "otter harbour", highlight: "text-1" }), {
      text: ["<em>Otters</em> play at the <em>harbour</em>."],
    });
    const without = { search: "text:otter -(title:harbour AND title:palace)", queryType: "full", highlight: "title" };
    assert.deepEqual(await ids(without), ["b"]);
    assert.equal(await marks(without), undefined);
  });

  it("suggestions and completions: how many, in which fields, marked, in context, two at once, with typing errors", async () => {
    const suggest = async (rest: object): Promise<unknown[]> =>
      (await index.suggest({ search: "harb", suggesterName: "sg", orderby: "id", ...rest })).map(
        (one) => one["@search.text"],
      );
    assert.deepEqual(await suggest({ searchFields: "title" }), ["Harbour Palace", "Harbour Inn"]);
    assert.deepEqual(await suggest({ top: 1 }), ["Harbour Palace"]);
    assert.deepEqual(await suggest({ top: 1, highlightPreTag: "<", highlightPostTag: ">" }), ["<Harb>our Palace"]);
    assert.deepEqual(await suggest({ search: "night", searchFields: "title" }), []);
    const complete = async (search: string, rest: object): Promise<unknown[]> =>
      (await index.autocomplete({ search, suggesterName: "sg", ...rest })).map(({ text }) => text);
    assert.deepEqual(await complete("old i", {}), ["inn", "is"]);
    assert.deepEqual(await complete("old i", { autocompleteMode: "oneTermWithContext" }), []);
    assert.deepEqual(await complete("harbour i", { autocompleteMode: "oneTermWithContext" }), ["harbour inn"]);
    assert.deepEqual(await complete("harb", { autocompleteMode: "twoTerms", searchFields: "title" }), [
      "harbour inn",
      "harbour palace",
    ]);
    assert.deepEqual(await complete("palsce", {}), []);
    assert.deepEqual(await complete("palsce", { fuzzy: true }), ["palace"]);
  });

  it("captions and answers: marked or not, over a threshold, so many, by a question of their own", async () => {
    const asked = { search: "otters play", queryType: "semantic", captions: "extractive" };
    const answers = async (text: string): Promise<unknown[]> =>
      ((await index.search(readSearch({ ...asked, answers: text }))).answers ?? []).map(({ key }) => key);
    assert.deepEqual(await answers("extractive|count-3,threshold-0.1"), ["a", "b"]);
    assert.deepEqual(await answers("extractive|count-1,threshold-0.1"), ["a"]);
    assert.deepEqual(await answers("extractive|count-3,threshold-0.9"), ["a"]);
    const caption = async (rest: object) =>
      (
        (await found({ ...asked, ...rest }))[0]?.["@search.captions"] as
          | { text: string; highlights: string }[]
          | undefined
      )?.[0];
    assert.match((await caption({}))?.highlights ?? "", /<em>Otters<\/em> <em>play<\/em>/);
    assert.equal((await caption({ captions: "extractive|highlight-false" }))?.highlights, "");
    assert.match((await caption({ semanticQuery: "what is the price" }))?.text ?? "", /The price is low/);
  });

  const refused: [string, object, RegExp][] = [
    ["hybridSearch", { hybridSearch: { maxTextRecallSize: 10 } }, /hybridSearch/],
    ["query rewriting", { queryRewrites: "generative" }, /query rewriting/],
    ["debug information", { debug: "all" }, /debug information/],
    ["vectors of a preview version", { vectors: [{ value: [1, 0], fields: "vector", k: 1 }] }, /vectorQueries/],
    ...[{ threshold: { kind: "vectorSimilarity", value: 0.9 } }, { filterOverride: "id eq 'b'" }].map(
      (rest): [string, object, RegExp] => [
        `the ${Object.keys(rest)[0]} of a vector query`,
        { vectorQueries: [{ kind: "vector", vector: [1, 0], fields: "vector", ...rest }] },
        new RegExp(Object.keys(rest)[0]!),
      ],
    ),
    ["one tag of a highlight", { search: "otter", highlight: "text", highlightPreTag: "<b>" }, /highlightPostTag/],
    ["statistics it does not know", { scoringStatistics: "odd" }, /scoringStatistics/],
    ["an interval of time between numbers", { facets: ["rating,interval:month"] }, /rating,interval:month/],
    ["a number as an interval of time", { facets: ["opened,interval:3"] }, /one of minute/],
    ["an interval of texts", { facets: ["tags,interval:3"] }, /an interval needs a number/],
    ["an interval with values", { facets: ["rating,interval:3,values:1|2"] }, /exclude each other/],
    [
      "geography in an order",
      { orderby: "geo.distance(place, geography'POINT(0 0)')" },
      /geo\.distance is not supported/,
    ],
    ["too many clauses of an order", { orderby: Array.from({ length: 33 }, () => "rating").join(",") }, /32 clauses/],
    ["answers that a model writes", { queryType: "semantic", answers: "abstractive" }, /'abstractive'/],
    ["captions that a model writes", { queryType: "semantic", captions: "abstractive" }, /'abstractive'/],
    ["a kind of vector query", { vectorQueries: [{ kind: "imageUrl", fields: "vector" }] }, /vectorQueries/],
    [
      "an unknown field of a vector query",
      { vectorQueries: [{ kind: "vector", vector: [1, 0], fields: "no" }] },
      /'no'/,
    ],
  ];
  for (const [what, body, words] of refused) {
    it(`refuses ${what} by name`, async () => {
      await assert.rejects(async () => found(body), { code: "InvalidRequest", message: words });
    });
  }

  it("refuses definitions it cannot keep by the name of the feature", () => {
    const field = (rest: object) => ({ ...DEFINITION, fields: [...DEFINITION.fields, { name: "more", ...rest }] });
    const cases: [object, RegExp][] = [
      [field({ type: "Edm.String", analyzer: "my-own" }), /analyzer 'my-own'/],
      [field({ type: "Edm.Stream" }), /Edm\.Stream/],
      [
        {
          ...field({ type: "Collection(Edm.Single)", dimensions: 2, vectorSearchProfile: "p" }),
          vectorSearch: {
            algorithms: [{ name: "a", kind: "hnsw", hnswParameters: { metric: "hamming" } }],
            profiles: [{ name: "p", algorithm: "a" }],
          },
        },
        /metric 'hamming'/,
      ],
    ];
    for (const [definition, words] of cases) {
      assert.throws(() => readSchema(definition), { code: "InvalidRequest", message: words });
    }
  });

  it("synonyms are equal to one another, or replace in one direction", () => {
    const rules = parseSynonyms("cheap, budget # equal\nposh => luxury");
    assert.deepEqual(["cheap", "Budget", "posh", "luxury"].map(rules), [["budget"], ["cheap"], ["luxury"], []]);
    assert.throws(() => parseSynonyms("fine\n=> broken"), { code: "InvalidRequest", message: /line 2/ });
  });
});

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
