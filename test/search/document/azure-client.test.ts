// The official client of Azure AI Search, unchanged, against the search service.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AzureKeyCredential,
  SearchClient,
  SearchIndexClient,
  SearchIndexingBufferedSender,
  type SearchIndex,
  odata,
} from "@azure/search-documents";
import { topicEmbedder } from "../../index-suite.ts";
import { ADMIN_KEY, QUERY_KEY, type SearchService, startSearchService } from "../search-service.ts";

interface Room {
  kind: string;
  price?: number | null;
}

interface Hotel {
  id: string;
  name?: string;
  description?: string;
  category?: string;
  tags?: string[];
  rating?: number | null;
  parking?: boolean | null;
  opened?: Date | null;
  address?: { city?: string; zip?: string } | null;
  rooms?: Room[];
  embedding?: number[];
}

const DEFINITION: SearchIndex = {
  name: "hotels",
  fields: [
    { name: "id", type: "Edm.String", key: true, filterable: true },
    { name: "name", type: "Edm.String", searchable: true, sortable: true, filterable: true },
    { name: "description", type: "Edm.String", searchable: true, analyzerName: "en.microsoft" },
    {
      name: "category",
      type: "Edm.String",
      searchable: true,
      filterable: true,
      facetable: true,
      sortable: true,
      synonymMapNames: ["words"],
    },
    { name: "tags", type: "Collection(Edm.String)", searchable: true, filterable: true, facetable: true },
    { name: "rating", type: "Edm.Double", filterable: true, sortable: true, facetable: true },
    { name: "parking", type: "Edm.Boolean", filterable: true, facetable: true },
    { name: "opened", type: "Edm.DateTimeOffset", filterable: true, sortable: true, facetable: true },
    {
      name: "address",
      type: "Edm.ComplexType",
      fields: [
        { name: "city", type: "Edm.String", searchable: true, filterable: true, facetable: true, sortable: true },
        { name: "zip", type: "Edm.String", filterable: true },
      ],
    },
    {
      name: "rooms",
      type: "Collection(Edm.ComplexType)",
      fields: [
        { name: "kind", type: "Edm.String", searchable: true, filterable: true },
        { name: "price", type: "Edm.Double", filterable: true, facetable: true },
      ],
    },
    {
      name: "embedding",
      type: "Collection(Edm.Single)",
      searchable: true,
      vectorSearchDimensions: 4,
      vectorSearchProfileName: "vectors",
    },
  ],
  suggesters: [{ name: "sg", searchMode: "analyzingInfixMatching", sourceFields: ["name", "address/city"] }],
  scoringProfiles: [
    { name: "by-name", textWeights: { weights: { name: 50 } } },
    {
      name: "by-rating",
      functionAggregation: "sum",
      functions: [
        {
          type: "magnitude",
          fieldName: "rating",
          boost: 100,
          interpolation: "linear",
          parameters: { boostingRangeStart: 0, boostingRangeEnd: 5, shouldBoostBeyondRangeByConstant: true },
        },
      ],
    },
  ],
  semanticSearch: {
    defaultConfigurationName: "default",
    configurations: [
      {
        name: "default",
        prioritizedFields: { titleField: { name: "name" }, contentFields: [{ name: "description" }] },
      },
    ],
  },
  vectorSearch: {
    algorithms: [{ name: "hnsw", kind: "hnsw", parameters: { metric: "cosine" } }],
    profiles: [{ name: "vectors", algorithmConfigurationName: "hnsw" }],
  },
};

