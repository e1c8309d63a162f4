// Kills a process that builds an index anew, at moments that a seed draws, while the index is asked without a pause.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../bench/clustered.ts";
import { SILENT } from "../../src/base/log.ts";
import { aliasedSearch } from "../../src/search/aliased-search.ts";
import { openCollection } from "../../src/search/ingest/collection.ts";
import { rebuildCollection } from "../../src/search/ingest/rebuild.ts";
import { openSearch } from "../../src/search/provider/index.ts";
import { sourceFile } from "../program.ts";

const NAME = "docs";
const FILES = 5;
const SECTIONS = 8;

/** How many answers there were, and how often a killed process had come to its swap. */
export async function killRebuilds(kills: number, seed: number): Promise<{ answers: number; swaps: number }> {
  const home = await mkdtemp(path.join(tmpdir(), "flowstead-killed-"));
  const [docs, folder] = [path.join(home, "docs"), path.join(home, "index")];
  await mkdir(docs);
  const random = seeded(seed);
  const write = async (edition: number): Promise<void> => {
    for (let file = 0; file < FILES; file++) {
      const sections = Array.from({ length: SECTIONS }, (_, at) => `## Bread ${at}\n\nThe n${edition}n edition.`);
      await writeFile(path.join(docs, `${file}.md`), sections.join("\n\n"));
    }
  };
  const search = aliasedSearch(openSearch({ folder, log: SILENT }));
  await write(0);
  const index = await search.openOrCreate(NAME);
  await openCollection({ index, folder: () => search.folderOf(NAME), log: SILENT }).addFolder(docs);
  /** The one edition that all passages are of. */
  const edition = async (): Promise<number> => {
    const { hits } = await index.query({ text: "edition", mode: "text", top: 1000 });
    const found = new Set(hits.map(({ passage }) => Number(/n(\d+)n/.exec(passage.text)![1])));
    assert.deepEqual([hits.length, found.size], [FILES * SECTIONS, 1], `seed ${seed}: ${[...found].join()}`);
    return [...found][0]!;
  };
  let answers = 0;
  let swaps = 0;
  let child: ChildProcess | undefined;
  try {
    for (let round = 1; round <= kills; round++) {
      await write(round);
      const before = await edition();
      const run = [...sourceFile("test/search/rebuild-writer.ts"), folder, NAME];
      const writer = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "inherit"] });
      child = writer;
      let said = "";
      writer.stdout.on("data", (data: Buffer) => (said += data.toString()));
      const ended = once(writer, "exit") as Promise<[number | null, string | null]>;
      // Every other one dies about its swap, when the old index is being removed.
      const [after, withinMs] = round % 2 === 0 ? ["swapped", 30] : ["begun", 1500];
      const kill = (async () => {
        while (!said.includes(after) && writer.exitCode === null) await sleep(5);
        await sleep(random() * withinMs);
        writer.kill("SIGKILL");
      })();
      while (writer.exitCode === null && writer.signalCode === null) {
        assert.ok([before, round].includes(await edition()), `seed ${seed}, round ${round}`);
        answers += 1;
      }
      await kill;
      assert.equal((await ended)[1], "SIGKILL", "it ended by itself");
      const now = await edition();
      assert.ok([before, round].includes(now), `seed ${seed}, round ${round}: ${now}`);
      // Before the swap the old one answers, and after it the new one does.
      if (said.includes("swapped")) {
        swaps += 1;
        assert.equal(now, round, `seed ${seed}, round ${round}`);
      }
    }
    const next = await search.rebuild(NAME);
    await rebuildCollection(next, { folder: () => search.folderOf(NAME), log: SILENT });
    await next.close();
    assert.equal(await edition(), kills);
    assert.equal((await search.list()).length, 1);
  } finally {
    if (child?.kill("SIGKILL")) await once(child, "exit");
    await index.close();
    await rm(home, { recursive: true, force: true });
  }
  return { answers, swaps };
}
