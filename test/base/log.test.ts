import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { createLog } from "../../src/base/log.ts";
import { code, sourceModule } from "../program.ts";

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

test("values under secret names are masked: four levels deep, in errors, in what a child is bound to", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "log-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "log");
  const log = createLog({ level: "info", file });
  const headers = { authorization: "Bearer s1", accept: "*/*" };
  const line = { token: "s2", call: { headers, keys: [{ api_key: "s3" }] }, count: 1 };
  log.child({ requestId: "r", secret: "s4" }).info(line, "said");
  log.error({ err: Object.assign(new Error("broken"), { config: { headers }, password: "s5" }) }, "failed");
  await setImmediate();
  const text = readFileSync(file, "utf8");
  assert.doesNotMatch(text, /s\d"/);
  const [first, second] = text
    .trim()
    .split("\n")
    .map((row) => JSON.parse(row) as Record<string, Record<string, unknown>>);
  assert.deepEqual(first?.["call"], {
    headers: { authorization: "******", accept: "*/*" },
    keys: [{ api_key: "******" }],
  });
  assert.deepEqual([first?.["requestId"], first?.["count"], first?.["secret"]], ["r", 1, "******"]);
  assert.equal(second?.["err"]?.["message"], "broken");
  assert.equal(line.token, "s2", "what was logged stays as it was");
});

test("lines go to the system together, and none is lost when the process ends", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "log-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "log");
  const log = createLog({ level: "info", file });
  log.info("one");
  log.info("two");
  assert.equal(readFileSync(file, "utf8"), "");
  await setImmediate();
  assert.match(readFileSync(file, "utf8"), /"msg":"one"\}\n.*"msg":"two"\}\n$/);
  const text = `
    import { createLog } from ${JSON.stringify(sourceModule("src/base/log.ts"))};
    createLog({ level: "info", file: ${JSON.stringify(file)} }).warn("last");
    process.exit(3);`;
  const { status } = spawnSync(process.execPath, code(text));
  assert.equal(status, 3);
  assert.match(readFileSync(file, "utf8"), /"msg":"last"\}\n$/);
});
