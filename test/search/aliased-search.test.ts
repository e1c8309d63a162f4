// An index is built anew beside itself: every query is answered by the old one or by the new one, and by no mix of them.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import type { Embedder } from "../../src/model/embedder.ts";
import { type AliasedSearch, aliasedSearch } from "../../src/search/aliased-search.ts";
import { openCollection } from "../../src/search/ingest/collection.ts";
import { rebuildCollection } from "../../src/search/ingest/rebuild.ts";
import type { IngestReport } from "../../src/search/ingest/report.ts";
import { openSearch } from "../../src/search/provider/index.ts";
import type { SearchIndex } from "../../src/search/search-index.ts";
import { wrappedIndex, wrappedSearch } from "../../src/search/wrapped-index.ts";
import { topicEmbedder } from "../index-suite.ts";

// Few enough for one thread, and more passages than one batch takes.
const FILES = 14;
const SECTIONS = 30;
const NAME = "docs";

describe("an index that is built anew", () => {
  let home: string;
  let docs: string;
  /** As each process opens them. */
  const openHere = (embedder?: Embedder): AliasedSearch => {
    const folder = path.join(home, "index");
    return aliasedSearch(openSearch({ folder, embedder, log: SILENT }));
  };
  const collect = (search: AliasedSearch, index: SearchIndex) =>
    openCollection({ index, folder: () => search.folderOf(NAME), log: SILENT });
  const rebuild = async (
    search: AliasedSearch,
    how: { signal?: AbortSignal; onProgress?: () => void } = {},
  ): Promise<IngestReport[]> => {
    const next = await search.rebuild(NAME);
    try {
      return await rebuildCollection(next, { folder: () => search.folderOf(NAME), log: SILENT, ...how });
    } finally {
      await next.close();
    }
  };
  const write = async (edition: string): Promise<void> => {
    for (let n = 0; n < FILES; n++) {
      const sections = Array.from({ length: SECTIONS }, (_, at) => `## Bread ${at}\n\nThe ${edition} edition.`);
      await writeFile(path.join(docs, `${n}.md`), sections.join("\n\n"));
    }
  };
  const editions = async (index: SearchIndex): Promise<string[]> => {
    const { hits } = await index.query({ text: "edition", mode: "text", top: 2 * FILES * SECTIONS });
    assert.equal(hits.length, FILES * SECTIONS);
    return [...new Set(hits.map(({ passage }) => /The (\w+)/.exec(passage.text)![1]!))];
  };

  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), "flowstead-alias-"));
    docs = path.join(home, "docs");
    await mkdir(docs);
    await write("walrus");
  });
  after(() => rm(home, { recursive: true, force: true }));

  it("answers as it was until the new one is whole, in every process; what is cut short is gone on with", async () => {
    const [search, reading] = [openHere(), openHere()];
    const index = await search.openOrCreate(NAME);
    const collection = collect(search, index);
    await collection.addFolder(docs);
    const reader = await reading.open(NAME);
    assert.deepEqual(await editions(reader), ["walrus"]);
    await write("penguin");

    const cut = new AbortController();
    let seen = 0;
    const onProgress = (): void => {
      seen += 1;
      if (seen === FILES - 2) cut.abort();
    };
    await assert.rejects(rebuild(search, { signal: cut.signal, onProgress }), { code: "Canceled" });
    assert.deepEqual(await editions(reader), ["walrus"]);
    assert.deepEqual(
      (await reading.list()).map(({ name }) => name),
      [NAME],
    );

    const asked: string[][] = [];
    let isBuilding = true;
    const asking = (async () => {
      while (isBuilding) {
        asked.push(await editions(reader));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    let wasLocked = false;
    const during = async (): Promise<void> => {
      await collection.addFolder(docs).catch((thrown: { code: string }) => (wasLocked = thrown.code === "StateLocked"));
    };
    let pending: Promise<void> | undefined;
    const reports = await rebuild(search, { onProgress: () => (pending ??= during()) });
    isBuilding = false;
    await Promise.all([asking, pending]);
    assert.ok(
      asked.every((one) => one.length === 1),
      "a mix was answered",
    );
    assert.ok(wasLocked, "what is written to the old one would be lost");
    assert.ok(reports[0]!.added > 0 && reports[0]!.added + reports[0]!.unchanged === FILES);
    for (const one of [reader, index]) assert.deepEqual(await editions(one), ["penguin"]);

    // The one before is gone with the rebuild that replaced it.
    assert.deepEqual((await readdir(path.join(home, "index"))).sort(), [`${NAME}-build2`, `${NAME}.alias.json`]);

    await writeFile(path.join(docs, "new.md"), "# New\n\nA pelican.");
    const report = await collection.addFolder(docs);
    assert.deepEqual([report.added, report.unchanged], [1, FILES]);
    assert.equal((await reader.query({ text: "pelican", mode: "text", top: 5 })).hits.length, 1);
    await rm(path.join(docs, "new.md"));
    assert.deepEqual(
      (await search.list()).map(({ name }) => name),
      [NAME],
    );
    await assert.rejects(search.create(NAME), { code: "IndexExists" });
    await reader.close();
    await index.close();
  });

  it("a query that is under way in the one before when that goes away is answered by the new one", async () => {
    const folder = path.join(home, "index");
    const bare = openSearch({ folder, log: SILENT });
    let arrived!: () => void;
    let goOn!: () => void;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
    const slow = wrappedSearch(bare, (index) =>
      wrappedIndex(index, {
        async query(query, signal) {
          arrived();
          await mayGoOn;
          return index.query(query, signal);
        },
      }),
    );
    const reader = await aliasedSearch(slow).open(NAME);
    const answer = editions(reader);
    await hasArrived;
    await write("ostrich");
    await rebuild(openHere());
    assert.equal((await readdir(folder)).filter((entry) => !entry.endsWith(".json")).length, 1);
    goOn();
    assert.deepEqual(await answer, ["ostrich"]);
    await reader.close();
  });

  it("what a killed rebuild left behind is removed by whoever opens the index a minute later", async () => {
    const search = openHere();
    const next = await search.rebuild(NAME);
    await rebuildCollection(next, { folder: () => search.folderOf(NAME), log: SILENT });
    // Killed before the old one was removed.
    await next.index.close();
    const folders = async (): Promise<string[]> =>
      (await readdir(path.join(home, "index"))).filter((entry) => !entry.endsWith(".json"));
    assert.equal((await folders()).length, 2);
    await (await openHere().open(NAME)).close();
    assert.equal((await folders()).length, 2, "queries of other processes may be under way");
    const file = path.join(home, "index", `${NAME}.alias.json`);
    const state = JSON.parse(await readFile(file, "utf8")) as { since: string; current: string };
    await writeFile(file, JSON.stringify({ ...state, since: new Date(Date.now() - 61_000).toISOString() }));
    const index = await openHere().open(NAME);
    assert.deepEqual(await folders(), [state.current]);
    assert.deepEqual(await editions(index), ["ostrich"]);
    await index.close();
  });

  it("is made of one whose files are broken, which is told by the name that people know", async () => {
    const search = openHere();
    const broken = path.join(await search.folderOf(NAME), "index.json");
    await writeFile(broken, "{");
    await assert.rejects(search.open(NAME), {
      code: "IndexDamaged",
      message: new RegExp(`flowstead index rebuild --index ${NAME}\`.*remove --all --index ${NAME}\``),
    });
    assert.deepEqual(
      (await search.list()).map(({ name }) => name),
      [NAME],
    );
    await rebuild(search);
    const index = await search.open(NAME);
    assert.deepEqual(await editions(index), ["ostrich"]);
    await index.close();
  });

  it("may be of another embedder than the one before, which could not be opened with it", async () => {
    const search = openHere(topicEmbedder());
    await assert.rejects(async () =>
      (await search.open(NAME))
        .query({ text: "x", mode: "hybrid", top: 1 })
        .then(({ degraded }) => assert.deepEqual(degraded, [])),
    );
    await rebuild(search);
    const index = await search.open(NAME);
    const { hits, degraded } = await index.query({ text: "soup", mode: "vector", top: 3 });
    assert.deepEqual([hits.length, degraded], [3, []]);
    await index.close();
  });

  it("stays as it is when a source is gone or nothing was added, and goes away with all that stood behind it", async () => {
    const search = openHere(topicEmbedder());
    await rm(docs, { recursive: true });
    await assert.rejects(rebuild(search), { code: "DocumentNotFound" });
    const index = await search.open(NAME);
    assert.equal((await index.statistics()).documents, FILES);
    await index.close();
    assert.equal(await search.remove(NAME), true);
    assert.deepEqual(await readdir(path.join(home, "index")), []);
    await assert.rejects(search.open(NAME), { code: "IndexNotFound" });
  });
});
