import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { temporaryHome } from "../e2e/system.ts";
import { runHere } from "./in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const file = path.join(path.dirname(home), "connection.yaml");
await writeFile(file, "name: my_ai\ntype: azure_open_ai\napi_base: https://x.example\napi_key: <user-input>\n");

const run = (...args: string[]): ReturnType<typeof runHere> => runHere(["connection", ...args, "--home", home]);

test("connections are created, shown without secrets, updated and deleted", async () => {
  const refused = await run("create", "-f", file);
  assert.deepEqual([refused.code, /api_key: <user-input> asks a person/.test(refused.stderr)], [1, true]);
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
