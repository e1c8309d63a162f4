import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import { openSearch } from "../../../src/search/provider/index.ts";
import type { Search } from "../../../src/search/search.ts";
import { passage, topicEmbedder } from "../../index-suite.ts";

describe("the indexes of an installation", () => {
  let folder: string;
  let search: Search;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-search-"));
    search = openSearch({ folder: path.join(folder, "search"), log: SILENT });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("load nothing heavy until one is opened", async () => {
    assert.deepEqual(await search.list(), []);
    assert.equal(await search.remove("none"), false);
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("lancedb"));
    assert.deepEqual(loaded, []);
  });

  it("are made, listed, opened and removed by name", async () => {
    await assert.rejects(search.open("docs"), { code: "IndexNotFound" });
    const made = await search.create("docs");
    await made.upsert([passage("a", 0, "penguin")]);
    await made.close();
    await (await search.openOrCreate("other")).close();
    await assert.rejects(search.create("docs"), { code: "IndexExists" });
    assert.deepEqual(
      (await search.list()).map(({ name }) => name),
      ["docs", "other"],
    );
    const opened = await search.openOrCreate("docs");
    assert.equal(opened.name, "docs");
    assert.equal((await opened.statistics()).passages, 1);
    await opened.close();
    await opened.close();
    await assert.rejects(opened.get("a-0"), { code: "SearchFailed" });
    assert.equal(await search.remove("docs"), true);
    await assert.rejects(search.open("docs"), { code: "IndexNotFound" });
  });

  it("tell which embedder they belong to", async () => {
    const embedder = topicEmbedder();
    const withVectors = openSearch({ folder: path.join(folder, "search"), embedder, log: SILENT });
    await (await withVectors.create("vectors")).close();
    const [summary] = await search.list();
    assert.equal(summary?.embedder, "topics/4");
    // Of as many dimensions: nothing but its name tells that its vectors mean something else.
    const other = openSearch({ folder: path.join(folder, "search"), embedder: topicEmbedder("other/4"), log: SILENT });
    await assert.rejects(other.open("vectors"), {
      code: "EmbedderMismatch",
      message: /topics\/4.*other\/4.*flowstead index rebuild --index vectors/,
    });
  });

  it("have names that are safe as folders", async () => {
    for (const name of ["", "..", "a/b", "A", "-a", "a-", "a b", "x".repeat(129)]) {
      assert.throws(() => search.folderOf(name), { code: "InvalidRequest" }, name);
      await assert.rejects(search.create(name), { code: "InvalidRequest" }, name);
    }
    assert.equal(path.basename(search.folderOf("chat-docs-2")), "chat-docs-2");
  });

  it("are made anew over what a crash left, and damage is named", async () => {
    await mkdir(path.join(search.folderOf("docs"), "data", "passages.lance"), { recursive: true });
    await writeFile(path.join(search.folderOf("docs"), "data", "passages.lance", "rest"), "rest");
    await (await search.create("docs")).close();
    await rm(path.join(search.folderOf("docs"), "data"), { recursive: true });
    await assert.rejects(search.open("docs"), { code: "IndexDamaged" });
    await writeFile(path.join(search.folderOf("docs"), "index.json"), "{");
    await assert.rejects(search.open("docs"), { code: "IndexDamaged" });
  });

  it("broken or missing files of data are told with the command that makes the index anew", async () => {
    for (const harm of [(file: string) => truncate(file, 20), (file: string) => writeFile(file, "x".repeat(500)), rm]) {
      const index = await search.create("harmed");
      await index.upsert([passage("a", 0, "walrus")]);
      await index.close();
      const data = path.join(search.folderOf("harmed"), "data", "passages.lance", "data");
      for (const file of await readdir(data)) await harm(path.join(data, file));
      const opened = await search.open("harmed");
      const query = opened.query({ text: "walrus", mode: "text", top: 1 });
      await assert.rejects(query, { code: "IndexDamaged", message: /`flowstead index remove --all --index harmed`/ });
      await opened.close();
      await search.remove("harmed");
      const again = await search.create("harmed");
      await again.upsert([passage("a", 0, "walrus")]);
      assert.equal((await again.query({ text: "walrus", mode: "text", top: 1 })).hits.length, 1);
      await again.close();
      await search.remove("harmed");
    }
  });
});
