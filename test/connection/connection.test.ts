import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionFromDict, parseConnection, readConnectionFile } from "../../src/connection/parse.ts";
import { openConnections } from "../../src/connection/source.ts";

test("connection YAML of the known kinds", () => {
  const azure = parseConnection(
    "$schema: x\nname: a\ntype: azure_open_ai\napi_key: ${env:KEY}\napi_base: https://example.test\napi_type: azure\n",
  );
  assert.deepEqual(azure, {
    name: "a",
    type: "AzureOpenAIConnection",
    configs: { api_type: "azure", api_version: "2024-02-01", auth_mode: "key", api_base: "https://example.test" },
    secrets: { api_key: "${env:KEY}" },
  });
  assert.equal(parseConnection({ name: "s", type: "serp", api_key: "k" }).type, "SerpConnection");
  const forms = parseConnection({ name: "f", type: "form_recognizer", api_key: "k", endpoint: "e" });
  assert.deepEqual(forms.configs, { api_version: "2023-07-31", api_type: "Form Recognizer", endpoint: "e" });
  assert.deepEqual(parseConnection("name: c\ntype: custom\nconfigs: {url: u, n: 1}\nsecrets: {token: t}\n"), {
    name: "c",
    type: "CustomConnection",
    configs: { url: "u", n: 1 },
    secrets: { token: "t" },
  });
  const strong = parseConnection("name: c\ntype: custom\ncustom_type: Mine\nmodule: m\nsecrets: {k: t}\n");
  assert.equal(strong.configs["promptflow.connection.custom_type"], "Mine");
});

test("a connection that cannot be used says what is missing", () => {
  assert.throws(
    () => parseConnection("type: serp\n", "x.yaml"),
    /^FlowsteadError: x\.yaml: this connection cannot be used: `name` is missing\.$/,
  );
  assert.throws(
    () => parseConnection("name: a\ntype: azure_open_ai\n"),
    /connection 'a' cannot be used: `api_base` is missing/,
  );
  assert.throws(() => parseConnection("name: a\ntype: magic\n"), /type 'magic' is none of azure_open_ai, open_ai/);
  assert.throws(() => connectionFromDict("a", { value: {} }), { code: "InvalidConnection" });
});

test("the file form of the original keeps secrets apart", () => {
  const [azure, custom] = readConnectionFile(
    '{"a": {"type": "AzureOpenAIConnection", "value": {"api_key": "k", "api_base": "b"}, "module": "promptflow.connections"},' +
      ' "c": {"type": "CustomConnection", "value": {"x": "1", "y": "2"}, "secret_keys": ["x"]}}',
  );
  assert.deepEqual(azure?.secrets, { api_key: "k" });
  assert.deepEqual(custom, { name: "c", type: "CustomConnection", configs: { y: "2" }, secrets: { x: "1" } });
});

test("values are resolved at use: the overriding variable first, then references", async () => {
  const entry = parseConnection("name: my conn-1\ntype: open_ai\napi_key: ${env:KEY}\nbase_url: http://one\n");
  const env = { KEY: "secret", "MY_CONN-1_BASE_URL": "http://two" };
  const connections = openConnections({ entries: [entry], env });
  assert.deepEqual(await connections.get("my conn-1"), {
    name: "my conn-1",
    type: "OpenAIConnection",
    configs: { base_url: "http://two" },
    secrets: { api_key: "secret" },
  });
  assert.deepEqual(await connections.list(), [entry], "the list keeps references as written");
  const without = openConnections({ entries: [entry], env: {} });
  await assert.rejects(without.get("my conn-1"), {
    code: "EnvironmentVariableNotFound",
    message: "Environment variable KEY is not found.",
  });
});

test("a connection that is not there is told with the way to add it", async () => {
  const entries = [parseConnection({ name: "here", type: "open_ai" })];
  await assert.rejects(openConnections({ entries, env: {} }).get("gone"), (error: Error) => {
    assert.match(
      error.message,
      /^Connection 'gone' is not found\. Add it with `flowstead connection create .*known connections: here\.$/,
    );
    return true;
  });
  await assert.rejects(openConnections({ entries, env: {}, provider: "dict" }).get("gone"), {
    message: "Connection 'gone' not found in dict connection provider. Available keys are ['here'].",
  });
});
