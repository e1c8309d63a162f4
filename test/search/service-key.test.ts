import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { it } from "node:test";
import { followSearchKeys, readSearchKeys, searchKeys } from "../../src/entry/route/search-key.ts";
import { runHere } from "../cli/in-process.ts";

it("a key of the search service made anew counts at once, and the old one no more", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "flowstead-keys-"));
  try {
    const folder = path.join(home, "keys");
    const before = await readSearchKeys(folder);
    const keys = searchKeys(await followSearchKeys(folder));
    const opens = (key: string, isReading = true): Promise<boolean> =>
      keys.check({ "api-key": key }, isReading ? "read" : "manage").then(
        () => true,
        () => false,
      );
    assert.ok((await opens(before.adminKey, false)) && (await opens(before.queryKey)));
    const { stdout } = await runHere(["index", "keys", "--regenerate", "query", "--json", "--home", home]);
    const after = JSON.parse(stdout) as typeof before;
    assert.equal(after.adminKey, before.adminKey);
    assert.notEqual(after.queryKey, before.queryKey);
    assert.ok(
      (await opens(after.queryKey)) && !(await opens(before.queryKey)) && (await opens(before.adminKey, false)),
    );
    assert.ok(!(await opens(after.queryKey, false)));
    assert.equal((await stat(path.join(folder, "search-service.json"))).mode & 0o777, 0o600);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
