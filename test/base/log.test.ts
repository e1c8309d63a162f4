import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLog } from "../../src/base/log.ts";

test("a full disk costs lines, not the process", { skip: !existsSync("/dev/full") }, async () => {
  const log = createLog({ level: "info", file: "/dev/full" });
  for (let line = 0; line < 3; line++) log.info({ line }, "nowhere to go");
  // An error that nobody takes would end this file's process by now.
  await delay(20);
});

test("a log that cannot be opened is named", () => {
  assert.throws(() => createLog({ level: "info", file: "package.json/log" }), {
    code: "StoreUnavailable",
    message: /package\.json\/log cannot be written/,
  });
});
