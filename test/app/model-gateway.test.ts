// What a flow's own client gets of embeddings, by way of its connection: the wired gateway over a fake region.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import OpenAI, { type APIError, AzureOpenAI } from "openai";
import { openModelGateway } from "../../src/app/model-gateway.ts";
import { openConfiguredEmbedder, openResources } from "../../src/app/resources.ts";
import { SILENT } from "../../src/base/log.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openGatewayListener } from "../../src/entry/gateway-listener.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import { openGovernance } from "../../src/gateway/open.ts";
import { openModelPools } from "../../src/model/pools.ts";
import { modelSettings } from "../../src/model/provider/index.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";

test("embeddings through the connection of a pool are the configured embedder's, in the caller's account", async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), "model-gateway-"));
  const fakes = await Promise.all([
    fakeModel(context, { faults: [{ fault: { kind: "status", status: 503 } }] }),
    fakeModel(context),
  ]);
  const plain = await plainServer(context);
  const config = configSchema.parse({
    home,
    models: [{ provider: "openai", base_url: `${fakes[0]?.url}/v1`, model: "m" }],
    connections: {
      mine: {
        type: "azure_open_ai",
        api_base: fakes[1]?.url,
        api_key: "k",
      },
      plain: { type: "azure_open_ai", api_base: plain.url, api_key: "k" },
    },
    embedder: {
      provider: "azure-openai",
      model: "embed",
      deployment: "vectors",
      dimensions: 8,
      api_key: "k",
      regions: fakes.map(({ url }, priority) => ({ endpoint: url, priority })),
    },
  });
  const store = await openRecordStore({ file: path.join(home, "records.db") });
  const pools = openModelPools(config.models.map(modelSettings), SILENT);
  const governance = await openGovernance({
    config: config.gateway,
    pools,
    ledger: await openLedger(store, SILENT),
    log: SILENT,
  });
  const embedder = await openConfiguredEmbedder(config, SILENT);
  const openIndex = (): Promise<never> => Promise.reject(new Error("none"));
  const { models } = governance;
  const resources = openResources(config, { env: {}, log: SILENT, models, embedder, openIndex });
  const gateway = await openModelGateway(config, { governance, resources, embedder });
  const listener = await openGatewayListener(gateway, SILENT);
  context.after(async () => {
    await listener.close();
    await gateway.close();
    await resources.close();
    await governance.close();
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await embedder?.close();
    await store.close();
    await rm(home, { recursive: true, force: true });
  });
  const { token: apiKey } = gateway.credentials.lend({ principal: "ann", flow: "f" });
  const at = `${listener.url}/connections`;
  const client = new OpenAI({ baseURL: `${at}/default/v1`, apiKey, maxRetries: 0 });

  const { data } = await client.embeddings.create({ model: "embed", input: ["a b", "c"] });
  assert.deepEqual(
    data.map(({ embedding }) => embedding.length),
    [8, 8],
  );
  const azure = (connection: string, deployment: string): AzureOpenAI =>
    new AzureOpenAI({
      endpoint: `${at}/${connection}`,
      apiKey,
      deployment,
      apiVersion: "2024-10-21",
      maxRetries: 0,
    });
  const ask = { model: "vectors", input: "d" };
  assert.equal((await azure("default", "vectors").embeddings.create(ask)).data[0]?.embedding.length, 8);
  await assert.rejects(client.embeddings.create({ model: "other", input: "x" }), {
    status: 404,
    code: "model_not_found",
    message: /"other" behind connection "default". There is: embed, vectors/,
  });
  // Another connection has an address of its own, where a deployment is asked for by its name.
  assert.equal((await azure("mine", "vectors").embeddings.create(ask)).data[0]?.embedding.length, 256);
  const sized = { ...ask, dimensions: 16 };
  assert.equal((await azure("mine", "vectors").embeddings.create(sized)).data[0]?.embedding.length, 16);
  // What is passed on is not for us to judge: a server may give a known model's name to another one.
  const known = "text-embedding-ada-002";
  const given = await azure("plain", known).embeddings.create({ model: known, input: "d" });
  assert.deepEqual(given.data[0]?.embedding, [3, 4]);
  // A program waits itself, by what it is told.
  fakes[1]!.script({ faults: [{ fault: { kind: "status", status: 429, headers: { "retry-after": "30" } } }] });
  await assert.rejects(azure("mine", "vectors").embeddings.create(ask), (thrown: APIError) => {
    assert.deepEqual([thrown.status, thrown.headers?.get("retry-after-ms")], [429, "30000"]);
    return true;
  });

  const asked = fakes.map(({ journal }) => journal.entries.filter(({ path }) => path.includes("/embeddings")).length);
  assert.deepEqual(asked, [2, 4], "the first region failed once; the connection's own calls went to the second");
  const rows = await governance.ledger.sums(["principal", "flow", "model"]);
  const accounts = rows.map(({ principal, flow, model, requests }) => `${principal} ${flow} ${model} ${requests}`);
  assert.deepEqual(new Set(accounts), new Set(["ann f embed 2", "ann f mine 2", "ann f plain 1"]));
  assert.equal(await plain.connections(), 1);
  await gateway.close();
  while ((await plain.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

/** A server whose vectors are not of length one. */
async function plainServer(context: TestContext): Promise<{ url: string; connections(): Promise<number> }> {
  const server = createServer((request, response) => {
    request.resume();
    response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"object":"list","data":[{"index":0,"embedding":[3,4]}],"usage":{"prompt_tokens":1}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
  };
}
