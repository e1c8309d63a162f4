import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { proofPage } from "./proof.ts";
import { mutate, readTables } from "./table.ts";

const tables = readTables();

test("every mutation's text stands once in its file, and its tests are there (npm run mutation)", () => {
  const mutations = tables.flatMap(({ claims }) => claims.flatMap((claim) => claim.mutations));
  assert.ok(mutations.length > 0);
  for (const mutation of mutations) {
    assert.doesNotThrow(() => mutate(mutation));
    for (const file of mutation.test) assert.ok(existsSync(file), file);
  }
});

test("docs/proof.md says what the tables say (npm run docs)", () => {
  assert.equal(readFileSync("docs/proof.md", "utf8"), proofPage(tables));
});
