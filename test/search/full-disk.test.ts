// A full disk, a real one: what was written stays and is found, the refusal says why, and writing goes on when there is room.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { openCatalog } from "../../src/search/document/catalog.ts";
import { readSearch } from "../../src/search/document/request.ts";
import { createEmbeddedIndex, documentProvider, openEmbeddedIndex } from "../../src/search/provider/index.ts";
import { smallDisk } from "../fake/small-disk.ts";
import { passage } from "../index-suite.ts";

const FULL = { code: "StoreFull", message: /no room on the disk.*as it was before/ };
const NO_RIGHT = "mounting a small disk takes the right to";
/** Random letters, which the engine cannot make shorter. */
const long = (): string => Array.from({ length: 700 }, () => Math.random().toString(36).slice(2)).join("");

/** Writes until the disk is full; returns how many writes were taken. */
async function fill(write: (number: number) => Promise<unknown>): Promise<number> {
  for (let number = 0; number < 400; number++) {
    try {
      await write(number);
    } catch (thrown) {
      assert.ok(number > 0, "not even one write was taken");
      await assert.rejects(Promise.reject(thrown as Error), FULL);
      return number;
    }
  }
  throw new Error("the disk was never full");
}

const filledDisk = (context: TestContext): { disk: string; makeRoom: () => void } | undefined => {
  const disk = smallDisk(context, 5 * 1024);
  if (disk === undefined) return undefined;
  const filler = path.join(disk, "filler");
  writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024));
  return { disk, makeRoom: () => rmSync(filler) };
};

test("an index of passages on a full disk", async (context) => {
  const small = filledDisk(context);
  if (!small) return context.skip(NO_RIGHT);
  const options = { folder: path.join(small.disk, "index"), name: "full", log: SILENT };
  const index = await createEmbeddedIndex(options);
  const many = { ...options, folder: path.join(small.disk, "other") };
  try {
    const taken = await fill((number) => index.upsert([passage(`d${number}`, 0, `walrus ${long()}`)]));
    const found = async (): Promise<number> =>
      (await index.query({ text: "walrus", mode: "text", top: 400, repeats: true })).hits.length;
    assert.equal(await found(), taken);
    await assert.rejects(index.replaceDocuments(["d0"], [passage("d0", 1, long())]), FULL);
    assert.equal((await index.documentPassages("d0"))[0]?.id, "d0-0");
    await assert.rejects(createEmbeddedIndex(many), FULL);
    const reader = await openEmbeddedIndex(options);
    assert.equal((await reader.statistics()).documents, taken);
    await reader.close();
    small.makeRoom();
    await index.upsert([passage("after", 0, `walrus ${long()}`)]);
    assert.equal(await found(), taken + 1);
    await (await createEmbeddedIndex(many)).close();
  } finally {
    await index.close();
  }
});

test("an index of documents on a full disk, and one that is to be made there", async (context) => {
  const small = filledDisk(context);
  if (!small) return context.skip(NO_RIGHT);
  const catalog = openCatalog(documentProvider({ folder: path.join(small.disk, "documents") }), undefined);
  try {
    const fields = [
      { name: "id", type: "Edm.String", key: true },
      { name: "text", type: "Edm.String" },
    ];
    await catalog.put({ name: "full", fields }, {});
    const index = await catalog.open("full");
    const upload = (id: string) => index.write([{ action: "upload", document: { id, text: `walrus ${long()}` } }]);
    const taken = await fill((number) => upload(`d${number}`));
    const count = async (): Promise<number> =>
      (await index.search(readSearch({ search: "walrus", top: 400 }))).value.length;
    assert.equal(await count(), taken);
    const large = {
      name: "large",
      fields: [...fields, { name: "more", type: "Edm.String", description: long().repeat(90) }],
    };
    await assert.rejects(catalog.put(large, {}), FULL);
    small.makeRoom();
    assert.deepEqual(await upload("after"), [{ key: "after", statusCode: 201 }]);
    assert.equal(await count(), taken + 1);
    await catalog.put(large, {});
  } finally {
    await catalog.close();
  }
});