const HOTELS: Hotel[] = [
  {
    id: "1",
    name: "Harbour Palace",
    description:
      "A quiet luxury hotel at the harbour. Breakfast is served on the roof. Dogs are welcome in every room.",
    category: "Luxury",
    tags: ["pool", "view"],
    rating: 4.5,
    parking: true,
    opened: new Date("2019-03-01T00:00:00Z"),
    address: { city: "Oslo", zip: "0150" },
    rooms: [
      { kind: "suite", price: 320 },
      { kind: "double", price: 180 },
    ],
    embedding: [1, 0, 0, 0],
  },
  {
    id: "2",
    name: "Budget Inn",
    description: "Cheap and clean rooms near the station. The harbour is one kilometre away.",
    category: "Budget",
    tags: ["wifi"],
    rating: 3,
    parking: false,
    opened: new Date("2005-06-15T00:00:00Z"),
    address: { city: "Bergen", zip: "5003" },
    rooms: [{ kind: "single", price: 60 }],
    embedding: [0, 1, 0, 0],
  },
  {
    id: "3",
    name: "O'Neil's Mountain Lodge",
    description: "Wooden lodge for hikers. The restaurant serves soup and fresh bread.",
    category: "Boutique",
    tags: ["view", "wifi"],
    rating: null,
    parking: true,
    opened: new Date("2021-11-30T12:00:00Z"),
    address: { city: "Oslo" },
    rooms: [],
    embedding: [0, 0.9, 0.1, 0],
  },
];

