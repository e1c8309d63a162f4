// Every command of an index over one folder, as programs read it: with --json.

import assert from "node:assert/strict";
import { link as hardLink, lstat, mkdir, readdir, readFile, rm, statfs, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { temporaryHome } from "../e2e/system.ts";
import { smallDisk } from "../fake/small-disk.ts";
import { runHere } from "./in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const docs = path.join(home, "..", "walruses");

async function json<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await runHere(["index", ...words, "--json", "--home", home]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** An export takes its file's place whole: never half of it, no link or mode lost, nothing left beside it. */
async function checkExport(file: string): Promise<void> {
  const folder = path.join(home, "..", "exports");
  await mkdir(folder);
  const [real, link] = [path.join(folder, "real.jsonl"), path.join(folder, "link.jsonl")];
  await writeFile(real, "kept\n", { mode: 0o600 });
  await symlink(real, link);
  const before = path.join(folder, "before.jsonl");
  await hardLink(real, before);
  const to = (target: string) => runHere(["index", "export", target, "--index", "sea", "--home", home]);
  assert.match((await to(link)).stderr, /^2 passages written to /);
  assert.equal(await readFile(real, "utf8"), await readFile(file, "utf8"));
  assert.equal(await readFile(before, "utf8"), "kept\n", "the file was written to and not replaced");
  assert.equal((await lstat(link)).isSymbolicLink(), true);
  assert.equal((await lstat(real)).mode & 0o777, 0o600);
  assert.deepEqual(await to("/dev/null"), { code: 0, stdout: "", stderr: "2 passages written to /dev/null.\n" });
  const nowhere = await to(path.join(folder, "none", "x.jsonl"));
  assert.match(nowhere.stderr, /x\.jsonl cannot be written: ENOENT/);
  assert.doesNotMatch(nowhere.stderr, /bug/);
  assert.deepEqual((await readdir(folder)).sort(), ["before.jsonl", "link.jsonl", "real.jsonl"]);
}

interface Report {
  added: number;
  unchanged: number;
  failed: { file: string; code: string; reason: string }[];
}

test("create, add, list, status, query, export, evaluate, rebuild and remove speak JSON and agree", async () => {
  await mkdir(docs);
  await writeFile(path.join(docs, "food.md"), "# Food\n\n## Fish\n\nA walrus eats 40 kilograms of clams a day.");
  await writeFile(path.join(docs, "home.md"), "# Home\n\nIt lives on the ice of the Arctic.");
  await writeFile(path.join(docs, "broken.pdf"), "%PDF-1.7\nnothing");
  const on = ["--index", "sea"];
  assert.equal((await json<{ passages: number }>("create", "sea")).passages, 0);
  const report = await json<Report>("add", docs, ...on);
  assert.deepEqual([report.added, report.failed.map(({ code }) => code)], [2, ["DocumentDamaged"]]);
  const [folder] = await json<{ folder: string; documents: number; failed: number }[]>("list", ...on);
  assert.deepEqual([folder?.folder, folder?.documents, folder?.failed], [docs, 2, 1]);
  const status = await json<{ documents: number; passages: number; failed: unknown[] }>("status", ...on);
  assert.deepEqual([status.documents, status.passages, status.failed.length], [2, 2, 1]);

  type Found = {
    passage: { source: string; headings: string[]; start: number; end: number; text: string };
    score: number;
  };
  const { hits, degraded } = await json<{ hits: Found[]; degraded: string[] }>(
    "query",
    "what does a walrus eat",
    ...on,
  );
  assert.match(degraded.join(), /no embedder/);
  const { passage, score } = hits[0]!;
  assert.deepEqual([passage.source, passage.headings], ["walruses/food.md", ["Fish"]]);
  assert.ok(score > 0 && passage.end - passage.start === passage.text.length);

  const file = path.join(home, "..", "sea.jsonl");
  assert.equal((await runHere(["index", "export", file, ...on, "--home", home])).code, 0);
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const printed = (await runHere(["index", "export", ...on, "--home", home])).stdout.trim().split("\n");
  assert.deepEqual(printed, lines);
  await checkExport(file);
  assert.deepEqual(lines.map((line) => (JSON.parse(line) as Found["passage"]).source).sort(), [
    "walruses/food.md",
    "walruses/home.md",
  ]);

  const questions = path.join(home, "..", "questions.jsonl");
  await writeFile(
    questions,
    '{"question": "kilograms of clams", "relevant": ["food.md"]}\n{"question": "Arctic ice", "relevant": ["home.md"]}\n',
  );
  const measured = await json<{ questions: number; ways: Record<string, object> }>(
    "evaluate",
    "--queries",
    questions,
    ...on,
  );
  assert.equal(measured.questions, 2);
  assert.deepEqual(measured.ways, {
    lexical: { ndcg: 1, mrr: 1, recall: 1 },
    reranked: { ndcg: 1, mrr: 1, recall: 1 },
  });

  await writeFile(path.join(docs, "home.md"), "# Home\n\nIt lives by the sea.");
  const [again] = await json<Report[]>("rebuild", ...on);
  assert.deepEqual([again?.added, again?.unchanged, again?.failed.length], [2, 0, 1]);
  assert.equal(
    (await json<{ hits: Found[] }>("query", "by the sea", ...on)).hits[0]?.passage.source,
    "walruses/home.md",
  );
  assert.deepEqual(await json("remove", docs, ...on), { folders: 1, documents: 2, passages: 2 });
  assert.deepEqual(await json("remove", "--all", ...on), { removed: "sea" });
  const gone = await runHere(["index", "rebuild", ...on, "--home", home]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no search index named sea/);
  await rm(docs, { recursive: true });
});

test("an index that is not there is not made by asking for it: those there are are named, and the nearest", async () => {
  const run = (...words: string[]) => runHere(["index", ...words, "--home", home]);
  const questions = path.join(home, "..", "asked.jsonl");
  await writeFile(questions, '{"question": "clams", "relevant": ["food.md"]}\n');
  const asking = [
    ["query", "clams"],
    ["list"],
    ["status"],
    ["export"],
    ["evaluate", "--queries", questions],
    ["remove", docs],
    ["remove", "--all"],
  ];
  const none = await run("status", "--index", "handbok");
  assert.match(none.stderr, /There is no search index named handbok, nor any other\. Make one with/);
  await run("create", "handbook");
  await run("create", "sea");
  for (const words of asking) {
    const { code, stdout, stderr } = await run(...words, "--index", "handbok");
    assert.deepEqual([code, stdout], [1, ""], words.join(" "));
    assert.match(
      stderr,
      /There is no search index named handbok\. There are handbook, sea\. Did you mean "handbook"\?/,
      words.join(" "),
    );
  }
  assert.equal((await run("remove", "--all", "--index", "handbook")).code, 0);
  assert.match((await run("list", "--index", "mountain")).stderr, /named mountain\. There is sea\.\n/);
});

test("a full disk under index add and export: one sentence, what was there is found, and the same command goes on", async (context) => {
  const disk = smallDisk(context, 12 * 1024);
  if (disk === undefined) return context.skip("mounting a small disk takes the right to");
  const filler = path.join(disk, "filler");
  const run = (...words: string[]) => runHere(["index", ...words, "--home", path.join(disk, "home")]);
  const folder = path.join(home, "..", "ice");
  await mkdir(folder);
  await writeFile(path.join(folder, "first.md"), "# First\n\nThe walrus sleeps on ice.");
  assert.equal((await run("add", folder)).code, 0);
  const file = path.join(disk, "passages.jsonl");
  assert.equal((await run("export", file)).code, 0);
  const exported = await readFile(file, "utf8");
  // Nothing more fits, not even a lock; then a part of the documents does.
  const words = (): string => Array.from({ length: 8_000 }, () => Math.random().toString(36).slice(2)).join(" ");
  for (let n = 0; n < 4; n++) await writeFile(path.join(folder, `more${n}.md`), `# More ${n}\n\nnarwhal ${words()}`);
  for (const kib of [0, 100]) {
    await rm(filler, { force: true });
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(bavail * bsize - kib * 1024));
    const { code, stderr } = await run("add", folder, "--quiet");
    assert.equal(code, 1, `${kib} KiB`);
    assert.match(stderr, /^Error: There is no room on the disk[^\n]*\n$/, `${kib} KiB`);
    const { stdout } = await run("query", "walrus ice", "--top", "1");
    assert.match(stdout, /The walrus sleeps on ice/, `${kib} KiB`);
    if (kib > 0) continue;
    assert.match((await run("export", file)).stderr, /no room on the disk for \S+; what was there is as it was\.\n$/);
    assert.equal(await readFile(file, "utf8"), exported);
  }
  await rm(filler);
  assert.match((await run("add", folder)).stdout, /^Documents: 4 added, 1 unchanged/);
  assert.match((await run("query", "narwhal", "--top", "1")).stdout, /More/);
  const { folders, unfinished } = JSON.parse((await run("status", "--json")).stdout) as Record<string, unknown>;
  assert.deepEqual([(folders as unknown[]).length, unfinished], [1, 0]);
});
