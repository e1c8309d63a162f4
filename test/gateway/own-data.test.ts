// "On Your Data", asked for by the official client of OpenAI: an index of documents and the chat's index of passages.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { ownDataFinder } from "../../src/gateway/own-data-source.ts";
import { ownDataModel } from "../../src/gateway/own-data.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "../../src/model/chat-model.ts";
import { openCatalog } from "../../src/search/document/catalog.ts";
import { documentProvider, openSearch } from "../../src/search/provider/index.ts";
import { passage } from "../index-suite.ts";

const KEY = "a-key-of-the-search-service";

describe("on your data", () => {
  const asked: ChatRequest[] = [];
  const inner: ChatModel = {
    id: "scripted",
    async *chat(request) {
      asked.push(request);
      const head = { id: "c", created: 1, model: "m" };
      yield {
        ...head,
        choices: [{ index: 0, delta: { role: "assistant", content: "Twenty-five " }, finish_reason: null }],
      };
      yield { ...head, choices: [{ index: 0, delta: { content: "days [doc1]" }, finish_reason: "stop" }] };
    },
    probe: async () => undefined,
    close: async () => undefined,
  };
  let folder: string;
  let model: ChatModel;
  let end: () => Promise<void>;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-own-"));
    const catalog = openCatalog(documentProvider({ folder: path.join(folder, "documents") }), undefined);
    const search = openSearch({ folder: path.join(folder, "index"), log: SILENT });
    const index = await search.create("handbook");
    await index.upsert([
      passage("leave", 0, "Employees have 25 days of vacation.", { title: 'The "leave" page', page: 3 }),
    ]);
    await catalog.put(
      {
        name: "rules",
        fields: [
          { name: "id", type: "Edm.String", key: true },
          { name: "content", type: "Edm.String", analyzer: "en.microsoft" },
          { name: "title", type: "Edm.String" },
          { name: "group", type: "Edm.String", filterable: true },
        ],
      },
      {},
    );
    const documents = await catalog.open("rules");
    await documents.write([
      { action: "upload", document: { id: "1", title: "Rules A", content: "Vacation is 25 days.", group: "a" } },
      { action: "upload", document: { id: "2", title: "Rules B", content: "Vacation is 30 days.", group: "b" } },
    ]);
    const find = ownDataFinder({ catalog: () => catalog, passages: async () => index, accepts: (key) => key === KEY });
    model = ownDataModel(inner, find);
    end = async () => {
      await index.close();
      await catalog.close();
      await rm(folder, { recursive: true, force: true });
    };
  });
  after(() => end());

  const chat = async (parameters: object, messages?: ChatRequest["messages"]): Promise<ChatChunk[]> => {
    const chunks: ChatChunk[] = [];
    const request: ChatRequest = {
      messages: messages ?? [{ role: "user", content: "How many vacation days do employees have?" }],
      stream: true,
      parameters: { temperature: 0, data_sources: [{ type: "azure_search", parameters }] },
    };
    for await (const chunk of model.chat(request, new AbortController().signal)) chunks.push(chunk);
    return chunks;
  };
  interface Found {
    citations: Record<string, unknown>[];
    intent: string;
  }
  const contextOf = ([chunk]: ChatChunk[]): Found => {
    const delta = (chunk?.choices[0]?.delta ?? assert.fail()) as unknown as { context: Found };
    return delta.context;
  };

  it("answers from passages, with citations first", async () => {
    const chunks = await chat({
      endpoint: "http://elsewhere.example",
      index_name: "handbook",
      role_information: "Be brief.",
    });
    const { citations, intent } = contextOf(chunks);
    assert.equal(citations.length, 1);
    assert.equal(citations[0]?.["content"], "Employees have 25 days of vacation.");
    assert.equal(citations[0]?.["filepath"], 'The "leave" page#page=3');
    assert.deepEqual(JSON.parse(intent), ["How many vacation days do employees have?"]);
    assert.equal(chunks.map(({ choices }) => choices[0]?.delta?.content).join(""), "Twenty-five days [doc1]");
    const sent = asked.at(-1)!;
    assert.deepEqual(sent.parameters, { temperature: 0 }, "the data source is not for the model");
    assert.match(
      String(sent.messages[0]?.content),
      /^Be brief\.[\s\S]*<document id="doc1" title="The &quot;leave&quot; page">/,
    );
    assert.equal(sent.messages.at(-1)?.role, "user");
  });

  it("answers from documents with a filter", async () => {
    const { citations } = contextOf(await chat({ index_name: "rules", filter: "group eq 'b'", top_n_documents: 3 }));
    assert.deepEqual(
      citations.map(({ title, chunk_id: id }) => [title, id]),
      [["Rules B", "2"]],
    );
  });

  it("a short question is looked up with the one before it", async () => {
    const messages: ChatRequest["messages"] = [
      { role: "user", content: "How many days of vacation?" },
      { role: "assistant", content: "25" },
      { role: "user", content: "For everybody?" },
    ];
    assert.equal(contextOf(await chat({ index_name: "handbook" }, messages)).citations.length, 1);
  });

  it("says so without asking the model when nothing is found and nothing else may be used", async () => {
    const before = asked.length;
    const messages: ChatRequest["messages"] = [{ role: "user", content: "zeppelin quarterback" }];
    const chunks = await chat({ index_name: "handbook" }, messages);
    assert.match(String(chunks[0]?.choices[0]?.delta?.content), /not available in the retrieved data/);
    assert.equal(asked.length, before);
    await chat({ index_name: "handbook", in_scope: false }, messages);
    assert.equal(asked.length, before + 1);
  });

  it("refuses what it does not do by name, and a wrong key", async () => {
    await assert.rejects(
      chat({ index_name: "handbook", authentication: { type: "api_key", key: "wrong" } }),
      /no key of this search service/,
    );
    await chat({ index_name: "handbook", authentication: { type: "api_key", key: KEY } });
    await assert.rejects(chat({}), /parameters\.index_name/);
    const request = {
      messages: [],
      stream: false,
      parameters: { data_sources: [{ type: "mongo_db", parameters: {} }] },
    };
    await assert.rejects(async () => {
      for await (const _ of model.chat(request, new AbortController().signal));
    }, /"mongo_db" is not supported/);
  });
});
