import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { writeFileAtomic } from "../../src/store/atomic-file.ts";

describe("atomic file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-file-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("replaces the content with the mode asked for and leaves nothing else behind", async () => {
    const file = path.join(folder, "key");
    await writeFileAtomic(file, "one", 0o600);
    await writeFileAtomic(file, "two", 0o600);
    assert.equal(await readFile(file, "utf8"), "two");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["key"]);
  });

  it("never shows a reader a part of the content", async () => {
    const file = path.join(folder, "big");
    const texts = ["a".repeat(200_000), "b".repeat(300_000)];
    await writeFileAtomic(file, texts[0] ?? "");
    const state = { done: false };
    const writer = (async () => {
      for (let i = 0; i < 30; i++) await writeFileAtomic(file, texts[i % 2] ?? "");
      state.done = true;
    })();
    while (!state.done) assert.ok(texts.includes(await readFile(file, "utf8")));
    await writer;
  });

  it("takes content in parts; when they end early, the old content stays", async () => {
    const file = path.join(folder, "parts");
    const parts = async function* (fault?: Error): AsyncGenerator<string> {
      yield await Promise.resolve("one ");
      if (fault) throw fault;
      yield "two";
    };
    await writeFileAtomic(file, parts());
    await assert.rejects(writeFileAtomic(file, parts(new Error("cut short"))), /cut short/);
    assert.equal(await readFile(file, "utf8"), "one two");
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith("parts")),
      ["parts"],
    );
  });

  it("keeps the old content and no rest when the new one cannot be put in place", async () => {
    const target = path.join(folder, "is-a-folder");
    await writeFileAtomic(path.join(folder, "plain"), "x");
    await assert.rejects(writeFileAtomic(path.join(target, "missing", "file"), "x"));
    await assert.rejects(writeFileAtomic(folder, "x"));
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });
});
