import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import type { Embedder } from "../../../src/model/embedder.ts";
import { type Collection, openCollection } from "../../../src/search/ingest/collection.ts";
import type { IngestLimits } from "../../../src/search/ingest/limit.ts";
import type { IngestProgress, IngestReport } from "../../../src/search/ingest/report.ts";
import { openSearch } from "../../../src/search/provider/index.ts";
import type { Search } from "../../../src/search/search.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { topicEmbedder } from "../../index-suite.ts";
import { docxFile, docxParagraph } from "./docx-file.ts";

let home: string;
let docs: string;
let search: Search;
let index: SearchIndex;
let collection: Collection;

const collect = (limits: Partial<IngestLimits> = {}): Collection =>
  openCollection({ index, folder: search.folderOf("docs"), limits, log: SILENT });

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "flowstead-collection-"));
  docs = path.join(home, "docs");
  search = openSearch({ folder: path.join(home, "search"), log: SILENT });
  index = await search.create("docs");
  collection = collect();
});

afterEach(async () => {
  await index.close();
  await rm(home, { recursive: true, force: true });
});

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(docs, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

async function found(text: string): Promise<string[]> {
  const { hits } = await index.query({ text, mode: "text", top: 20 });
  return [...new Set(hits.map(({ passage }) => passage.source.replace(`${path.basename(docs)}/`, "")))].sort();
}

function counts({ added, changed, unchanged, removed, failed, skipped }: IngestReport): number[] {
  return [added, changed, unchanged, removed, failed.length, skipped.length];
}

describe("a collection", () => {
  it("indexes a folder, and the second time only what has changed", async () => {
    await write("a.md", "# Alpha\nThe penguin page.");
    await write("sub/b.md", "# Beta\nThe walrus page.");
    await write("c.txt", "The otter page.");
    assert.deepEqual(counts(await collection.addFolder(docs)), [3, 0, 0, 0, 0, 0]);
    assert.deepEqual(await found("walrus"), ["sub/b.md"]);

    assert.deepEqual(counts(await collection.addFolder(docs)), [0, 0, 3, 0, 0, 0]);

    await write("a.md", "# Alpha\nThe puffin page.");
    await rm(path.join(docs, "c.txt"));
    await write("d.md", "The seal page.");
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 1, 1, 1, 0, 0]);
    assert.deepEqual(await found("page"), ["a.md", "d.md", "sub/b.md"]);
    assert.deepEqual(await found("penguin"), []);
    assert.deepEqual(await found("puffin"), ["a.md"]);
    assert.equal((await index.statistics()).documents, 3);
  });

  it("reports progress with rate and remaining time, once for each file", async () => {
    for (let at = 0; at < 6; at++) await write(`${at}.md`, `Text number ${at}.`);
    const steps: IngestProgress[] = [];
    const report = await collection.addFolder(docs, { onProgress: (step) => steps.push(step) });
    assert.deepEqual(
      steps.map(({ done, total }) => `${done}/${total}`),
      ["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"],
    );
    assert.ok(steps.every(({ rate, file }) => rate > 0 && file.startsWith(docs)));
    assert.equal(steps.at(-1)?.remainingSeconds, 0);
    assert.equal(report.passages, 6);
    assert.ok(report.seconds > 0);
  });

  it("reads many files at the same time, each into its own document", async () => {
    for (let at = 0; at < 60; at++) await write(`${at}.txt`, `${"Walrus. ".repeat(50)} word${at}x`);
    await write("61.docx", "broken");
    await write("60.docx", "broken");
    const steps: IngestProgress[] = [];
    const report = await collection.addFolder(docs, { onProgress: (step) => steps.push(step) });
    assert.deepEqual(counts(report), [60, 0, 0, 0, 2, 0]);
    assert.deepEqual(
      report.failed.map(({ file }) => path.basename(file)),
      ["60.docx", "61.docx"],
    );
    assert.deepEqual(
      steps.map(({ done }) => done),
      Array.from({ length: 62 }, (_, at) => at + 1),
    );
    assert.equal(new Set(steps.map(({ file }) => file)).size, 62);
    for (const at of [0, 31, 59]) assert.deepEqual(await found(`word${at}x`), [`${at}.txt`]);
    assert.deepEqual(counts(await collection.addFolder(docs)).slice(0, 4), [0, 0, 60, 0]);
  });

  it("lists, describes and removes folders, files and documents", async () => {
    await write("one/a.md", "penguin");
    await write("two/b.md", "walrus");
    await write("two/c.md", "seal");
    await collection.addFolder(path.join(docs, "one"));
    await collection.addFolder(path.join(docs, "two"));
    const shape = async () =>
      (await collection.list()).map(({ folder, documents }) => `${path.basename(folder)} ${documents}`);
    assert.deepEqual(await shape(), ["one 1", "two 2"]);
    const [document] = await collection.documents(path.join(docs, "one"));
    assert.equal(document?.mediaType, "text/markdown");
    assert.deepEqual(
      (await index.documentPassages(document!.id)).map(({ text }) => text),
      ["penguin"],
    );

    assert.deepEqual(await collection.remove(document!.id), { folders: 0, documents: 1, passages: 1 });
    assert.deepEqual(await found("penguin"), []);
    assert.deepEqual(await collection.remove(path.join(docs, "two/c.md")), { folders: 0, documents: 1, passages: 1 });
    assert.deepEqual(await collection.remove(path.join(docs, "two")), { folders: 1, documents: 1, passages: 1 });
    assert.deepEqual(await shape(), ["one 0"]);
    assert.equal((await index.statistics()).passages, 0);
    await assert.rejects(collection.remove("nowhere"), { code: "DocumentNotFound" });
    await assert.rejects(collection.addFolder(path.join(home, "nowhere")), { code: "DocumentNotFound" });
  });

  it("counts a folder inside a known one as part of it, and takes known ones into a folder around them", async () => {
    await write("in/a.md", "penguin");
    await write("b.md", "walrus");
    await collection.addFolder(path.join(docs, "in"));
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 0, 1, 0, 0, 0]);
    await rm(path.join(docs, "in/a.md"));
    await rm(path.join(docs, "b.md"));
    assert.deepEqual(counts(await collection.addFolder(path.join(docs, "in"))), [0, 0, 0, 1, 0, 0]);
    assert.deepEqual(await found("walrus"), ["b.md"]);
    const folders = (await collection.list()).map(({ folder }) => folder);
    assert.deepEqual(folders, [docs]);
  });

  it("takes the groups of documents from the files beside them, and follows every change", async () => {
    await write("a.md", "walrus for all");
    await write("hr/b.md", "walrus of the staff office");
    await write("hr/c.md", "walrus of the board");
    await write("hr/deep/d.md", "walrus below");
    await write("hr/.acl.json", '{"groups": ["hr"]}');
    await write("hr/c.md.acl.json", '{"groups": ["board"]}');
    const seen = async (readers: string[]) => {
      const { hits } = await index.query({ text: "walrus", mode: "text", top: 20, readers });
      return hits.map(({ passage }) => path.posix.basename(passage.source)).sort();
    };
    assert.deepEqual(counts(await collection.addFolder(docs)), [4, 0, 0, 0, 0, 0]);
    assert.deepEqual(await seen([]), ["a.md"]);
    assert.deepEqual(await seen(["hr"]), ["a.md", "b.md", "d.md"]);
    assert.deepEqual(await seen(["board"]), ["a.md", "c.md"]);

    await rm(path.join(docs, "hr/c.md.acl.json"));
    await write("hr/.acl.json", '{"groups": ["hr", "legal"]}');
    assert.deepEqual(counts(await collection.addFolder(path.join(docs, "hr/deep"))), [0, 1, 0, 0, 0, 0]);
    assert.deepEqual(await seen(["legal"]), ["a.md", "d.md"]);
    assert.deepEqual(counts(await collection.addFolder(docs)), [0, 2, 2, 0, 0, 0]);
    assert.deepEqual(await seen(["legal"]), ["a.md", "b.md", "c.md", "d.md"]);

    // No group at all is nobody, which is not the same as no rule: everyone.
    await write("hr/.acl.json", '{"groups": []}');
    assert.deepEqual(counts(await collection.addFolder(docs)), [0, 3, 1, 0, 0, 0]);
    assert.deepEqual(await seen(["hr", "legal", "board"]), ["a.md"]);
    const { hits } = await index.query({ text: "walrus", mode: "text", top: 20, readers: "all" });
    assert.equal(hits.length, 4);
    // From everyone to nobody, and back.
    await write("a.md.acl.json", '{"groups": []}');
    assert.deepEqual(counts(await collection.addFolder(docs)), [0, 1, 3, 0, 0, 0]);
    assert.deepEqual(await seen(["hr", "legal", "board"]), []);
    await rm(path.join(docs, "a.md.acl.json"));
    await collection.addFolder(docs);

    // A rule that cannot be read opens nothing.
    await write("hr/.acl.json", '{"group": "hr"}');
    const report = await collection.addFolder(docs);
    assert.equal(report.failed.length, 3);
    assert.match(report.failed[0]!.reason, /access rule .*\.acl\.json is not of the form/);
    assert.deepEqual(await seen(["hr", "legal", "board"]), ["a.md"]);
  });

  it("indexes a single file, too", async () => {
    const file = await write("a.md", "penguin");
    await write("b.md", "walrus");
    assert.deepEqual(counts(await collection.addFolder(file)), [1, 0, 0, 0, 0, 0]);
    assert.deepEqual(await found("penguin walrus"), ["a.md"]);
  });

  it("skips hidden files, links out of the folder and unknown kinds, and says so", async () => {
    const outside = path.join(home, "secret.md");
    await writeFile(outside, "secret walrus");
    await write("a.md", "penguin");
    await write(".hidden.md", "hidden");
    await write(".git/config.md", "hidden");
    await write("data.bin", "{}");
    await write(".flowsteadignore", "# notes\ndraft-*.md\nsub/old/\n");
    await write("draft-1.md", "secret draft");
    await write("sub/old/b.md", "secret past");
    await write("..data/real.md", "mounted seal");
    await symlink(outside, path.join(docs, "out.md"));
    await symlink(docs, path.join(docs, "loop"));
    await symlink(path.join(docs, "a.md"), path.join(docs, "again.md"));
    await symlink(path.join(docs, "..data/real.md"), path.join(docs, "mounted.md"));
    await symlink(path.join(docs, "nothing"), path.join(docs, "dangling.md"));
    const report = await collection.addFolder(docs);
    const reasons = report.skipped.map(({ file, reason }) => `${path.relative(docs, file)}: ${reason}`).sort();
    assert.deepEqual(reasons, [
      "..data: hidden",
      ".git: hidden",
      ".hidden.md: hidden",
      "again.md: a link to a file that is indexed itself",
      "dangling.md: a link to nothing",
      "data.bin: .bin files are not indexed",
      "draft-1.md: left out by .flowsteadignore",
      "loop: a link to a folder",
      "out.md: a link out of the folder",
      "sub/old: left out by .flowsteadignore",
    ]);
    assert.deepEqual(await found("penguin walrus secret hidden seal"), ["a.md", "mounted.md"]);
  });

  it("names broken files with a reason, indexes the others, and takes a mended one", async () => {
    await write("good.md", "penguin");
    await write("zero.md", "");
    await write(
      "bytes.md",
      Uint8Array.from({ length: 2000 }, (_, at) => (at * 89 + 7) % 256),
    );
    await write("cut.docx", docxFile(docxParagraph("walrus")).slice(0, 300));
    await write("cut.pdf", "%PDF-1.7 no more");
    const first = await collection.addFolder(docs);
    assert.deepEqual(counts(first), [1, 0, 0, 0, 4, 0]);
    assert.deepEqual(
      first.failed.map(({ file, code }) => `${path.basename(file)} ${code}`),
      ["bytes.md DocumentDamaged", "cut.docx DocumentDamaged", "cut.pdf DocumentDamaged", "zero.md DocumentEmpty"],
    );
    const status = await collection.status();
    assert.equal(status.failed.length, 4);
    assert.equal(status.documents, 1);

    await write("zero.md", "walrus");
    await write("good.md", "");
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 0, 0, 1, 4, 0]);
    assert.deepEqual(await found("penguin walrus"), ["zero.md"]);
  });

  it("does not read a file again that failed, until its content or a limit changes", async () => {
    await write("cut.docx", docxFile(docxParagraph("walrus")).slice(0, 300));
    await write("long.md", "penguin ".repeat(50));
    const strict = collect({ characters: 100 });
    const first = await strict.addFolder(docs);
    const { indexedAt } = await collection.status();
    assert.ok(indexedAt);
    const second = await strict.addFolder(docs);
    assert.deepEqual(second.failed, first.failed);
    assert.deepEqual(counts(second), [0, 0, 0, 0, 2, 0]);
    // An entry of the journal is dated when its file is read.
    assert.equal((await collection.status()).indexedAt, indexedAt);
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 0, 0, 0, 1, 0]);
    await write("cut.docx", docxFile(docxParagraph("walrus")));
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 0, 1, 0, 0, 0]);
  });

  it("stops a file that takes too long or too much, and goes on with the next", async () => {
    const limits = { timeMs: 2000, fileBytes: 60_000_000, characters: 1e9 };
    await write("a-slow.md", "many more words than two seconds are enough for. ".repeat(1_200_000));
    await truncate(await write("b-large.md", "y"), 60_000_001);
    await write("c-good.md", "penguin");
    const report = await collect(limits).addFolder(docs);
    assert.deepEqual(
      report.failed.map(({ file, code }) => `${path.basename(file)} ${code}`),
      ["a-slow.md DocumentTooSlow", "b-large.md DocumentTooLarge"],
    );
    assert.deepEqual(await found("penguin"), ["c-good.md"]);
  });

  it(
    "keeps the passages of a file that cannot be opened just now",
    { skip: process.getuid?.() === 0 && "root may read every file" },
    async () => {
      const file = await write("a.md", "penguin");
      await collection.addFolder(docs);
      await chmod(file, 0o000);
      const report = await collection.addFolder(docs);
      assert.equal(report.failed[0]?.code, "DocumentUnreadable");
      assert.deepEqual(await found("penguin"), ["a.md"]);
    },
  );

  it("stops when aborted, and goes on where it was", async () => {
    for (let at = 0; at < 220; at++) await write(`${String(at).padStart(3, "0")}.md`, `Text number ${at}.`);
    const journal = path.join(search.folderOf("docs"), "collection.jsonl");
    const stop = new AbortController();
    const onProgress = (): void => {
      if (readFileSync(journal, "utf8").includes('"op":"put"')) stop.abort();
    };
    await assert.rejects(collection.addFolder(docs, { signal: stop.signal, onProgress }), { code: "Canceled" });
    const { documents } = await collection.status();
    assert.ok(documents > 0 && documents < 220, `${documents} documents`);
    const report = await collection.addFolder(docs);
    assert.ok(report.unchanged >= documents);
    assert.equal(report.added + report.unchanged + report.changed, 220);
    assert.equal((await index.statistics()).documents, 220);
    assert.equal((await collection.status()).unfinished, 0);
  });

  it("refuses a second writer, while readers may look", async () => {
    for (let at = 0; at < 20; at++) await write(`${at}.md`, `Text number ${at}.`);
    const first = collection.addFolder(docs, {
      onProgress: ({ done }) => {
        if (done === 1) second = collect().addFolder(docs);
        second?.catch(() => undefined);
      },
    });
    let second: Promise<IngestReport> | undefined;
    await first;
    await assert.rejects(second!, { code: "StateLocked" });
    assert.equal((await collection.status()).documents, 20);
  });

  it("survives a torn journal, and an index that lost documents", async () => {
    await write("a.md", "penguin");
    await write("b.md", "walrus");
    await collection.addFolder(docs);
    const journal = path.join(search.folderOf("docs"), "collection.jsonl");
    await appendFile(journal, '{"op":"drop","ids":["');
    assert.equal((await collection.status()).documents, 2);
    assert.deepEqual(counts(await collection.addFolder(docs)), [0, 0, 2, 0, 0, 0]);
    assert.match(await readFile(journal, "utf8"), /\}\n$/);

    const [document] = await collection.documents();
    await index.deleteDocuments([document!.id]);
    assert.deepEqual(counts(await collection.addFolder(docs)), [1, 0, 1, 0, 0, 0]);
    assert.deepEqual(await found("penguin walrus"), ["a.md", "b.md"]);

    await truncate(journal, 0);
    assert.deepEqual(counts(await collection.addFolder(docs)), [2, 0, 0, 0, 0, 0]);
    assert.equal((await index.statistics()).passages, 2);
  });

  it("embeds what it indexed without an embedder when there is one", async () => {
    await write("a.md", "A kitten and a cat.");
    await write("b.md", "Bread and soup.");
    await collection.addFolder(docs);
    await index.close();
    const embedder: Embedder = topicEmbedder();
    search = openSearch({ folder: path.join(home, "search"), embedder, log: SILENT });
    index = await search.open("docs");
    const before = await index.query({ text: "dog", mode: "vector", top: 1 });
    assert.match(before.degraded[0] ?? "", /^vector: /);
    assert.deepEqual(counts(await collect().addFolder(docs)), [0, 2, 0, 0, 0, 0]);
    const after = await index.query({ text: "dog", mode: "vector", top: 1 });
    assert.deepEqual(after.degraded, []);
    assert.equal(path.basename(after.hits[0]!.passage.source), "a.md");
    assert.deepEqual(counts(await collect().addFolder(docs)), [0, 0, 2, 0, 0, 0]);
    const other = openSearch({ folder: path.join(home, "search"), embedder: topicEmbedder("other/4"), log: SILENT });
    await assert.rejects(other.open("docs"), { code: "EmbedderMismatch" });
  });
});
