// Filters, documents as they are kept, queries of words, orders: each rule by a case that only it decides.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { readSchema } from "../../../src/search/document/definition.ts";
import type { DocumentIndex } from "../../../src/search/document/document-index.ts";
import { readSearch } from "../../../src/search/document/request.ts";
import { residentIndex } from "../../../src/search/document/resident-index.ts";
import { parseSynonyms } from "../../../src/search/document/synonym.ts";
import { memoryStore } from "./memory-store.ts";

// A date without a zone is one of UTC, wherever this runs.
process.env["TZ"] = "Asia/Tokyo";

const text = (name: string, rest: object = {}) => ({ name, type: "Edm.String", ...rest });
const SCHEMA = readSchema({
  name: "things",
  fields: [
    text("id", { key: true }),
    text("title"),
    text("text", { analyzer: "en.lucene", synonymMaps: ["words"] }),
    text("secret", { retrievable: false }),
    { name: "tags", type: "Collection(Edm.String)", searchable: false },
    { name: "size", type: "Edm.Int32" },
    { name: "big", type: "Edm.Int64" },
    { name: "share", type: "Edm.Double" },
    { name: "isOpen", type: "Edm.Boolean" },
    { name: "made", type: "Edm.DateTimeOffset" },
    { name: "place", type: "Edm.ComplexType", fields: [text("city"), text("zip")] },
    {
      name: "rooms",
      type: "Collection(Edm.ComplexType)",
      fields: [text("kind"), { name: "beds", type: "Collection(Edm.String)" }],
    },
    { name: "vector", type: "Collection(Edm.Single)", dimensions: 2 },
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
});
const synonyms = parseSynonyms("nyc, new york city\npup => dog, hound");

function make(): DocumentIndex {
  const words = ({ field }: { field: { path: string } }, word: string) => (field.path === "text" ? synonyms(word) : []);
  return residentIndex({ schema: SCHEMA, store: memoryStore(), synonyms: words });
}

const upload = (document: Record<string, unknown>) => ({ action: "upload" as const, document });

describe("a query", () => {
  let index: DocumentIndex;
  const found = async (body: object): Promise<Record<string, unknown>[]> =>
    (await index.search(readSearch(body))).value;
  const ids = async (body: object): Promise<string> =>
    (await found({ orderby: "id", ...body })).map(({ id }) => id).join("");
  const best = async (body: object): Promise<string> => (await found(body)).map(({ id }) => id).join("");
  before(async () => {
    index = make();
    await index.write([
      upload({
        id: "a",
        title: "red walrus",
        text: "The red old walrus of New York City sleeps.",
        secret: "hidden words",
        tags: ["x", "y"],
        size: 1,
        isOpen: true,
        made: "2020-01-01T12:00:00Z",
        place: { city: "Oslo", zip: "1" },
        rooms: [
          { kind: "single", beds: ["low"] },
          { kind: "double", beds: [] },
        ],
      }),
      upload({
        id: "b",
        title: "walrus",
        text: "A walrus that is red and blue. City of York, new.",
        tags: [],
        size: 2,
        isOpen: false,
        share: 1e9,
        made: "2020-06-01T00:00:00Z",
        rooms: [{ kind: "single", beds: ["high", "low"] }],
      }),
      upload({ id: "d", title: "otter", text: "A dog.", tags: ["z"] }),
      upload({ id: "c", title: "otter", text: "A hound and a dog. " + "filler ".repeat(40), tags: ["y"], size: 3 }),
    ]);
  });

  const filters: [string, string][] = [
    ["2 lt size", "c"],
    ["2 gt size", "a"],
    ["2 ge size", "ab"],
    ["isOpen", "a"],
    ["not isOpen", "bcd"],
    ["search.in(title, 'otter,nothing')", "cd"],
    ["search.in(title, 'red walrus,nothing', ',')", "a"],
    ["search.in(title, 'red walrus,nothing')", "b"],
    ["size eq 1 or size eq 2 and isOpen", "a"],
    ["(size eq 1 or size eq 2) and not isOpen", "b"],
    ["size eq 3 or size eq 1 and title eq 'red walrus'", "ac"],
    ["made gt 2020-01-01", "ab"],
    ["made lt 2020-01-01T12:00:01", "a"],
    ["made eq 2020-01-01T14:00:00+02:00", "a"],
    ["share lt INF and share gt -INF", "b"],
    ["tags/all(t: t eq 'y')", "bc"],
    ["not tags/any()", "b"],
    ["size ne 1", "bcd"],
    ["size lt 2", "a"],
    ["place/city eq null", "bcd"],
    ["rooms/any(r: r/kind eq 'single' and r/beds/any(b: b eq 'low' and r/kind eq 'single'))", "ab"],
    ["rooms/any(r: r/kind eq 'double' and r/beds/any(b: b eq 'low'))", ""],
    ["search.ismatch('walrus', 'text')", "ab"],
    ["search.ismatch('red', 'title')", "a"],
    ["search.ismatch('red otter', 'title', 'simple', 'all')", ""],
    ["search.ismatch('red otter', 'title', 'simple', 'any')", "acd"],
    ["search.ismatch('title:wal*rus', null, 'full', 'any')", "ab"],
    [`search.in(title, '${Array.from({ length: 10_000 }, (_, at) => `t${at}`).join(",")},otter')`, "cd"],
    [`${"(".repeat(90)}size eq 1${")".repeat(90)}`, "a"],
  ];
  for (const [filter, expected] of filters) {
    it(`filters by ${filter.slice(0, 90)}`, async () => assert.equal(await ids({ filter }), expected));
  }

  const refused: [string, RegExp][] = [
    [`${"(".repeat(200)}size eq 1${")".repeat(200)}`, /more than 100 levels/],
    [`${"not ".repeat(5000)}isOpen`, /more than 100 levels/],
    ["tags/all()", /all\(\) needs a condition/],
    ["size eq big", /with a constant only/],
    ["search.in(size, '1')", /search\.in needs a field of texts/],
    ["title/any(t: t eq 'x')", /'title' is no collection/],
    ["search.ismatch('x', 'title', 'fancy')", /'simple' or 'full'/],
  ];
  for (const [filter, message] of refused) {
    it(`refuses ${filter.slice(0, 40)}`, async () => {
      await assert.rejects(ids({ filter }), (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, "InvalidRequest");
        assert.match(thrown.message, message);
        return thrown.message.length < 2000;
      });
    });
  }

  it("of words: synonyms as a phrase, slop, boosts, fields that are there, lengths", async () => {
    assert.equal(await ids({ search: "nyc" }), "a");
    assert.equal(await ids({ search: '"red walrus"', searchFields: "text" }), "");
    assert.equal(await ids({ search: 'text:"red walrus"~1', queryType: "full" }), "a");
    assert.equal((await best({ search: "title:otter^9 title:red", queryType: "full" })).slice(0, 2), "cd");
    assert.equal((await best({ search: "title:otter title:red^9", queryType: "full" }))[0], "a");
    assert.equal(
      (await best({ search: "(title:otter)^2 OR (title:red AND title:walrus)^0.01", queryType: "full" }))[0],
      "c",
    );
    assert.equal(
      (await best({ search: "(title:otter)^0.1 OR (title:red AND title:walrus)^9", queryType: "full" }))[0],
      "a",
    );
    assert.equal(await ids({ search: "nowhere:walrus", queryType: "full" }), "");
    assert.equal(await best({ search: "dog", searchFields: "text" }), "dc", "a short text beats a long one");
    const scores = Object.fromEntries(
      (await found({ search: "pup", searchFields: "text" })).map((one) => [one["id"], one["@search.score"]]),
    );
    const alone = Object.fromEntries(
      (await found({ search: "hound", searchFields: "text" })).map((one) => [one["id"], one["@search.score"]]),
    );
    assert.equal(scores["c"], alone["c"], "of two words for the same the better counts");
  });

  it("orders absent values first, scores best first, and what is equal by keys", async () => {
    assert.equal(await best({ orderby: "size" }), "dabc");
    assert.equal(await best({ orderby: "size desc" }), "cbad");
    assert.equal(await best({ search: "dog", searchFields: "text", orderby: "search.score()" }), "dc");
    assert.equal(await best({ search: "dog", searchFields: "text", orderby: "search.score() asc" }), "cd");
    assert.equal(await best({}), "abcd");
  });

  it("shows no field that is not retrievable, also when it is asked for, and still finds by it", async () => {
    const [one] = await found({ search: "hidden" });
    assert.deepEqual([one?.["id"], "secret" in one!], ["a", false]);
    await assert.rejects(found({ select: "id,secret" }), {
      code: "InvalidRequest",
      message: /'secret' is not retrievable/,
    });
  });

  it("has limits that are told by name", async () => {
    assert.throws(() => readSearch({ skip: 100_001 }), { code: "InvalidRequest", message: /'skip'/ });
    assert.deepEqual(readSearch({ select: ["id", "title"] }).select, "id,title");
    const vectorQueries = [{ kind: "vector", vector: [1e39, 0], fields: "vector" }];
    await assert.rejects(found({ vectorQueries }), { code: "InvalidRequest", message: /too large for four bytes/ });
  });
});

