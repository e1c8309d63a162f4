// What stands behind a name changes while it is asked: between the reading of the name and the opening of what it names, too.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { type AliasedSearch, aliasedSearch } from "../../src/search/aliased-search.ts";
import { openSearch } from "../../src/search/provider/index.ts";
import type { SearchIndex } from "../../src/search/search-index.ts";
import { passage } from "../index-suite.ts";

const NAME = "docs";

describe("an index whose name comes to stand for another", () => {
  let folder: string;
  let builder: AliasedSearch;
  let reader: SearchIndex;
  /** What happens before the reader opens the one whose name it has read. */
  let beforeOpen: () => Promise<void>;
  let edition: number;

  const swap = async (): Promise<void> => {
    edition += 1;
    const next = await builder.rebuild(NAME);
    await next.index.upsert([passage(`edition${edition}`, 0, "walrus")]);
    await next.publish();
    await next.close();
  };
  const found = async (): Promise<string[]> => {
    const { hits } = await reader.query({ text: "walrus", mode: "text", top: 5 });
    return hits.map((hit) => hit.passage.id);
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-following-"));
    edition = 0;
    beforeOpen = async () => undefined;
    builder = aliasedSearch(openSearch({ folder, log: SILENT }));
    await (await builder.create(NAME)).close();
    const bare = openSearch({ folder, log: SILENT });
    const open = async (name: string): Promise<SearchIndex> => {
      await beforeOpen();
      return bare.open(name);
    };
    reader = await aliasedSearch({ ...bare, open }).open(NAME);
  });
  afterEach(async () => {
    await reader.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("never has a name that was used before", async () => {
    const folders = [await builder.folderOf(NAME)];
    for (let build = 0; build < 3; build++) {
      await swap();
      folders.push(await builder.folderOf(NAME));
    }
    assert.equal(new Set(folders).size, folders.length, folders.join());
    assert.deepEqual(await found(), ["edition3-0"]);
  });

  it("is looked up anew when the one that was read is gone before it is opened, by queries and by writes", async () => {
    const once = (): void => {
      let isFirst = true;
      beforeOpen = async () => {
        if (!isFirst) return;
        isFirst = false;
        await swap();
      };
    };
    await swap();
    once();
    assert.deepEqual(await Promise.all([found(), found()]), [["edition2-0"], ["edition2-0"]]);
    await swap();
    once();
    await reader.upsert([passage("more", 0, "walrus")]);
    assert.deepEqual((await found()).sort(), ["edition4-0", "more-0"]);
  });

  it("says by its own name that it is gone when that happens again and again, and answers later", async () => {
    await swap();
    beforeOpen = swap;
    await assert.rejects(found(), { code: "IndexNotFound", message: /named docs\. / });
    assert.ok(edition > 2 && edition < 10, `${edition}`);
    beforeOpen = async () => undefined;
    assert.deepEqual(await found(), [`edition${edition}-0`]);
  });
});
