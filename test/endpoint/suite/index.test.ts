// The promises of `SearchIndex`, kept over the socket that flow instances use.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../../../src/search/provider/index.ts";
import type { SearchIndex, SearchQuery } from "../../../src/search/search-index.ts";
import { surroundings } from "../../../src/search/surroundings.ts";
import { visibleIndex } from "../../../src/search/visible-index.ts";
import { indexSuite, passage } from "../../index-suite.ts";
import { lend, only } from "./lend.ts";

indexSuite("over the resource socket", async ({ embedder }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "index-"));
  const options = { folder, name: "test", embedder, log: SILENT };
  let current = await createEmbeddedIndex(options);
  const all: SearchIndex[] = [current];
  const lent = await lend(only({ searchIndex: async () => current }), true);
  const open = async (): Promise<SearchIndex> => {
    current = await openEmbeddedIndex(options);
    all.push(current);
    return lent.resources.searchIndex("test");
  };
  return {
    index: await lent.resources.searchIndex("test"),
    another: open,
    reopen: async () => {
      await current.close();
      return open();
    },
    dispose: async () => {
      await lent.close();
      await Promise.all(all.map((index) => index.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
});

test("flows may read an index and not change it, and nobody gets in without the token", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "index-"));
  const index = await createEmbeddedIndex({ folder, name: "test", log: SILENT });
  const lent = await lend(only({ searchIndex: async () => index }));
  context.after(async () => {
    await lent.close();
    await index.close();
    await rm(folder, { recursive: true, force: true });
  });
  const remote = await lent.resources.searchIndex("test");
  await assert.rejects(remote.upsert([passage("a", 0, "text")]), { code: "Forbidden" });
  await assert.rejects(remote.deleteDocuments(["a"]), { code: "Forbidden" });
  await assert.rejects(remote.replaceDocuments(["a"], []), { code: "Forbidden" });
  const { remoteResources } = await import("../../../src/endpoint/resource/client.ts");
  const stranger = remoteResources({ socketPath: lent.address.socketPath, token: "wrong", url: "http://resources" });
  await assert.rejects(stranger.searchIndex("test"), { code: "Unauthorized" });
  await stranger.close();
});

test("a flow sees of an index what its reader may see, whatever it asks for", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "index-"));
  const index = await createEmbeddedIndex({ folder, name: "test", log: SILENT });
  const lent = await lend(only({ searchIndex: async () => visibleIndex(index, ["staff"]) }));
  context.after(async () => {
    await lent.close();
    await index.close();
    await rm(folder, { recursive: true, force: true });
  });
  await index.upsert([
    passage("open", 0, "The walrus picnic."),
    { ...passage("staff", 0, "The walrus rota."), groups: ["staff"] },
    { ...passage("board", 0, "The walrus merger."), groups: ["board"] },
  ]);
  const remote = await lent.resources.searchIndex("test");
  for (const readers of [undefined, ["board"], "all"] as const) {
    const query: SearchQuery = { text: "walrus merger", mode: "text", top: 10 };
    const { hits } = await remote.query(readers ? { ...query, readers } : query);
    assert.deepEqual(hits.map((hit) => hit.passage.id).sort(), ["open-0", "staff-0"]);
    const { documents, passages } = await remote.statistics(undefined, readers);
    assert.deepEqual([documents, passages], [2, 2]);
  }
  assert.equal(await remote.get("board-0"), undefined);
  assert.deepEqual(await remote.documentPassages("board"), []);
  assert.deepEqual(await surroundings(remote, "board-0", { count: 2 }), { before: [], after: [] });
});