describe("the official client of Azure AI Search", () => {
  let service: SearchService;
  let indexes: SearchIndexClient;
  let hotels: SearchClient<Hotel>;
  before(async () => {
    service = await startSearchService(topicEmbedder());
    const credential = new AzureKeyCredential(ADMIN_KEY);
    const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
    indexes = new SearchIndexClient(service.url, credential, options);
    await indexes.createSynonymMap({ name: "words", synonyms: ["cheap, budget", "posh => luxury"] });
    await indexes.createIndex(DEFINITION);
    hotels = new SearchClient<Hotel>(service.url, "hotels", credential, options);
    const { results } = await hotels.uploadDocuments(HOTELS);
    assert.deepEqual(
      results.map(({ succeeded, statusCode }) => [succeeded, statusCode]),
      [
        [true, 201],
        [true, 201],
        [true, 201],
      ],
    );
  });
  after(() => service.close());

  type Options = Parameters<typeof hotels.search>[1];
  const ids = async (text: string, options: Options = {}): Promise<string[]> => {
    const found: string[] = [];
    for await (const { document } of (await hotels.search(text, options)).results) found.push((document as Hotel).id);
    return found;
  };
  const refused = async (work: Promise<unknown>, status: number, message: RegExp): Promise<void> => {
    await assert.rejects(work, (thrown: { statusCode?: number; message: string }) => {
      assert.equal(thrown.statusCode, status);
      assert.match(thrown.message, message);
      return true;
    });
  };

  it("reads back the definition, lists, changes and counts", async () => {
    const index = await indexes.getIndex("hotels");
    assert.equal(index.fields.length, DEFINITION.fields.length);
    assert.deepEqual(index.scoringProfiles?.[0]?.textWeights, DEFINITION.scoringProfiles?.[0]?.textWeights);
    assert.equal(index.vectorSearch?.profiles?.[0]?.algorithmConfigurationName, "hnsw");
    const names: string[] = [];
    for await (const name of indexes.listIndexesNames()) names.push(name);
    assert.deepEqual(names, ["hotels"]);
    await indexes.createOrUpdateIndex({
      ...index,
      fields: [...index.fields, { name: "stars", type: "Edm.Int32", filterable: true }],
    });
    assert.equal((await indexes.getIndex("hotels")).fields.length, DEFINITION.fields.length + 1);
    assert.deepEqual(await ids("stars", { filter: "stars eq null" }), []);
    assert.equal(await hotels.getDocumentsCount(), 3);
    const statistics = await indexes.getIndexStatistics("hotels");
    assert.equal(statistics.documentCount, 3);
    assert.ok(statistics.storageSize > 0);
    assert.equal((await indexes.getServiceStatistics()).counters.documentCounter.usage, 3);
    await refused(indexes.createIndex(DEFINITION), 409, /already exists/);
    await refused(indexes.getIndex("none"), 404, /none/);
    const changed = DEFINITION.fields.filter(({ name }) => name !== "opened");
    await refused(indexes.createOrUpdateIndex({ ...DEFINITION, fields: changed }), 400, /'opened' cannot be deleted/);
    const { tokens } = await indexes.analyzeText("hotels", { text: "The dogs", analyzerName: "en.lucene" });
    assert.deepEqual(
      tokens.map(({ token, startOffset }) => [token, startOffset]),
      [["dog", 4]],
    );
  });

  it("simple syntax: words, phrases, prefixes, +, - and |", async () => {
    assert.deepEqual(await ids("harbour"), ["1", "2"]);
    assert.deepEqual(await ids("dog"), ["1"]);
    assert.deepEqual(await ids('"fresh bread"'), ["3"]);
    assert.deepEqual(await ids('"bread fresh"'), []);
    assert.deepEqual(await ids("mount*"), ["3"]);
    assert.deepEqual(await ids("harbour + luxury"), ["1"]);
    assert.deepEqual(await ids("harbour luxury", { searchMode: "all" }), ["1"]);
    assert.deepEqual(await ids("harbour -luxury", { searchMode: "all" }), ["2"]);
    assert.deepEqual((await ids("soup | station")).toSorted(), ["2", "3"]);
    assert.deepEqual(await ids("harbour", { searchFields: ["name"] }), ["1"]);
    assert.deepEqual((await ids("*")).toSorted(), ["1", "2", "3"]);
    assert.deepEqual(await ids("cheap", { searchFields: ["category"] }), ["2"], "by the synonym map");
    assert.deepEqual(await ids("posh"), ["1"]);
    for (const odd of ['"', "((", "a + | b", "\\", "-", "+"]) await ids(odd);
  });

  it("full Lucene syntax: fields, fuzzy, slop, wildcards, regular expressions, boosts", async () => {
    const full = (text: string) => ids(text, { queryType: "full" });
    assert.deepEqual(await full("name:harbour"), ["1"]);
    assert.deepEqual(await full("address/city:oslo AND NOT category:luxury"), ["3"]);
    assert.deepEqual(await full("harbuor~1"), ["1", "2"]);
    assert.deepEqual(await full('"quiet hotel"~1'), ["1"]);
    assert.deepEqual(await full('"quiet hotel"'), []);
    assert.deepEqual(await full("h?rbour"), ["1", "2"]);
    assert.deepEqual(await full("/l[ou]dge/"), ["3"]);
    assert.deepEqual(await full("category:(budget^5 OR luxury)"), ["2", "1"]);
    assert.deepEqual(await full("category:(budget OR luxury^5)"), ["1", "2"]);
    assert.deepEqual(await full("+harbour -luxury"), ["2"]);
    await refused(full('name:"open'), 400, /column 6: the phrase has no closing quote/);
    await refused(full("rating:[1 TO 5]"), 400, /ranges/);
    await refused(full("/(a+)+b/"), 400, /not supported/);
  });

  it("OData filters", async () => {
    const filter = async (text: string): Promise<string[]> => (await ids("*", { filter: text })).toSorted();
    assert.deepEqual(await filter("rating ge 4"), ["1"]);
    assert.deepEqual(await filter("rating eq null"), ["3"]);
    assert.deepEqual(await filter("not (rating eq null) and parking"), ["1"]);
    assert.deepEqual(await filter("category ne 'Luxury' and (parking eq true or rating lt 4)"), ["2", "3"]);
    assert.deepEqual(await filter("tags/any(t: t eq 'view')"), ["1", "3"]);
    assert.deepEqual(await filter("tags/all(t: t ne 'wifi')"), ["1"]);
    assert.deepEqual(await filter("tags/any(t: search.in(t, 'pool, wifi'))"), ["1", "2", "3"]);
    assert.deepEqual(await filter("search.in(category, 'Luxury|Budget', '|')"), ["1", "2"]);
    assert.deepEqual(await filter("not rooms/any()"), ["3"]);
    assert.deepEqual(await filter("rooms/any(r: r/price lt 200 and r/kind eq 'double')"), ["1"]);
    assert.deepEqual(await filter("address/city eq 'Oslo' and address/zip eq null"), ["3"]);
    assert.deepEqual(await filter("opened gt 2019-01-01T00:00:00Z"), ["1", "3"]);
    assert.deepEqual(await filter(odata`name eq ${"O'Neil's Mountain Lodge"}`), ["3"]);
    assert.deepEqual(await filter("search.ismatch('soup')"), ["3"]);
    assert.deepEqual(await filter("search.ismatchscoring('harbour', 'name') or rating eq 3"), ["1", "2"]);
    await refused(filter("rating ge"), 400, /position 10/);
    await refused(filter("colour eq 'red'"), 400, /'colour'.*position 1/);
    await refused(filter("rating eq 'high'"), 400, /Edm\.Double/);
    await refused(filter("tags eq 'x'"), 400, /any\(\)/);
    await refused(filter("description eq 'x' and embedding eq null"), 400, /not filterable/);
    await refused(filter("geo.distance(place, geography'POINT(1 2)') lt 5"), 400, /geo\.distance is not supported/);
    await refused(filter("name eq 'open"), 400, /position 9/);
  });

  it("order, select, count, facets, highlights", async () => {
    assert.deepEqual(await ids("*", { orderBy: ["rating desc"] }), ["1", "2", "3"]);
    assert.deepEqual(await ids("*", { orderBy: ["address/city asc", "opened desc"] }), ["2", "3", "1"]);
    const found = await hotels.search("harbour", {
      includeTotalCount: true,
      select: ["id", "address/city", "rooms/kind"],
      facets: ["category", "rating,values:3.5|4", "opened,interval:year", "tags,count:1,sort:value", "address/city"],
      highlightFields: "description-1",
      highlightPreTag: "<b>",
      highlightPostTag: "</b>",
      top: 1,
      minimumCoverage: 80,
    });
    assert.equal(found.count, 2);
    assert.equal(found.coverage, 100);
    assert.deepEqual(
      found.facets?.["category"]?.map(({ value, count }) => [value, count]),
      [
        ["Budget", 1],
        ["Luxury", 1],
      ],
    );
    assert.deepEqual(
      found.facets?.["rating"]?.map(({ from, to, count }) => [from, to, count]),
      [
        [undefined, 3.5, 1],
        [3.5, 4, 0],
        [4, undefined, 1],
      ],
    );
    assert.equal(found.facets?.["tags"]?.length, 1);
    assert.equal(found.facets?.["opened"]?.length, 2);
    const all = [];
    for await (const one of found.results) all.push(one);
    assert.equal(all.length, 1);
    const { id, address, rooms, ...others } = all[0]!.document as Hotel;
    assert.deepEqual(
      { id, address, rooms },
      { id: "1", address: { city: "Oslo" }, rooms: [{ kind: "suite" }, { kind: "double" }] },
    );
    assert.deepEqual(
      Object.keys(others).filter((name) => !name.startsWith("@search.")),
      [],
    );
    assert.deepEqual(all[0]?.highlights?.["description"], ["A quiet luxury hotel at the <b>harbour</b>."]);
    await refused(hotels.search("*", { facets: ["description,colour:1"] }), 400, /facet/);
    await refused(hotels.search("*", { orderBy: ["tags asc"] }), 400, /not sortable/);
    await refused(hotels.search("*", { select: ["nothing" as "id"] }), 400, /'nothing'/);
  });

  it("scoring profiles", async () => {
    assert.deepEqual(await ids("palace station", { scoringProfile: "by-name" }), ["1", "2"]);
    assert.deepEqual(await ids("rooms harbour hotel oslo bergen", { scoringProfile: "by-rating", top: 1 }), ["1"]);
    await refused(hotels.search("x", { scoringProfile: "none" }), 400, /'none'/);
  });

  it("vectors, hybrid and text to vector", async () => {
    const near = (options: object) =>
      ({
        vectorSearchOptions: {
          queries: [{ kind: "vector", fields: ["embedding"], kNearestNeighborsCount: 2, ...options }],
        },
      }) as unknown as Options;
    assert.deepEqual(await ids("*", near({ vector: [0, 1, 0, 0] })), ["2", "3"]);
    const pure = await hotels.search("*", near({ vector: [0, 2, 0, 0] }));
    for await (const { score } of pure.results) {
      assert.equal(score, 1);
      break;
    }
    assert.deepEqual(await ids("*", { ...near({ vector: [0, 1, 0, 0] }), filter: "category eq 'Luxury'" }), ["1"]);
    const hybrid = await hotels.search("soup", near({ vector: [0, 0.8, 0.2, 0] }));
    const scores: [string, number][] = [];
    for await (const { document, score } of hybrid.results) scores.push([document.id, score]);
    assert.equal(scores[0]?.[0], "3");
    assert.ok(Math.abs(scores[0]![1] - 2 / 61) < 1e-9, "first in both lists of the fusion");
    assert.deepEqual(
      await ids("*", {
        vectorSearchOptions: {
          queries: [{ kind: "text", text: "bread", fields: ["embedding"], kNearestNeighborsCount: 1 }],
        },
      }),
      ["2"],
    );
    await refused(hotels.search("*", near({ vector: [1, 2] })), 400, /4 dimensions/);
  });

  it("semantic ranking with captions and answers", async () => {
    const found = await hotels.search("are dogs welcome", {
      queryType: "semantic",
      semanticSearchOptions: {
        configurationName: "default",
        captions: { captionType: "extractive", highlight: true },
        answers: { answerType: "extractive", count: 1, threshold: 0.5 },
      },
    });
    assert.equal(found.answers?.[0]?.key, "1");
    assert.match(found.answers?.[0]?.text ?? "", /Dogs are welcome/);
    for await (const one of found.results) {
      assert.equal(one.document.id, "1");
      assert.ok((one.rerankerScore ?? 0) > 0 && (one.rerankerScore ?? 0) <= 4);
      assert.match(one.captions?.[0]?.highlights ?? "", /<em>Dogs<\/em>/);
      break;
    }
    await refused(
      hotels.search("x", { queryType: "semantic", semanticSearchOptions: { configurationName: "other" } }),
      400,
      /'other'/,
    );
  });

  it("suggestions and completions", async () => {
    const { results } = await hotels.suggest("moun", "sg", {
      select: ["id"],
      highlightPreTag: "[",
      highlightPostTag: "]",
    });
    assert.deepEqual(
      results.map(({ text, document }) => [text, document.id]),
      [["O'Neil's [Moun]tain Lodge", "3"]],
    );
    assert.equal((await hotels.suggest("mouxt", "sg", { useFuzzyMatching: true })).results[0]?.document.id, "3");
    const complete = await hotels.autocomplete("os", "sg");
    assert.deepEqual(
      complete.results.map(({ text }) => text),
      ["oslo"],
    );
    const context = await hotels.autocomplete("mountain lo", "sg", { autocompleteMode: "oneTermWithContext" });
    assert.deepEqual(
      context.results.map(({ text, queryPlusText }) => [text, queryPlusText]),
      [["mountain lodge", "mountain lodge"]],
    );
    await refused(hotels.suggest("x", "nope"), 400, /'nope'/);
  });

  it("batches: per-item results, merging, deleting, reading one", async () => {
    const { results } = await hotels.mergeDocuments(
      [
        { id: "2", rating: 3.5 },
        { id: "77", rating: 1 },
      ],
      { throwOnAnyFailure: false },
    );
    assert.deepEqual(
      results.map(({ key, succeeded, statusCode }) => [key, succeeded, statusCode]),
      [
        ["2", true, 200],
        ["77", false, 404],
      ],
    );
    const two = await hotels.getDocument("2");
    assert.equal(two.rating, 3.5);
    assert.equal(two.name, "Budget Inn");
    assert.deepEqual(Object.keys(await hotels.getDocument("2", { selectedFields: ["id"] })), ["id"]);
    const wrong = await hotels.uploadDocuments([{ id: "bad key!" }, { id: "8", rating: "high" as unknown as number }], {
      throwOnAnyFailure: false,
    });
    assert.deepEqual(
      wrong.results.map(({ statusCode }) => statusCode),
      [400, 400],
    );
    assert.match(wrong.results[1]?.errorMessage ?? "", /'rating'/);
    await hotels.mergeOrUploadDocuments([{ id: "9", name: "Temporary" }]);
    assert.equal(await hotels.getDocumentsCount(), 4);
    await hotels.deleteDocuments("id", ["9", "never"]);
    assert.equal(await hotels.getDocumentsCount(), 3);
    await refused(hotels.getDocument("9"), 404, /'9'/);
  });

  it("a buffered sender, and paging through more than a page", async () => {
    await indexes.createIndex({
      name: "many",
      fields: [
        { name: "id", type: "Edm.String", key: true },
        { name: "n", type: "Edm.Int32", sortable: true, filterable: true },
      ],
    });
    const many = indexes.getSearchClient<{ id: string; n: number }>("many");
    const sender = new SearchIndexingBufferedSender(many, ({ id }) => id, {
      autoFlush: false,
      initialBatchActionCount: 100,
    });
    await sender.uploadDocuments(Array.from({ length: 230 }, (_, n) => ({ id: `d${n}`, n })));
    await sender.flush();
    await sender.dispose();
    const seen: number[] = [];
    for await (const { document } of (await many.search("*", { orderBy: ["n asc"] })).results) seen.push(document.n);
    assert.deepEqual(
      seen,
      Array.from({ length: 230 }, (_, n) => n),
    );
    await indexes.createAlias({ name: "all-of-them", indexes: ["many"] });
    assert.equal(await indexes.getSearchClient("all-of-them").getDocumentsCount(), 230);
    await indexes.deleteAlias("all-of-them");
    await indexes.deleteIndex("many");
    await refused(many.getDocumentsCount(), 404, /many/);
  });

  it("a page by GET leads to the next by its link", async () => {
    const fields = [
      { name: "id", type: "Edm.String", key: true, sortable: true },
      { name: "big", type: "Edm.Int64" },
    ];
    await indexes.createIndex({ name: "paged", fields: fields as SearchIndex["fields"] });
    const paged = indexes.getSearchClient<{ id: string; big?: number }>("paged");
    const ids = Array.from({ length: 1120 }, (_, at) => `d${1000 + at}`);
    await paged.uploadDocuments(ids.map((id) => ({ id })));
    const { results } = await paged.uploadDocuments([{ id: "x", big: 2 ** 53 }], { throwOnAnyFailure: false });
    assert.match(results[0]?.errorMessage ?? "", /'big' is beyond 2\^53/);
    for (const [address, wanted, pages] of [
      ["?search=*&$orderby=id&%24select=id", 1120, 23],
      ["?search=*&$orderby=id&$top=1060&$skip=10", 1060, 2],
    ] as const) {
      const seen: string[] = [];
      let count = 0;
      let link: string | undefined = `${service.url}/indexes/paged/docs${address}`;
      for (; link; count++) {
        const answer = await fetch(link, { headers: { "api-key": ADMIN_KEY } });
        const page = (await answer.json()) as { value: { id: string }[]; "@odata.nextLink"?: string };
        assert.equal(answer.status, 200, JSON.stringify(page));
        seen.push(...page.value.map(({ id }) => id));
        link = page["@odata.nextLink"];
      }
      const from = address.includes("skip") ? 10 : 0;
      assert.deepEqual([seen, count], [ids.slice(from, from + wanted), pages]);
    }
    await indexes.deleteIndex("paged");
  });

  it("keys: the query key reads documents and no more, a wrong key nothing", async () => {
    const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
    const reader = new SearchClient<Hotel>(service.url, "hotels", new AzureKeyCredential(QUERY_KEY), options);
    assert.equal(await reader.getDocumentsCount(), 3);
    await refused(reader.uploadDocuments([{ id: "x" }]), 403, /query key/);
    const keeper = new SearchIndexClient(service.url, new AzureKeyCredential(QUERY_KEY), options);
    await refused(keeper.getIndex("hotels"), 403, /query key/);
    const stranger = new SearchClient<Hotel>(service.url, "hotels", new AzureKeyCredential("wrong"), options);
    await refused(stranger.getDocumentsCount(), 403, /api-key/);
  });

  it("hand-written callers: short paths and GET", async () => {
    const headers = { "api-key": ADMIN_KEY, "content-type": "application/json" };
    const call = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> =>
      (await (await fetch(`${service.url}${path}`, { headers, ...init })).json()) as Record<string, unknown>;
    const body = JSON.stringify({ search: "bread", select: "id", queryLanguage: "en-us", speller: "lexicon" });
    const posted = await call("/indexes/hotels/docs/search?api-version=2023-11-01", { method: "POST", body });
    assert.deepEqual(
      (posted["value"] as Hotel[]).map(({ id }) => id),
      ["3"],
    );
    const got = await call(
      "/indexes/hotels/docs?api-version=2024-07-01&search=harbour&$filter=rating%20gt%204&$count=true&$select=id",
    );
    assert.equal(got["@odata.count"], 1);
    const failure = await call("/indexes/hotels/docs?search=x&$top=-1");
    assert.match((failure["error"] as { message: string }).message, /top/);
    assert.match(((await call("/indexers"))["error"] as { message: string }).message, /indexers are not supported/);
    const status = async (path: string, given: unknown, rest: RequestInit = {}): Promise<[number, string]> => {
      const init = { method: "POST", headers, body: JSON.stringify(given), ...rest };
      const answer = await fetch(`${service.url}${path}`, init);
      return [answer.status, await answer.text()];
    };
    const batch = "/indexes/hotels/docs/index";
    assert.equal((await status(batch, { value: [{ "@search.action": "merge", id: "none" }] }))[0], 207);
    const [unknown, words] = await status(batch, { value: [{ "@search.action": "replace", id: "1" }] });
    assert.deepEqual([unknown, /'@search\.action' must be one of/.test(words)], [400, true]);
    const many = Array.from({ length: 32_001 }, () => ({ "@search.action": "delete", id: "none" }));
    assert.equal((await status(batch, { value: many }))[0], 413);
    const small = { fields: [{ name: "id", type: "Edm.String", key: true }] };
    const put = (condition: Record<string, string>) =>
      status("/indexes/hotels", small, { method: "PUT", headers: { ...headers, ...condition } });
    assert.equal((await put({ "if-none-match": "*" }))[0], 412);
    assert.equal((await put({ "if-match": '"0xOTHER"' }))[0], 412);
    // An empty body that is said to be JSON, as headers that are the same for all calls make it.
    assert.equal((await status("/aliases/none", undefined, { method: "DELETE", body: "" }))[0], 404);
    await indexes.createAlias({ name: "inns", indexes: ["hotels"] });
    assert.equal(
      await new SearchClient<Hotel>(service.url, "inns", new AzureKeyCredential(ADMIN_KEY), {
        allowInsecureConnection: true,
      }).getDocumentsCount(),
      3,
    );
  });
});
