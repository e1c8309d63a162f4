// An index of a provider that several machines share is built anew by one of them: the others see it, whatever state folder they have.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { it } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import { aliasedSearch } from "../../../src/search/aliased-search.ts";
import { openCollection } from "../../../src/search/ingest/collection.ts";
import { rebuildCollection } from "../../../src/search/ingest/rebuild.ts";
import { openSearch, type ProviderSettings } from "../../../src/search/provider/index.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { passage, topicEmbedder } from "../../index-suite.ts";

const NAME = "shared-docs";

export function providerRebuildTest(settings: () => ProviderSettings): void {
  it("an index that one machine builds anew is the one of every machine, and nothing is lost with it", async (context) => {
    const home = await mkdtemp(path.join(tmpdir(), "flowstead-shared-"));
    context.after(() => rm(home, { recursive: true, force: true }));
    const machine = (name: string, embedder = topicEmbedder()) => {
      const search = aliasedSearch(
        openSearch({ folder: path.join(home, name), server: settings(), embedder, log: SILENT }),
      );
      context.after(() => search.close());
      const collection = (index: SearchIndex) =>
        openCollection({ index, folder: () => search.folderOf(NAME), log: SILENT });
      return { search, collection };
    };
    const docs = path.join(home, "docs");
    await mkdir(docs);
    await writeFile(path.join(docs, "bread.md"), "# Bread\n\nThe walrus edition.");
    const one = machine("one");
    const index = await one.search.create(NAME);
    await one.collection(index).addFolder(docs);
    const other = machine("other");
    const elsewhere = await other.search.open(NAME);
    const found = async (text: string): Promise<number> =>
      (await elsewhere.query({ text, mode: "text", top: 5 })).hits.length;
    assert.equal(await found("walrus"), 1);

    await writeFile(path.join(docs, "bread.md"), "# Bread\n\nThe penguin edition.");
    const built = async (onProgress = (): void => undefined): Promise<void> => {
      const next = await one.search.rebuild(NAME);
      try {
        await rebuildCollection(next, { folder: () => one.search.folderOf(NAME), log: SILENT, onProgress });
      } finally {
        await next.close();
      }
    };
    let during: Promise<void> | undefined;
    await built(() => {
      during ??= assert.rejects(elsewhere.upsert([passage("late", 0, "late")]), {
        code: "StateLocked",
        message: /is being built anew/,
      });
    });
    await during;
    // A service shows what was written within a second or two.
    for (const end = Date.now() + 20_000; (await found("penguin")) === 0;) assert.ok(Date.now() < end);
    assert.equal(await found("walrus"), 0);
    const names = async (search: { list(): Promise<{ name: string }[]> }): Promise<string[]> =>
      (await search.list()).map(({ name }) => name).filter((name) => name.startsWith(NAME));
    assert.deepEqual(await names(other.search), [NAME]);
    const bare = openSearch({ folder: path.join(home, "bare"), server: settings(), log: SILENT });
    assert.deepEqual(await names(bare), [`${NAME}-build2`], "the one before is gone");
    await bare.close();

    await elsewhere.upsert([passage("own", 0, "an otter of the other machine")]);
    await assert.rejects(built(), {
      code: "DocumentUnreadable",
      message: /has 2 documents, and 1 of them were added on this machine/,
    });
    assert.equal(await found("otter"), 1);
    await index.close();
    await elsewhere.close();
    assert.equal(await other.search.remove(NAME), true);
    await assert.rejects(one.search.open(NAME), { code: "IndexNotFound" });
    assert.deepEqual(await names(one.search), []);
  });
}
