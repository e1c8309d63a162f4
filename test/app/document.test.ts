// What the chat's index begins with: the sample documents, once for each index that is made.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { indexFirst, openDocuments } from "../../src/app/document.ts";
import { SILENT } from "../../src/base/log.ts";
import { indexFolder } from "../../src/config/folder.ts";
import { loadConfig } from "../../src/config/load.ts";

test("samples come once, do not come back to who takes them out, and come again with an index that is made anew", async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), "flowstead-samples-"));
  context.after(() => rm(home, { recursive: true, force: true }));
  const few = path.join(home, "few");
  await mkdir(few);
  await writeFile(path.join(few, "one.md"), "# One\n\nAn otter.");
  const { config } = loadConfig({ overrides: { home }, env: {} });
  const start = async (
    work: (documents: Awaited<ReturnType<typeof openDocuments>>) => Promise<void>,
  ): Promise<number> => {
    const documents = await openDocuments(config, undefined, SILENT, (model) => model);
    let reports = 0;
    // All samples would take a while; which folder they are is not what is asked here.
    const collection = { ...documents.collection, addFolder: () => documents.collection.addFolder(few) };
    await indexFirst(config, { ...documents, collection }, { onIndexed: () => (reports += 1) });
    await work(documents);
    await documents.index.close();
    return reports;
  };
  const has = (wanted: boolean) => async (documents: Awaited<ReturnType<typeof openDocuments>>) =>
    assert.equal((await documents.index.statistics()).documents > 0, wanted);
  assert.equal(await start(has(true)), 1);
  assert.equal(await start(has(true)), 0);
  await rm(indexFolder(config), { recursive: true });
  assert.equal(await start(has(true)), 1, "the folder was deleted by hand");
  await start(async ({ collection }) => {
    for (const { folder } of await collection.list()) await collection.remove(folder);
  });
  assert.equal(await start(has(false)), 0);
});
