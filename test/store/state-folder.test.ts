import assert from "node:assert/strict";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeStateFolder } from "../../src/store/state-folder.ts";
import { openRunFolder } from "../../src/store/run-folder.ts";

test("a state folder is its owner's alone, and one that cannot be made is named", async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "state-")), "deep", "home");
  await makeStateFolder(folder);
  await makeStateFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await assert.rejects(makeStateFolder("package.json/home"), {
    code: "StoreUnavailable",
    message: /package\.json\/home cannot be made.*--home/,
  });
});

test("sockets have room for their names, however long the path to temporary files", async () => {
  const before = process.env.TMPDIR;
  const long = mkdtempSync(path.join(tmpdir(), "l".repeat(110)));
  try {
    process.env.TMPDIR = long;
    const socket = path.join(await openRunFolder(), `${"d".repeat(32)}-50.sock`);
    assert.ok(Buffer.byteLength(socket) <= 103, socket);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});