describe("a document", () => {
  const write = async (documents: Record<string, unknown>[], action: "upload" | "merge" = "upload") => {
    const index = make();
    await index.write([upload({ id: "there", place: { city: "Oslo", zip: "1" }, vector: [1, 0], tags: ["x"] })]);
    const results = await index.write(documents.map((document) => ({ action, document })));
    return { results, get: (key: string) => index.get(key, undefined) };
  };
  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ["a key that begins with an underscore", { id: "_x" }, /begin with an underscore/],
    ["null in a collection", { id: "x", tags: [null] }, /cannot hold null/],
    ["a number that is too large", { id: "x", size: 2 ** 31 }, /'size'.*Edm\.Int32/],
    ["a number that JSON cannot hold", { id: "x", big: 2 ** 53 }, /'big' is beyond 2\^53/],
    ["a part of a number", { id: "x", size: 1.5 }, /'size'.*Edm\.Int32/],
    ["a vector that is none", { id: "x", vector: [1, Infinity] }, /'vector' needs a list of numbers/],
    ["a vector of numbers too large", { id: "x", vector: [1, 1e39] }, /'vector' needs a list of numbers/],
    ["a vector with a hole", { id: "x", vector: [1, null] }, /'vector' needs a list of numbers/],
    ["a vector that is too short", { id: "x", vector: [1] }, /dimension of '2'.*length of '1'/],
    ["an unknown part", { id: "x", place: { street: "y" } }, /'street' does not exist on 'place'/],
  ];
  for (const [what, document, message] of wrong) {
    it(`with ${what} is refused alone`, async () => {
      const { results } = await write([{ id: "fine" }, document]);
      assert.deepEqual(
        results.map(({ statusCode }) => statusCode),
        [201, 400],
      );
      assert.match(results[1]?.error ?? "", message);
    });
  }

  it("has all fields, dates in one form, and what is merged into it by parts", async () => {
    const { get } = await write(
      [{ id: "there", place: { zip: "2" }, made: "2020-01-01T14:00:00+02:00", vector: null }],
      "merge",
    );
    const { place, made, vector, tags, title, rooms } = (await get("there"))!;
    assert.deepEqual(
      { place, made, vector, tags, title, rooms },
      {
        place: { city: "Oslo", zip: "2" },
        made: "2020-01-01T12:00:00Z",
        vector: null,
        tags: ["x"],
        title: null,
        rooms: [],
      },
    );
  });
});

