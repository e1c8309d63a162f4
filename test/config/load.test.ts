import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { loadConfig } from "../../src/config/load.ts";

function file(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "config-"));
  const name = path.join(folder, "flowstead.yaml");
  writeFileSync(name, text);
  return name;
}

test("with nothing set, the built-in model answers on loopback", () => {
  const { config, portIsExplicit } = loadConfig({ env: {} });
  assert.deepEqual(config.models, [{ name: "default", provider: "extractive", priority: 0, weight: 1 }]);
  assert.equal(config.host, "127.0.0.1");
  assert.deepEqual([config.endpoint.zones, config.endpoint.instances], [["1", "2", "3"], 3]);
  assert.equal(portIsExplicit, false);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.models[0]));
});

test("the field's usual variables choose the model", () => {
  const open = loadConfig({ env: { OPENAI_BASE_URL: "http://127.0.0.1:11434/v1", OPENAI_MODEL: "llama" } }).config
    .models[0];
  assert.deepEqual(
    [open?.provider, open?.base_url, open?.model, open?.api_key],
    ["openai", "http://127.0.0.1:11434/v1", "llama", undefined],
  );
  const azure = { AZURE_OPENAI_ENDPOINT: "https://x", AZURE_OPENAI_API_KEY: "k", AZURE_OPENAI_DEPLOYMENT: "d" };
  assert.equal(loadConfig({ env: azure }).config.models[0]?.provider, "azure-openai");
  assert.throws(() => loadConfig({ env: { AZURE_OPENAI_API_KEY: "k" } }), {
    code: "InvalidConfig",
    message: /AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_DEPLOYMENT/,
  });
});

test("command line wins over environment, environment over file", () => {
  const name = file("port: 1000\nhome: from-file\nlog: {level: debug}\n");
  const { config, portIsExplicit } = loadConfig({
    file: name,
    env: { FLOWSTEAD_PORT: "2000", FLOWSTEAD_HOME: "from-env" },
    overrides: { port: 3000 },
  });
  assert.equal(config.port, 3000);
  assert.equal(path.basename(config.home), "from-env");
  assert.equal(config.log.level, "debug");
  assert.equal(portIsExplicit, true);
});

test("what the environment says wrongly is not put down to the file", () => {
  const name = file("chat:\n  title: Hello\n");
  const wrong = (env: Record<string, string>): void => {
    loadConfig({ file: name, env });
  };
  assert.throws(() => wrong({ FLOWSTEAD_PORT: "abc" }), { message: /\nport: / });
  assert.equal(loadConfig({ env: { FLOWSTEAD_CONFIG: "" } }).file, undefined);
});

test("a deployment's name fits into headers and names of sockets", () => {
  for (const name of ["a/b", "..", "über", "x".repeat(33)]) {
    const text = `endpoint: {deployment: ${JSON.stringify(name)}}\n`;
    assert.throws(() => loadConfig({ file: file(text), env: {} }), { message: /endpoint\.deployment/ }, name);
  }
});

test("wrong settings name file, line, key and reason", () => {
  const name = file("port: 8080\nendpoint:\n  name: chat\n  instances: 0\nsurprise: 1\n");
  assert.throws(
    () => loadConfig({ file: name, env: {} }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, "InvalidConfig");
      assert.match(error.message, /flowstead\.yaml:4: endpoint\.instances: /);
      assert.match(
        error.message,
        /flowstead\.yaml:5: surprise: there is no such setting; there are home, host, port, /,
      );
      return true;
    },
  );
  assert.throws(() => loadConfig({ env: { FLOWSTEAD_PORT: "eighty" } }), { code: "InvalidConfig", message: /port/ });
});

test("secrets come from the environment by reference, and a missing one is named", () => {
  const name = file("models:\n- provider: openai\n  api_key: ${env:MY_KEY}\n");
  assert.equal(loadConfig({ file: name, env: { MY_KEY: "s3cret" } }).config.models[0]?.api_key, "s3cret");
  assert.throws(() => loadConfig({ file: name, env: {} }), { code: "InvalidConfig", message: /MY_KEY is not set/ });
});

test("what stands wrongly in the file is told with its line and with what was meant", () => {
  const texts: [string, RegExp][] = [
    ["chat:\r\n  title: Hi\r\nprot: 1\r\n", /yaml:3: prot: there is no such setting; did you mean "port"\?$/],
    ["\uFEFFgateway:\n  keys: []\n  limts: []\n", /yaml:3: gateway\.limts: .*did you mean "limits"\?$/],
    ["port: eighty\n", /yaml:1: port: must be a number$/],
    ["chat:\n  examples: hello\n", /yaml:2: chat\.examples: must be a list$/],
    ["models:\n", /yaml:1: models: is empty; it must be a list, or be left out$/],
    ["gateway:\n  keys:\n    - {name: a}\n", /yaml:3: gateway\.keys\.0\.key: is missing; it must be a text$/],
    ["endpoint: {instances: 0}\n", /yaml:1: endpoint\.instances: must be at least 1$/],
    ["endpoint:\n  max_instances: 2\n", /yaml:2: endpoint\.max_instances: 2 is less than instances, which is 3 /],
    [
      "endpoint:\n  max_instances: 9\n  schedules:\n  - {start: '08:00', end: '18:00',\n     min_instances: 5, max_instances: 4}\n",
      /yaml:5: endpoint\.schedules\.0\.max_instances: 4 is less than min_instances, which is 5/,
    ],
    [
      "endpoint:\n  schedules: [{start: '08:00', end: '18:00', min_instances: 1, max_instances: 4}]\n",
      /yaml:2: endpoint\.schedules: there is no scaling without max_instances/,
    ],
    ["log:\n  level: loud\n", /yaml:2: log\.level: must be "debug" or "info" or /],
    [
      "\n\nmodels:\n  - {provider: openai, api_key: '${env:NOT_SET}'}\n",
      /yaml:4: models\[0\]\.api_key: .*NOT_SET is not set/,
    ],
    ["a: &a [*a]\n", /yaml: its aliases \(\*name\) go too deep, or round in a circle/],
  ];
  for (const [text, message] of texts)
    assert.throws(() => loadConfig({ file: file(text), env: {} }), { message }, JSON.stringify(text));
  const latin = file("");
  writeFileSync(latin, Buffer.from("chat:\n  title: Gr\u00fc\u00dfe\n", "latin1"));
  assert.throws(() => loadConfig({ file: latin, env: {} }), { message: /yaml:2: a character that is no UTF-8/ });
  const { placed } = loadConfig({ file: file("chat: {}\nmodels:\n  - provider: openai\n"), env: {} });
  const later = placed(
    new FlowsteadError("InvalidConfig", "models[0] (openai): model: is wrong\nport: not in the file"),
  );
  assert.match((later as Error).message, /yaml:3: models\[0\] \(openai\): model: is wrong\nport: not in the file$/);
});
