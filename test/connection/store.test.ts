import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { configuredConnections } from "../../src/connection/configured.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { openConnectionStore } from "../../src/connection/store.ts";

const OPEN_AI: Connection = {
  name: "open ai",
  type: "OpenAIConnection",
  configs: { base_url: "http://127.0.0.1:1/v1" },
  secrets: { api_key: "sk-very-secret" },
};

test("connections are kept with their secrets encrypted, and only the owner may read key and file", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "connections-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const store = openConnectionStore(folder);
  assert.deepEqual(await store.list(), []);
  assert.deepEqual(await readdir(folder), [], "who only looks leaves nothing there");
  await Promise.all([store.save(OPEN_AI), openConnectionStore(folder).save({ ...OPEN_AI, name: "other" })]);
  const found = (await openConnectionStore(folder).list()).find(({ name }) => name === "open ai");
  const { created, modified, ...kept } = found ?? assert.fail();
  assert.deepEqual(kept, OPEN_AI);
  assert.ok(created !== undefined && created === modified && Date.parse(created) <= Date.now());
  for (const name of ["connections.json", "connections.key"]) {
    const file = path.join(folder, name);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!(await readFile(file, "utf8")).includes("very-secret"));
  }
  assert.equal(await store.remove("open ai"), true);
  assert.equal(await store.remove("open ai"), false);
  assert.deepEqual(
    (await store.list()).map(({ name }) => name),
    ["other"],
  );
});

test("secrets that another key made, or of another connection, are refused by name; the others are not", async (context) => {
  const [one, two] = await Promise.all([mkdtemp(path.join(tmpdir(), "a-")), mkdtemp(path.join(tmpdir(), "b-"))]);
  context.after(() => Promise.all([one, two].map((folder) => rm(folder, { recursive: true, force: true }))));
  await openConnectionStore(one).save(OPEN_AI);
  await openConnectionStore(two).save({ ...OPEN_AI, name: "other" });
  await copyFile(path.join(one, "connections.json"), path.join(two, "connections.json"));
  const store = openConnectionStore(two);
  const source = configuredConnections({ entries: {}, store, env: {} });
  await assert.rejects(source.get("open ai"), {
    code: "InvalidConnection",
    message: /"open ai" cannot be decrypted.* create or delete the connection/,
  });
  await store.save({ ...OPEN_AI, name: "beside" });
  assert.equal((await source.get("beside")).secrets.api_key, "sk-very-secret");
  await store.save(OPEN_AI);
  assert.equal((await source.get("open ai")).secrets.api_key, "sk-very-secret");
  const text = await readFile(path.join(two, "connections.json"), "utf8");
  await writeFile(path.join(two, "connections.json"), text.replace('"beside"', '"moved"'));
  await assert.rejects(source.get("moved"), { code: "InvalidConnection", message: /"moved"/ });
});

test("a lost key and a damaged file are told, and nothing is written over them", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "connections-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const store = openConnectionStore(folder);
  const [file, key] = [path.join(folder, "connections.json"), path.join(folder, "connections.key")];
  const secrets = async (): Promise<unknown> => (await store.list()).map((one) => one.secrets);
  await store.save(OPEN_AI);
  const kept = await readFile(key);
  const text = await readFile(file, "utf8");
  await rm(key);
  const gone = { code: "InvalidConnection", message: /connections\.key is gone.*Restore it/ };
  await assert.rejects(secrets(), gone);
  await assert.rejects(store.save({ ...OPEN_AI, name: "new" }), gone);
  assert.deepEqual([existsSync(key), await readFile(file, "utf8")], [false, text]);
  await writeFile(key, "short");
  await assert.rejects(store.save(OPEN_AI), { message: /connections\.key holds no key/ });
  await writeFile(key, kept);
  assert.deepEqual(await secrets(), [OPEN_AI.secrets]);
  for (const damaged of [text.slice(0, 60), "", "[1]"]) {
    await writeFile(file, damaged);
    const told = { code: "InvalidConnection", message: /connections\.json cannot be read as connections.*Restore it/ };
    await assert.rejects(secrets(), told);
    await assert.rejects(store.save(OPEN_AI), told);
    await assert.rejects(store.remove("open ai"), told);
    assert.equal(await readFile(file, "utf8"), damaged);
  }
});

test("of one name the file of the environment wins over a created one, that over the configuration", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "connections-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const store = openConnectionStore(path.join(folder, "store"));
  const entries = {
    a: { type: "open_ai", base_url: "configured", api_key: "k" },
    b: { type: "open_ai", base_url: "configured", api_key: "k" },
    c: { type: "open_ai", base_url: "configured", api_key: "${env:C_KEY}" },
  };
  const file = path.join(folder, "connections.json");
  await writeFile(
    file,
    JSON.stringify({
      a: { type: "OpenAIConnection", value: { api_key: "f", base_url: "from file" }, secret_keys: ["api_key"] },
    }),
  );
  const source = configuredConnections({ entries, store, env: { PROMPTFLOW_CONNECTIONS: file, C_KEY: "from env" } });
  // Created while the source is in use, as in a running system.
  for (const name of ["a", "b"]) await store.save({ ...OPEN_AI, name, configs: { base_url: "created" } });
  assert.equal((await source.get("a")).configs.base_url, "from file");
  assert.equal((await source.get("b")).configs.base_url, "created");
  assert.deepEqual(
    [(await source.get("c")).configs.base_url, (await source.get("c")).secrets.api_key],
    ["configured", "from env"],
  );
  await assert.rejects(source.get("d"), { code: "ConnectionNotFound" });
});
