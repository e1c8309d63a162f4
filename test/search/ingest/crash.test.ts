import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, it } from "node:test";
import { strToU8 } from "fflate";
import { SILENT } from "../../../src/base/log.ts";
import { openCollection } from "../../../src/search/ingest/collection.ts";
import type { SourceSettings } from "../../../src/search/ingest/source/open.ts";
import { openSearch } from "../../../src/search/provider/index.ts";
import { sourceFile } from "../../program.ts";
import { S3_KEY, type StoreServer, storeServer } from "./object-store-server.ts";

// Few enough for one thread, and more passages than one batch takes: each ingestion writes twice.
const FILES = 15;
const SECTIONS = 36;
const WRITES = 2;
const SEED = 20_261_123;

/** The `count`th time that this comes about; `during` is `delayMs` after a write to the index has begun. */
interface KillPoint {
  at: "file" | "before" | "during" | "after";
  count: number;
  delayMs: number;
}

let home: string;
let docs: string;
let store: StoreServer;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), "flowstead-crash-"));
  docs = path.join(home, "docs");
  await mkdir(docs);
  store = await storeServer();
});
after(async () => {
  await store.close();
  await rm(home, { recursive: true, force: true });
});

async function writeVersion(version: string): Promise<void> {
  for (let n = 0; n < FILES; n++) {
    const sections = Array.from({ length: SECTIONS }, (_, at) => `## Part ${at}\n\n${version} of ${n}.`);
    const text = `# Document ${n}\n\n${sections.join("\n\n")}\n`;
    await writeFile(path.join(docs, `${n}.md`), text);
    store.objects.set(`${n}.md`, strToU8(text));
  }
}

/** Points of an ingestion, other ones for each seed and the same ones for the same. */
function killPoints(seed: number): KillPoint[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
    return (state >>> 0) % below;
  };
  return (["file", "before", "during", "during", "after"] as const).map((at) => ({
    at,
    count: 1 + random(at === "file" ? FILES - 1 : WRITES),
    delayMs: random(40),
  }));
}

it("an ingestion killed at any moment goes on without loss or doubles", { timeout: 300_000 }, async () => {
  const sources: SourceSettings = {
    s3: { access_key_id: S3_KEY.id, secret_access_key: S3_KEY.secret, region: "eu-west-1", endpoint: store.url },
  };
  const collectionOf = async (folder: string) => {
    const search = openSearch({ folder, log: SILENT });
    const index = await search.open("docs").catch(() => search.create("docs"));
    return { index, collection: openCollection({ index, folder: search.folderOf("docs"), sources, log: SILENT }) };
  };
  const empty = path.join(home, "empty");
  const filled = path.join(home, "filled");
  for (const folder of [empty, filled]) {
    const { index, collection } = await collectionOf(folder);
    await writeVersion("Walrus");
    if (folder === filled) await collection.addFolder(docs);
    await index.close();
  }
  await writeVersion("Penguin");
  await rm(path.join(docs, "6.md"));
  store.objects.delete("6.md");

  const run = sourceFile("test/search/ingest/add-folder.ts");
  const rounds = killPoints(SEED).map((point, at) => ({
    point,
    folder: path.join(home, `search-${at}`),
    // One comes anew, from a store of objects; the others replace what an index holds.
    ...(at === 4 ? { from: empty, target: "s3://bucket" } : { from: filled, target: docs }),
  }));
  await Promise.all(
    rounds.map(async ({ point, folder, from, target }) => {
      await cp(from, folder, { recursive: true });
      const given = [folder, target, JSON.stringify(point), JSON.stringify(sources)];
      const child = spawn(process.execPath, [...run, ...given], { stdio: "inherit" });
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      assert.equal(signal, "SIGKILL", `it ended before ${JSON.stringify(point)}`);
    }),
  );
  for (const { point, folder, target } of rounds) {
    const name = `seed ${SEED}, ${JSON.stringify(point)}`;
    const { index, collection } = await collectionOf(folder);
    const report = await collection.addFolder(target);
    assert.deepEqual(report.failed, [], name);
    const { documents, passages } = await index.statistics();
    assert.deepEqual([documents, passages], [FILES - 1, (FILES - 1) * SECTIONS], name);
    const { hits } = await index.query({ text: "Penguin", mode: "text", top: 2000 });
    assert.equal(new Set(hits.map(({ passage }) => passage.id)).size, passages, name);
    assert.equal(hits.length, passages, name);
    assert.deepEqual((await index.query({ text: "Walrus", mode: "text", top: 5 })).hits, [], name);
    assert.equal((await collection.status()).unfinished, 0, name);
    assert.equal((await collection.addFolder(target)).unchanged, FILES - 1, name);
    await index.close();
  }
});