describe("semantic ranking", () => {
  it("is of the first fifty, on a scale of 4, by titles too, whatever order was asked for", async () => {
    const index = make();
    const filler = Array.from({ length: 59 }, (_, at) =>
      upload({ id: `f${at + 10}`, title: "other", text: "walrus sleeps. It eats fish. Then more." }),
    );
    await index.write([
      ...filler,
      upload({ id: "f30x", title: "walrus", text: "walrus sleeps. It eats fish. Then more." }),
    ]);
    const ask = async (rest: object) =>
      index.search(
        readSearch({ search: "walrus sleeps", searchFields: "text", top: 60, queryType: "semantic", ...rest }),
      );
    const { value } = await ask({ orderby: "id desc", captions: "extractive" });
    const scores = value.map((one) => Number(one["@search.rerankerScore"]));
    assert.equal(value[0]?.["id"], "f30x");
    assert.ok(scores[0]! > 1.5 && scores[0]! <= 4, String(scores[0]));
    assert.deepEqual([scores.filter((score) => score > 0).length, scores.length], [50, 60]);
    const captions = value[0]!["@search.captions"] as { text: string }[];
    assert.equal(captions[0]?.text, "walrus sleeps. It eats fish.");
    // A caption of a named configuration asks for it, whatever the syntax of the words.
    const plain = await ask({ queryType: "simple", semanticConfiguration: "default", captions: "extractive" });
    assert.ok(Number(plain.value[0]?.["@search.rerankerScore"]) > 0);
    assert.equal((await ask({ answers: "extractive" })).answers?.length, 1);
    assert.deepEqual((await ask({ search: "walrus storms nowhere else", answers: "extractive" })).answers, []);
  });

  it("pages hold a thousand documents at most, and the next one the rest of what was asked for", async () => {
    const index = make();
    await index.write(Array.from({ length: 1210 }, (_, at) => upload({ id: `d${at}` })));
    const first = await index.search(readSearch({ top: 1205 }));
    assert.deepEqual([first.value.length, first.next?.["skip"], first.next?.["top"]], [1000, 1000, 205]);
    const second = await index.search(readSearch(first.next));
    assert.deepEqual([second.value.length, second.next], [205, undefined]);
  });
});
