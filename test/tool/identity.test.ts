// A connection with `auth_mode: meid_token`: an Entra token for each kind of call, by what the environment says of the caller.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { configuredConnections } from "../../src/connection/configured.ts";
import { openConnectionStore } from "../../src/connection/store.ts";
import { localResources } from "../../src/endpoint/resource/local.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { lentConnection } from "../../src/gateway/lent-connection.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { runFlow, writeFolder } from "../flow/flow-folder.ts";

const DAG = `
inputs: {q: {type: string, default: hi}}
outputs: {answer: {type: string, reference: "\${ask.output}"}, vector: {type: list, reference: "\${embed.output}"}}
nodes:
- {name: ask, type: llm, source: {type: code, path: ask.jinja2}, inputs: {deployment_name: d, q: "\${inputs.q}"}, connection: entra, api: chat}
- {name: embed, type: python, source: {type: package, tool: promptflow.tools.embedding.embedding}, inputs: {connection: entra, deployment_name: e, input: "\${inputs.q}"}}
`;

const PROMPTY =
  "---\nmodel:\n  configuration: {type: azure_openai, connection: entra, azure_deployment: d}\n  parameters: {}\ninputs: {q: {type: string}}\n---\nuser:\n{{q}}\n";

test("llm, embedding and prompty call with a token where the connection has no key", async (context) => {
  const fake = await fakeModel(context, { tokens: { secret: "s" } });
  const folder = writeFolder(context, {
    "dag/flow.dag.yaml": DAG,
    "dag/ask.jinja2": "user:\n{{q}}\n",
    "ask.prompty": PROMPTY,
  });
  const entry = {
    type: "azure_open_ai",
    api_base: fake.url,
    api_version: "2024-02-01",
    auth_mode: "meid_token",
    api_key: "unused",
  };
  const env = { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s", AZURE_AUTHORITY_HOST: fake.url };
  const store = openConnectionStore(path.join(folder, "store"));
  const connect = (secret: string) =>
    configuredConnections({ entries: { entra: entry }, store, env: { ...env, AZURE_CLIENT_SECRET: secret } });
  const connections = connect("s");
  const open = async (directory: string, known = connections) => {
    const resources = localResources({
      models: new Map(),
      connections: known,
      embedder: undefined,
      openIndex: () => Promise.reject(new Error("no index")),
      log: SILENT,
    });
    const target = await openFlow({ directory, tools: BUILT_IN_TOOLS, resources, streaming: false });
    context.after(() => target.close());
    context.after(() => resources.close());
    return target;
  };
  const { outputs, error } = await runFlow(await open(path.join(folder, "dag")));
  assert.equal(error, undefined);
  assert.equal(outputs?.["answer"], "MOCK:hi");
  assert.ok(Array.isArray(outputs?.["vector"]) && outputs["vector"].length > 0);
  const asked = await runFlow(await open(path.join(folder, "ask.prompty")), { q: "x" });
  assert.deepEqual(asked.outputs, { output: "MOCK:x" });
  const calls = fake.journal.entries.filter(({ path: at }) => at.includes("/deployments/"));
  assert.deepEqual(
    calls.map(({ auth }) => auth),
    ["bearer", "bearer", "bearer"],
  );
  const lent = lentConnection(await connections.get("entra"), { url: "http://gateway", token: "t" });
  assert.equal("identity" in lent, false, "what proves the caller stays here");
  const refused = await runFlow(await open(path.join(folder, "dag"), connect("wrong")));
  const { message } = refused.error as { message: string };
  assert.match(message, /gave no token: .*Check AZURE_TENANT_ID and AZURE_CLIENT_ID .* of connection "entra"\./);
  assert.doesNotMatch(message, /flowstead\.yaml/);
});
