import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../../src/base/log.ts";
import { uploadRoutes } from "../../../src/entry/route/upload.ts";
import type { Entry } from "../../../src/entry/server.ts";
import { type Collection, openCollection } from "../../../src/search/ingest/collection.ts";
import { openUploads } from "../../../src/search/ingest/upload.ts";
import { openSearch } from "../../../src/search/provider/index.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { lockState } from "../../../src/store/lock.ts";
import { ADMIN_KEY, openEntryWith, QUERY_KEY } from "../search-service.ts";

describe("documents over HTTP", () => {
  let home: string;
  let folder: string;
  let indexed: string;
  let index: SearchIndex;
  let collection: Collection;
  let entry: Entry;

  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), "flowstead-upload-"));
    folder = path.join(home, "uploads");
    const search = openSearch({ folder: path.join(home, "search"), log: SILENT });
    index = await search.create("docs");
    indexed = search.folderOf("docs");
    collection = openCollection({ index, folder: indexed, log: SILENT });
    const uploads = openUploads({ collection, folder, maxBytes: 1_000_000 });
    entry = await openEntryWith(async (app, keys) => {
      await app.register(uploadRoutes, { uploads, keys });
    });
  });
  after(async () => {
    await entry.close(0);
    await index.close();
    await rm(home, { recursive: true, force: true });
  });

  const call = async (method: string, name: string, body?: string | Uint8Array | ReadableStream, key = ADMIN_KEY) => {
    const url = new URL(name, entry.url);
    const init: RequestInit & { duplex?: "half" } = { method, headers: { "api-key": key }, duplex: "half" };
    if (body !== undefined) init.body = body;
    const answer = await fetch(url, init);
    return { status: answer.status, text: await answer.text() };
  };
  const sources = async (text: string, readers: string[]): Promise<string[]> => {
    const { hits } = await index.query({ text, mode: "text", top: 5, readers });
    return hits.map(({ passage }) => passage.source);
  };

  it("are added, replaced, listed and removed", async () => {
    const added = await call("PUT", "/uploads/hr/leave%20rules.md", "# Leave\n\nVacation is 25 days.");
    assert.equal(added.status, 201, added.text);
    assert.equal((JSON.parse(added.text) as { passages: number }).passages, 1);
    assert.deepEqual(await sources("vacation", []), ["uploads/hr/leave rules.md"]);
    const replaced = await call("PUT", "/uploads/hr/leave%20rules.md?groups=hr,board", "# Leave\n\nA sabbatical.");
    assert.equal(replaced.status, 200, replaced.text);
    assert.deepEqual(await sources("sabbatical", []), []);
    assert.deepEqual(await sources("sabbatical", ["board"]), ["uploads/hr/leave rules.md"]);
    assert.deepEqual(await sources("vacation", ["board"]), []);
    const { value } = JSON.parse((await call("GET", "/uploads")).text) as { value: { name: string }[] };
    assert.deepEqual(
      value.map(({ name }) => name),
      ["hr/leave rules.md"],
    );
    assert.equal((await call("DELETE", "/uploads/hr/leave%20rules.md")).status, 204);
    assert.deepEqual(await sources("sabbatical", ["board"]), []);
    assert.equal((await call("DELETE", "/uploads/hr/leave%20rules.md")).status, 404);
  });

  it("need the admin key and a name inside the folder", async () => {
    assert.equal((await call("PUT", "/uploads/a.md", "# A", "wrong")).status, 403);
    assert.equal((await call("PUT", "/uploads/a.md", "# A", QUERY_KEY)).status, 403);
    assert.equal((await call("GET", "/uploads", undefined, QUERY_KEY)).status, 403);
    for (const name of ["..%2Fa.md", ".hidden", "a%5Cb.md", "a%00.md", "x.acl.json"]) {
      assert.equal((await call("PUT", `/uploads/${name}`, "# A")).status, 400, name);
    }
    assert.equal((await call("PUT", "/uploads/a.md?groups=", "# A")).status, 400);
    assert.deepEqual(await sources("a", ["hr"]), []);
  });

  it("are refused with a reason when they are no documents, and the one before stays", async () => {
    await call("PUT", "/uploads/plan.txt", "The old plan.");
    const film = await call("PUT", "/uploads/plan.txt", new Uint8Array(2000));
    assert.equal(film.status, 422, film.text);
    assert.match(film.text, /plan\.txt/);
    assert.deepEqual(await sources("plan", []), ["uploads/plan.txt"]);
    assert.equal((await call("PUT", "/uploads/film.mp4", "x")).status, 415);
    assert.equal((await call("PUT", "/uploads/none.txt")).status, 422);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(97)),
    });
    const large = await call("PUT", "/uploads/large.txt", endless).catch(() => ({ status: 413, text: "1000000" }));
    assert.equal(large.status, 413);
    assert.deepEqual((await readdir(folder)).sort(), [".incoming", "hr", "plan.txt"]);
    assert.deepEqual(await readdir(path.join(folder, ".incoming")), []);
  });

  it("keep their rule when the next version is refused, and a new one that is refused leaves none", async () => {
    await call("PUT", "/uploads/pay.txt?groups=hr", "The old wages.");
    for (const groups of ["?groups=board", ""]) {
      assert.equal((await call("PUT", `/uploads/pay.txt${groups}`, new Uint8Array(2000))).status, 422);
      assert.deepEqual(await sources("wages", ["board"]), [], groups);
      assert.deepEqual(await sources("wages", ["hr"]), ["uploads/pay.txt"], groups);
    }
    assert.equal((await call("PUT", "/uploads/new.txt?groups=hr", new Uint8Array(2000))).status, 422);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith("new")),
      [],
    );
    // Without groups it is for everyone again.
    assert.equal((await call("PUT", "/uploads/pay.txt", "The new wages.")).status, 200);
    assert.deepEqual(await sources("wages", []), ["uploads/pay.txt"]);
    assert.equal((await call("DELETE", "/uploads/pay.txt")).status, 204);
  });

  it("wait while another writes to the index", async () => {
    const lock = await lockState(indexed);
    const uploaded = call("PUT", "/uploads/late.md", "# Late\n\nA patient heron.");
    let isOver = false;
    void uploaded.then(() => (isOver = true));
    // Received, and in its place: what is left is to index it.
    while (!(await readdir(folder)).includes("late.md")) await delay(20);
    await delay(300);
    assert.equal(isOver, false);
    await lock.release();
    assert.equal((await uploaded).status, 201);
    assert.deepEqual(await sources("heron", []), ["uploads/late.md"]);
    assert.equal((await call("DELETE", "/uploads/late.md")).status, 204);
  });

  it("that were received and not indexed are indexed at the next start", async () => {
    await writeFile(path.join(folder, "left.md"), "# Left\n\nAn orphaned umbrella.");
    await writeFile(path.join(folder, ".incoming/half"), "# Half");
    await openUploads({ collection, folder }).resume(new AbortController().signal);
    assert.deepEqual(await sources("umbrella", []), ["uploads/left.md"]);
    assert.deepEqual((await readdir(folder)).sort(), ["hr", "left.md", "plan.txt"]);
  });
});
