// The search service as hand-written requests and the clients of other projects use it: addresses, statuses and bodies on the wire.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ADMIN_KEY, type SearchService, startSearchService } from "../search-service.ts";

type Json = Record<string, unknown>;

describe("the search service on the wire", () => {
  let service: SearchService;
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers: { "api-key": ADMIN_KEY, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    return {
      status: answer.status,
      type: answer.headers.get("content-type"),
      body: (isJson && text !== "" ? JSON.parse(text) : text) as Json,
      value: (isJson && text !== "" ? (JSON.parse(text) as Json)["value"] : undefined) as Json[],
    };
  };
  const message = ({ body }: { body: Json }): string => (body["error"] as { message: string }).message;
  const find = async (rest: object): Promise<string> => {
    const { value } = await call("POST", "/indexes/notes/docs/search", { orderby: "id", ...rest });
    return value.map(({ id }) => id).join(" ");
  };

  before(async () => {
    service = await startSearchService();
    // As langchain makes its index: attributes of any name in a collection of pairs.
    const text = { type: "Edm.String", searchable: true, filterable: true };
    const attributes = [
      { name: "key", ...text },
      { name: "value", ...text },
    ];
    const definition = {
      name: "notes",
      fields: [
        { name: "id", type: "Edm.String", key: true },
        { name: "content", ...text, facetable: true },
        { name: "sourcefile", ...text },
        { name: "groups", type: "Collection(Edm.String)", filterable: true },
        {
          name: "metadata",
          type: "Edm.ComplexType",
          fields: [
            { name: "source", ...text },
            { name: "attributes", type: "Collection(Edm.ComplexType)", fields: attributes },
          ],
        },
      ],
      suggesters: [{ name: "sg", searchMode: "analyzingInfixMatching", sourceFields: ["content"] }],
      scoringProfiles: [
        { name: "mine", functions: [{ type: "tag", fieldName: "groups", boost: 5, tag: { tagsParameter: "of" } }] },
      ],
    };
    assert.equal((await call("PUT", "/indexes('notes')?api-version=2024-07-01", definition)).status, 201);
    assert.equal((await call("PUT", "/indexes('notes')?api-version=2023-11-01", definition)).status, 200);
    const attribute = { key: "lang", value: "en" };
    await call("POST", "/indexes/notes/docs/index", {
      value: [
        {
          id: "a",
          content: "red walrus",
          sourcefile: "o'neil.pdf",
          groups: ["g1"],
          metadata: { source: "x", attributes: [attribute] },
        },
        {
          id: "b",
          content: "red otter",
          sourcefile: "b.pdf",
          groups: ["g 2", "g1"],
          metadata: { source: "y", attributes: [] },
        },
        { "@search.action": "mergeOrUpload", id: "c", content: "blue otter", sourcefile: "o'neil.pdf", groups: [] },
      ],
    });
  });
  after(() => service.close());

  it("filters as the sample apps and langchain write them", async () => {
    assert.equal(await find({ filter: "metadata/attributes/any(t: t/key eq 'lang' and t/value eq 'en')" }), "a");
    assert.equal(await find({ filter: "search.in(metadata/source, 'x,y')" }), "a b");
    assert.equal(await find({ filter: "groups/any(g:search.in(g, 'g3, g1'))" }), "a b");
    assert.equal(await find({ filter: "groups/any(g:search.in(g, 'g 2', '|')) or not groups/any()" }), "b c");
    assert.equal(await find({ search: "", filter: "sourcefile eq 'o''neil.pdf'" }), "a c");
    assert.equal(await find({ search: "otter", queryLanguage: "en-us", speller: "lexicon", debug: "disabled" }), "b c");
  });

  it("refuses a parameter that there is not, with the one that was probably meant", async () => {
    const answer = await call("POST", "/indexes('notes')/docs/search", { search: "otter", searchfields: "content" });
    assert.equal(answer.status, 400);
    assert.match(message(answer), /'searchfields' is not a valid parameter.*'searchFields'/);
  });

  it("a batch that fails in part answers 207 with each document's status", async () => {
    const { status, value } = await call("POST", "/indexes('notes')/docs/search.index", {
      value: [
        { "@search.action": "merge", id: "nobody" },
        { "@search.action": "merge", id: "a", content: "red walrus" },
        { "@search.action": "upload", id: "not a key" },
      ],
    });
    assert.deepEqual(
      [status, value.map((one) => [one["key"], one["status"], one["statusCode"], one["errorMessage"] === null])],
      [
        207,
        [
          ["nobody", false, 404, false],
          ["a", true, 200, true],
          ["not a key", false, 400, false],
        ],
      ],
    );
    assert.match(message(await call("POST", "/indexes/notes/docs/index", { value: [] })), /No indexing actions/);
    assert.equal((await call("POST", "/indexes/notes/docs/index", { value: [] })).status, 400);
  });

  it("both forms of an address are one, also with its quotes escaped, and parameters escaped once too often", async () => {
    for (const path of [
      "/indexes('notes')/docs('a')",
      "/indexes/notes/docs/a",
      "/indexes(%27notes%27)/docs(%27a%27)",
    ]) {
      for (const select of ["$select=id", "%24select=id", "%2524select=id"]) {
        assert.deepEqual((await call("GET", `${path}?${select}`)).body, { id: "a" }, `${path} ${select}`);
      }
    }
    for (const path of ["/indexes('notes')/docs/$count", "/indexes/notes/docs/%24count"]) {
      const { type, body } = await call("GET", path);
      assert.deepEqual([type, String(body)], ["text/plain", "3"]);
    }
    for (const path of ["search.stats", "stats"]) {
      assert.equal((await call("GET", `/indexes/notes/${path}`)).body["documentCount"], 3);
    }
    const { body } = await call("GET", "/indexes('notes')/docs('it''s')");
    assert.match((body["error"] as { message: string }).message, /no document 'it's'/);
  });

  it("everything of a search can be asked by GET", async () => {
    const facets = await call(
      "GET",
      "/indexes/notes/docs?search=*&facet=content,count:1&facet=sourcefile&$top=0&minimumCoverage=50",
    );
    assert.deepEqual(Object.keys(facets.body["@search.facets"] as Json), ["content", "sourcefile"]);
    assert.equal(facets.body["@search.coverage"], 100);
    const scored = await call(
      "GET",
      "/indexes/notes/docs?search=red&scoringProfile=mine&scoringParameter=of-g 2&$select=id",
    );
    assert.deepEqual(
      scored.value.map(({ id }) => id),
      ["b", "a"],
    );
    assert.equal("@search.coverage" in scored.body, false);
    for (const form of ["docs/suggest", "docs/search.suggest"]) {
      const { value } = await call("GET", `/indexes('notes')/${form}?search=wal&suggesterName=sg`);
      assert.deepEqual(value, [{ "@search.text": "red walrus", id: "a" }]);
    }
    const { value } = await call("GET", "/indexes/notes/docs/autocomplete?search=wal&suggesterName=sg");
    assert.deepEqual(value, [{ text: "walrus", queryPlusText: "walrus" }]);
  });

  it("indexes are listed whole with their etags, or by what is selected", async () => {
    const [whole] = (await call("GET", "/indexes")).value;
    assert.match(String(whole?.["@odata.etag"]), /^"0x/);
    assert.ok(Array.isArray(whole?.["fields"]));
    assert.deepEqual((await call("GET", "/indexes?%24select=name")).value, [{ name: "notes" }]);
  });

  it("tokens of an analyzer have their places; one that it does not know is refused", async () => {
    const { body } = await call("POST", "/indexes('notes')/search.analyze", {
      text: "Running dogs",
      analyzer: "en.lucene",
    });
    assert.deepEqual(body["tokens"], [
      { token: "run", startOffset: 0, endOffset: 7, position: 0 },
      { token: "dog", startOffset: 8, endOffset: 12, position: 1 },
    ]);
    const unknown = await call("POST", "/indexes/notes/analyze", { text: "x", analyzer: "my-own" });
    assert.deepEqual([unknown.status, /supported `analyzer`/.test(message(unknown))], [400, true]);
  });

  it("synonyms count while their map is there; an alias names one index that there is", async () => {
    const map = (synonyms: string) => ({ format: "solr", synonyms });
    assert.equal((await call("PUT", "/synonymmaps('words')", map("puma, cougar"))).status, 201);
    assert.equal((await call("PUT", "/synonymmaps/words", map("puma, panther"))).status, 200);
    const fields = [
      { name: "id", type: "Edm.String", key: true },
      { name: "text", type: "Edm.String", synonymMaps: ["words"] },
    ];
    await call("POST", "/indexes", { name: "cats", fields });
    await call("POST", "/indexes/cats/docs/index", { value: [{ id: "a", text: "a panther" }] });
    const cats = async (search: string): Promise<number> =>
      (await call("POST", "/indexes/cats/docs/search", { search })).value.length;
    assert.deepEqual([await cats("puma"), await cats("cougar")], [1, 0]);
    assert.equal((await call("DELETE", "/synonymmaps('words')")).status, 204);
    assert.equal(await cats("puma"), 0);
    assert.equal((await call("GET", "/synonymmaps('words')")).status, 404);
    const alias = (indexes: unknown) => call("PUT", "/aliases('pets')", { indexes });
    assert.deepEqual(
      [(await alias(["cats", "notes"])).status, (await alias([])).status, (await alias(["none"])).status],
      [400, 400, 404],
    );
    assert.equal((await alias(["cats"])).status, 201);
    assert.equal(String((await call("GET", "/indexes/pets/docs/$count")).body), "1");
    const { counters } = (await call("GET", "/servicestats")).body as { counters: Record<string, { usage: number }> };
    const usage = Object.fromEntries(Object.entries(counters).map(([name, one]) => [name, one.usage]));
    assert.ok(usage["storageSize"]! > 0);
    assert.deepEqual(
      { ...usage, storageSize: 0 },
      {
        documentCount: 4,
        indexesCount: 2,
        indexersCount: 0,
        dataSourcesCount: 0,
        storageSize: 0,
        synonymMaps: 0,
        skillsetCount: 0,
        vectorIndexSize: 0,
        aliasesCount: 1,
      },
    );
  });

  it("an index that is made, changed, written to and deleted by many at once never answers with a failure of its own", async () => {
    const fields = [
      { name: "id", type: "Edm.String", key: true },
      { name: "text", type: "Edm.String" },
    ];
    const told = new Map<string, number>();
    const steps = [
      () => call("PUT", "/indexes/busy", { fields }),
      () => call("POST", "/indexes/busy/docs/index", { value: [{ id: "a", text: "x" }] }),
      () => call("POST", "/indexes/busy/docs/search", { search: "x" }),
      () => call("DELETE", "/indexes/busy"),
      () => call("PUT", "/indexes/busy", { fields }),
      () => call("POST", "/indexes/busy/docs/index", { value: [{ id: "b", text: "x" }] }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 48 }, async (_, at) => ({
        step: at % steps.length,
        ...(await steps[at % steps.length]!()),
      })),
    );
    for (const { step, status, body } of answers) {
      assert.ok([200, 201, 204, 404].includes(status), `step ${step}: ${status} ${JSON.stringify(body)}`);
      told.set(`${step} ${status}`, (told.get(`${step} ${status}`) ?? 0) + 1);
    }
    const made = (told.get("0 201") ?? 0) + (told.get("4 201") ?? 0);
    assert.ok(Math.abs(made - (told.get("3 204") ?? 0)) <= 1, JSON.stringify([...told]));
    // Definitions that change nothing cost no write that is under way.
    await call("PUT", "/indexes/busy", { fields });
    const writes = Array.from({ length: 20 }, async (_, at) => {
      if (at % 4 === 0) await call("PUT", "/indexes/busy", { fields });
      return (await call("POST", "/indexes/busy/docs/index", { value: [{ id: `d${at}`, text: "y" }] })).status;
    });
    assert.deepEqual([...new Set(await Promise.all(writes))], [200]);
    const found = await call("POST", "/indexes/busy/docs/search", { search: "y", count: true, top: 0 });
    assert.equal(found.body["@odata.count"], 20);
    await call("DELETE", "/indexes/busy");
  });

  it("what is not here says so in the service's form of an error", async () => {
    for (const path of [
      "/knowledgesources",
      "/knowledgebases('k')",
      "/knowledgebases('k')/retrieve",
      "/indexers('i')/search.run",
      "/skillsets",
    ]) {
      const answer = await call("POST", path, { name: "k" });
      const { code } = answer.body["error"] as { code: string };
      assert.deepEqual(
        [answer.status, code, /not supported by this service/.test(message(answer))],
        [404, "NotFound", true],
      );
    }
    for (const [body, words] of [
      [{ hybridSearch: { maxTextRecallSize: 5 } }, /hybridSearch/],
      [{ queryRewrites: "generative|count-3" }, /query rewriting/],
      [{ filter: "geo.distance(place, geography'POINT(1 2)') lt 5" }, /geo\.distance/],
      [{ search: "[a TO b]", queryType: "full" }, /ranges/],
      [{ queryType: "semantic" }, /semanticConfiguration/],
      [{ vectorQueries: [{ kind: "text", text: "x", fields: "content" }] }, /embedding model/],
      [{ scoringProfile: "mine" }, /scoring parameter 'of'/],
      [{ search: "x", searchFields: "id" }, /'id'/],
    ] as const) {
      const answer = await call("POST", "/indexes/notes/docs/search", body);
      assert.deepEqual([answer.status, words.test(message(answer))], [400, true], message(answer));
    }
  });
});
