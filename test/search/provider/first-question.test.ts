// The first question to an index that was just opened is answered before all its passages are read, and as well.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { it } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../../../src/search/provider/index.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { passage } from "../../index-suite.ts";

const ids = async (index: SearchIndex, text: string): Promise<string[]> => {
  const { hits } = await index.query({ text, mode: "text", top: 3 });
  return hits.map(({ passage: { documentId } }) => documentId);
};

it("a first question hears of every write, also of words that were not counted yet", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-first-"));
  const options = { folder, name: "test", log: SILENT };
  const counts = path.join(folder, "data", "words.json");
  const opened: SearchIndex[] = [];
  const open = async (): Promise<SearchIndex> => {
    opened.push(await openEmbeddedIndex(options));
    return opened.at(-1)!;
  };
  try {
    const writer = await createEmbeddedIndex(options);
    opened.push(writer);
    const texts = Array.from({ length: 2500 }, (_, at) =>
      passage(`d${at}`, 0, `${at === 78 ? "walrus" : "gorilla"} number${at}`),
    );
    await writer.upsert(texts);
    assert.deepEqual(await ids(writer, "number77"), ["d77"]);
    await (await open()).close();
    await writer.close();
    assert.ok(existsSync(counts), "the words are counted once, for whoever opens the index next");

    const reader = await open();
    assert.deepEqual(await ids(reader, "walrs"), ["d78"], "a word nobody has is mended from the counts");

    await reader.upsert([passage("new", 0, "a zorilla is a striped animal")]);
    const late = await open();
    assert.deepEqual((await ids(late, "zorilla"))[0], "new", "a word that is newer than the counts is not mended");
    assert.equal((await late.get("d5-0"))?.documentId, "d5");
    assert.equal((await late.documentPassages("new")).length, 1);
    await Promise.all([reader.close(), late.close()]);

    await writeFile(counts, "{");
    assert.deepEqual(await ids(await open(), "number79"), ["d79"], "broken counts are made anew");
  } finally {
    await Promise.all(opened.map((index) => index.close()));
    await rm(folder, { recursive: true, force: true });
  }
});
