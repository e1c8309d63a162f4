// What an image's folder says about connections and models: addresses as they are, secrets as references.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml } from "../../src/base/yaml.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { parseConnection } from "../../src/connection/parse.ts";
import { connectionFiles, modelFile } from "../../src/registry/connection-file.ts";
import { dockerfile, readme } from "../../src/registry/docker-file.ts";

const custom: Connection = {
  name: "my shop",
  type: "CustomConnection",
  configs: { url: "https://shop.example", region: "${env:SHOP_REGION}", tries: 3 },
  secrets: { token: "hush-hush", pass: "hush" },
};

test("a connection's file is read again as the same connection with references for secrets", () => {
  const { files, variables } = connectionFiles([custom]);
  assert.deepEqual([...variables.keys()], ["MY_SHOP_TOKEN", "MY_SHOP_PASS", "SHOP_REGION"]);
  const text = files.get("connections/my_shop.yaml") ?? "";
  assert.doesNotMatch(text, /hush/);
  assert.deepEqual(parseConnection(text), {
    ...custom,
    secrets: { token: "${env:MY_SHOP_TOKEN}", pass: "${env:MY_SHOP_PASS}" },
  });
});

test("an API version stays a text for readers of YAML 1.1, as the original is, which take it for a date", () => {
  const configs = { api_base: "https://x.example", api_version: "2024-02-01" };
  const azure: Connection = { name: "on", type: "AzureOpenAIConnection", configs, secrets: { api_key: "x" } };
  const { files } = connectionFiles([azure]);
  assert.match(files.get("connections/on.yaml") ?? "", /^name: "on"$[^]*^api_version: "2024-02-01"$/m);
});

test("two connections that would share a variable or a file are refused", () => {
  const named = (name: string): Connection => ({
    name,
    type: "OpenAIConnection",
    configs: {},
    secrets: { api_key: "x" },
  });
  assert.throws(() => connectionFiles([named("my ai"), named("my_ai")]), /MY_AI_API_KEY|my_ai\.yaml/);
});

test("model pools keep what is open and nothing else", () => {
  const { files, variables } = modelFile([
    { name: "writer", provider: "openai", base_url: "https://a.example", api_key: "hush", extra_header: "hush" },
    { name: "writer", provider: "openai", base_url: "https://b.example", api_key: "hush", priority: 1 },
  ]);
  const text = files.get("flowstead.yaml") ?? "";
  assert.doesNotMatch(text, /hush/);
  assert.deepEqual(
    (parseYaml(text).value as { models: { api_key: string }[] }).models.map((model) => model.api_key),
    ["${env:WRITER_API_KEY}", "${env:WRITER_2_API_KEY}"],
  );
  assert.equal(variables.size, 2);
  assert.equal(modelFile([]).files.size, 0);
});

test("Python is in the image only when the flow has Python; a package file takes the place of the published one", () => {
  const facts = {
    flow: "My Flow",
    source: "flow",
    version: "1.2.3",
    hasPython: false,
    usesDefaultModel: true,
    variables: ["A_KEY"],
  };
  assert.doesNotMatch(
    dockerfile({ ...facts, requirements: { file: "requirements.txt", isAlone: true } }),
    /python|pip/,
  );
  assert.match(dockerfile({ ...facts, hasPython: true }), /python3-venv/);
  const packed = dockerfile({ ...facts, packageFile: "flowstead-1.2.3.tgz" });
  assert.match(
    packed,
    /^COPY flowstead-1\.2\.3\.tgz .*\nRUN command -v flowstead .*npm install .*\/opt\/flowstead-1\.2\.3\.tgz/m,
  );
  assert.doesNotMatch(packed, /flowstead@1/);
  assert.match(readme(facts), /docker build -t my-flow \.\ndocker run .* -e A_KEY=\.\.\. -e OPENAI_API_KEY=/);
});
