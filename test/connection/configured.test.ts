import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { configuredConnections } from "../../src/connection/configured.ts";
import { openConnectionStore } from "../../src/connection/store.ts";

test("the managed platform's variables: connections in one of them, and one in place of another", async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "connections-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openConnectionStore(folder);
  const encoded = gzipSync(
    JSON.stringify({ mine: { type: "OpenAIConnection", value: { api_key: "k1" }, module: "promptflow.connections" } }),
  ).toString("base64");
  const entries = { other: { type: "open_ai", api_key: "k2" } };
  const open = (env: Record<string, string>): ReturnType<typeof configuredConnections> =>
    configuredConnections({ entries, store, env });

  assert.equal((await open({ PROMPTFLOW_ENCODED_CONNECTIONS: encoded }).get("mine")).secrets["api_key"], "k1");
  assert.equal((await open({ PF_ENCODED_CONNECTIONS: encoded }).get("other")).secrets["api_key"], "k2");
  const renamed = await open({ my_connection: "other" }).get("my connection");
  assert.deepEqual([renamed.name, renamed.secrets["api_key"]], ["my connection", "k2"]);
  await assert.rejects(open({ my_connection: "nothing" }).get("my connection"), { code: "ConnectionNotFound" });
  assert.throws(() => open({ PROMPTFLOW_ENCODED_CONNECTIONS: "no" }), {
    message: /^PROMPTFLOW_ENCODED_CONNECTIONS must/,
  });
});
