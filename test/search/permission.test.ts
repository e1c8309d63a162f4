// Who may see a document: by no way into the search service does anybody see one that is not for them.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { ownDataFinder } from "../../src/gateway/own-data-source.ts";
import { type DocumentCatalog, openCatalog } from "../../src/search/document/catalog.ts";
import { documentPassages } from "../../src/search/document/document-passages.ts";
import { documentProvider } from "../../src/search/provider/index.ts";
import { visibleIndex } from "../../src/search/visible-index.ts";
import { ADMIN_KEY, QUERY_KEY, type SearchService, startSearchService } from "./search-service.ts";

const DEFINITION = {
  name: "letters",
  permissionFilterOption: "enabled",
  fields: [
    { name: "id", type: "Edm.String", key: true },
    { name: "title", type: "Edm.String", searchable: true },
    { name: "kind", type: "Edm.String", filterable: true, facetable: true },
    { name: "people", type: "Collection(Edm.String)", filterable: true, permissionFilter: "userIds" },
    { name: "groups", type: "Collection(Edm.String)", filterable: true, permissionFilter: "groupIds" },
  ],
  suggesters: [{ name: "sg", searchMode: "analyzingInfixMatching", sourceFields: ["title"] }],
};
const LETTERS = [
  { id: "open", title: "Walrus picnic", kind: "note", people: [], groups: ["all"] },
  { id: "board", title: "Walrus merger", kind: "contract", people: [], groups: ["board"] },
  { id: "anna", title: "Walrus raise", kind: "letter", people: ["anna"], groups: [] },
];

describe("who may see a document", () => {
  let service: SearchService;
  let folder: string;
  let catalog: DocumentCatalog;
  before(async () => {
    service = await startSearchService(undefined, async (token) => {
      if (token === "token-of-anna") return { ids: ["anna"], groups: ["staff"] };
      if (token === "token-of-the-board") return { ids: ["berta"], groups: ["board"] };
      throw new FlowsteadError("Unauthorized", "The token is not valid.");
    });
    await call("PUT", "/indexes/letters", { body: DEFINITION, key: ADMIN_KEY });
    await call("POST", "/indexes/letters/docs/index", { body: { value: LETTERS }, key: ADMIN_KEY });
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-permission-"));
    catalog = openCatalog(documentProvider({ folder }), undefined);
    await catalog.put(DEFINITION, {});
    await (await catalog.open("letters")).write(LETTERS.map((document) => ({ action: "upload", document })));
  });
  after(async () => {
    await service.close();
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Call {
    body?: unknown;
    key?: string;
    headers?: Record<string, string>;
  }

  async function call(method: string, where: string, { body, key = QUERY_KEY, headers = {} }: Call = {}) {
    const response = await fetch(`${service.url}${where}`, {
      method,
      headers: { "api-key": key, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status: response.status, answer: (isJson ? JSON.parse(text) : text) as never };
  }

  const by = (token: string) => ({ headers: { "x-ms-query-source-authorization": `Bearer ${token}` } });
  const readers: [string, Call, string[]][] = [
    ["somebody with the query key", {}, ["open"]],
    ["somebody with the admin key", { key: ADMIN_KEY }, ["open"]],
    ["anna", by("token-of-anna"), ["anna", "open"]],
    ["a member of the board", by("token-of-the-board"), ["board", "open"]],
    [
      "the keeper who asks for all",
      { key: ADMIN_KEY, headers: { "x-ms-enable-elevated-read": "true" } },
      ["anna", "board", "open"],
    ],
  ];
  for (const [who, given, expected] of readers) {
    it(`${who} sees ${expected.join(", ")} and nothing else, by any way in`, async () => {
      const root = "/indexes/letters/docs";
      type Found = { value: { id: string; text?: string }[]; "@odata.count": number; "@search.facets": object };
      const search = async (body: object): Promise<Found> =>
        (await call("POST", `${root}/search`, { ...given, body })).answer;
      const ids = ({ value }: Found): string[] => value.map(({ id }) => id);
      const all = await search({ search: "walrus", orderby: "id", count: true, facets: ["kind"] });
      assert.deepEqual(ids(all), expected);
      assert.equal(all["@odata.count"], expected.length);
      const { kind } = all["@search.facets"] as { kind: { count: number }[] };
      assert.equal(
        kind.reduce((sum, { count }) => sum + count, 0),
        expected.length,
      );
      const forced = "groups/any(g: g eq 'board') or people/any() or true";
      assert.deepEqual(ids(await search({ search: "*", filter: forced, orderby: "id" })), expected);
      const suggest = { search: "wal", suggesterName: "sg", orderby: "id" };
      const suggested = await call("POST", `${root}/suggest`, { ...given, body: suggest });
      assert.deepEqual(ids(suggested.answer), expected);
      const complete = { search: "walrus m", suggesterName: "sg" };
      const completed: Found = (await call("POST", `${root}/autocomplete`, { ...given, body: complete })).answer;
      assert.equal(completed.value.length, expected.includes("board") ? 1 : 0);
      assert.equal(Number((await call("GET", `${root}/$count`, given)).answer), expected.length);
      for (const { id } of LETTERS) {
        const { status } = await call("GET", `${root}/${id}`, given);
        assert.equal(status, expected.includes(id) ? 200 : 404, id);
      }
    });
  }

  it("refuses a token that is not valid, and the query key's wish to see all", async () => {
    const body = { search: "*" };
    const asked = (given: Call) => call("POST", "/indexes/letters/docs/search", { ...given, body });
    assert.equal((await asked(by("forged"))).status, 401);
    assert.equal((await asked({ headers: { "x-ms-enable-elevated-read": "true" } })).status, 403);
  });

  it("holds for flows that look up, and for chat completions over an index", async () => {
    const index = documentPassages("letters", await catalog.open("letters"));
    const found = async (groups: string[]): Promise<string[]> => {
      const { hits } = await visibleIndex(index, groups).query({ text: "walrus", mode: "text", top: 5 });
      return hits.map(({ passage }) => passage.id).sort((a, b) => a.localeCompare(b));
    };
    assert.deepEqual(await found(["staff"]), ["open"]);
    assert.deepEqual(await found(["board"]), ["board", "open"]);
    assert.equal(await visibleIndex(index, ["staff"]).get("board"), undefined);
    assert.equal((await visibleIndex(index, ["board"]).get("board"))?.title, "Walrus merger");
    assert.equal((await visibleIndex(index, ["staff"]).statistics()).passages, 1);

    const titles = documentPassages("letters", await catalog.open("letters"), { content: "title" });
    const { hits } = await titles.query({ text: "when is the merger", mode: "text", top: 1, readers: "all" });
    assert.deepEqual(hits[0]?.highlights, [{ start: 7, end: 13 }]);
    assert.deepEqual(hits[0]?.caption, { text: "Walrus merger", start: 0, end: 13 });

    const passages = async (): Promise<never> => {
      throw new FlowsteadError("IndexNotFound", "none");
    };
    const find = ownDataFinder({ catalog: () => catalog, passages, accepts: () => true });
    const citations = await find("walrus", { index_name: "letters" } as never, {
      signal: new AbortController().signal,
    });
    assert.deepEqual(
      citations.map(({ chunk_id: id }) => id),
      ["open"],
    );
  });
});
