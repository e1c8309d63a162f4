import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statfsSync, writeFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { openConnectionStore } from "../../src/connection/store.ts";
import { temporaryHome } from "../e2e/system.ts";
import { smallDisk } from "../fake/small-disk.ts";
import { runHere } from "./in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const file = path.join(path.dirname(home), "connection.yaml");
await writeFile(file, "name: my_ai\ntype: azure_open_ai\napi_base: https://x.example\napi_key: <user-input>\n");

const run = (...args: string[]): ReturnType<typeof runHere> => runHere(["connection", ...args, "--home", home]);

test("connections are created, shown without secrets, updated and deleted", async () => {
  const refused = await run("create", "-f", file);
  assert.deepEqual([refused.code, /api_key: <user-input> asks a person/.test(refused.stderr)], [1, true]);
  const masked = await run("create", "-f", file, "--set", "api_key=******");
  assert.deepEqual([masked.code, /api_key: \*{6} asks a person/.test(masked.stderr)], [1, true]);
  const nothing = [await run("create"), await run("update", "--set", "a=b")];
  assert.deepEqual(
    nothing.map(({ code, stderr }) => [code, /required option '-., --(file|name) </.exec(stderr)?.[1]]),
    [
      [2, "file"],
      [2, "name"],
    ],
  );
  const created = await run("create", "-f", file, "--set", "api_key=very-secret");
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /"api_key": "\*{6}"/);
  const again = await run("create", "-f", file, "--set", "api_key=x");
  assert.deepEqual([again.code, again.stderr], [0, 'note: this replaces the connection "my_ai".\n']);
  const times = [created, again].map(({ stdout }) => JSON.parse(stdout) as Record<string, string>);
  assert.equal(times[1]?.created_date, times[0]?.created_date);
  assert.match(times[1]?.last_modified_date ?? "", /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}$/);
  assert.equal(times[1]?.module, "promptflow.connections");
  const updated = await run("update", "-n", "my_ai", "--set", "api_version=2030-01-01", "api_key=<no-change>");
  assert.match(updated.stdout, /2030-01-01/);
  await run("update", "-n", "my_ai", "--set", "api_key=******");
  const [stored] = await openConnectionStore(path.join(home, "connections")).list();
  assert.equal(stored?.secrets.api_key, "x");
  const shown = await run("show", "-n", "my_ai");
  const connection = JSON.parse(shown.stdout) as Record<string, string>;
  assert.deepEqual(
    [connection.type, connection.api_base, connection.api_version, connection.api_key],
    ["azure_open_ai", "https://x.example", "2030-01-01", "******"],
  );
  assert.equal((JSON.parse((await run("list")).stdout) as object[]).length, 1);
  assert.equal((await run("delete", "-n", "my_ai", "--yes")).code, 0);
  assert.match((await run("show", "-n", "my_ai")).stderr, /no stored connection "my_ai"/);
  const gone = await run("delete", "-n", "my_ai", "--yes", "--json");
  assert.deepEqual([gone.code, JSON.parse(gone.stdout)], [0, { name: "my_ai", deleted: false }]);
});

test("a connection whose secrets are damaged is told, and the others are listed", async (context) => {
  const own = await temporaryHome();
  context.after(own.remove);
  const at = ["--home", own.home];
  for (const name of ["sound", "broken"])
    await runHere(["connection", "create", "-f", file, "-n", name, "--set", "api_key=k", ...at]);
  const stored = path.join(own.home, "connections", "connections.json");
  const entries = JSON.parse(readFileSync(stored, "utf8")) as Record<string, { secrets: string }>;
  (entries.broken as { secrets: string }).secrets = "AAAA.AAAA.AAAA";
  writeFileSync(stored, JSON.stringify(entries));
  const { code, stdout, stderr } = await runHere(["connection", "list", ...at]);
  assert.deepEqual([code, (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)], [0, ["sound"]]);
  assert.match(stderr, /^Warning: .*broken/);
});

test("a key with a dot is a field of configs or secrets, and the other fields stay", async () => {
  const custom = path.join(path.dirname(home), "custom.yaml");
  await writeFile(
    custom,
    "name: own\ntype: custom\nconfigs: {api_base: x, kind: k}\nsecrets: {api_key: <user-input>}\n",
  );
  const created = await run("create", "-f", custom, "--set", "secrets.api_key=s", "configs.api_base=http://here");
  assert.equal(created.code, 0, created.stderr);
  const updated = await run("update", "-n", "own", "--set", "configs.kind=other");
  const { configs, secrets } = JSON.parse(updated.stdout) as Record<string, unknown>;
  assert.deepEqual([configs, secrets], [{ api_base: "http://here", kind: "other" }, { api_key: "******" }]);
});

test("another type keeps what it has a place for, and the key", async () => {
  const azure = path.join(path.dirname(home), "azure.yaml");
  await writeFile(azure, "name: moved\ntype: azure_open_ai\napi_base: https://x.example\napi_key: k\n");
  assert.equal((await run("create", "-f", azure)).code, 0);
  const moved = await run("update", "-n", "moved", "--set", "type=open_ai", "base_url=https://y.example");
  const { name, type, api_key, base_url, ...rest } = JSON.parse(moved.stdout) as Record<string, string>;
  assert.deepEqual([name, type, api_key, base_url], ["moved", "open_ai", "******", "https://y.example"]);
  assert.deepEqual(Object.keys(rest), ["module", "created_date", "last_modified_date"]);
  const serverless = await run("update", "-n", "moved", "--set", "type=serverless");
  assert.deepEqual([serverless.code, /`api_base` is missing/.test(serverless.stderr)], [1, true]);
  assert.equal((JSON.parse((await run("show", "-n", "moved")).stdout) as Record<string, string>).type, "open_ai");
});

test("a full disk and one that may only be read: told in a sentence, and what was there stays", async (context) => {
  const disk = smallDisk(context, 64);
  if (disk === undefined) return context.skip("mounting a small disk takes the right to");
  const state = path.join(disk, "state");
  const refused = async (where: string, told: RegExp): Promise<void> => {
    const set = ["--set", "name=kept", "type=open_ai", "api_key=other", "--home", where];
    for (const words of [
      ["connection", "create", ...set],
      ["config", "set", "run.output_path=/elsewhere", "--home", where],
    ]) {
      const { code, stdout, stderr } = await runHere(words);
      assert.deepEqual([code, stdout], [1, ""], words.join(" "));
      assert.match(stderr, told, words.join(" "));
    }
  };
  const create = ["connection", "create", "--home", state, "--set", "name=kept", "type=open_ai"];
  assert.equal((await runHere([...create, "api_key=first"])).code, 0);
  const file = path.join(state, "connections/connections.json");
  const before = readFileSync(file, "utf8");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(path.join(disk, "filler"), Buffer.alloc(bavail * bsize));
  await refused(state, /^Error: There is no room on the disk[^\n]*\n$/);
  await refused(path.join(disk, "new"), /^Error: There is no room on the disk[^\n]*\n$/);
  assert.deepEqual(readdirSync(path.join(disk, "new"), { recursive: true }), ["connections"]);
  await rm(path.join(disk, "filler"));
  execFileSync("mount", ["-o", "remount,ro", disk]);
  await refused(state, /^Error: A file cannot be read or written \(EROFS[^\n]*another folder\.\n$/);
  assert.equal(readFileSync(file, "utf8"), before);
  assert.deepEqual(readdirSync(state, { recursive: true, encoding: "utf8" }).toSorted(), [
    "connections",
    "connections/connections.json",
    "connections/connections.key",
  ]);
});
