// What a flow in a container gets of the system that has started it, by the folder of sockets and the token that it is given.

import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import OpenAI from "openai";
import { lentFlow } from "../../src/app/lent-flow.ts";
import { lendResources, openModelGateway } from "../../src/app/model-gateway.ts";
import { openResources } from "../../src/app/resources.ts";
import { SILENT } from "../../src/base/log.ts";
import { configSchema } from "../../src/config/schema.ts";
import { remoteResources } from "../../src/endpoint/resource/client.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import { openGovernance } from "../../src/gateway/open.ts";
import { openModelPools } from "../../src/model/pools.ts";
import { modelSettings } from "../../src/model/provider/index.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";

test("a container's flow reaches models by its two sockets, is counted, and holds no key", async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), "lent-"));
  const fake = await fakeModel(context);
  const config = configSchema.parse({
    home,
    models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m", api_key: "the-providers-key" }],
    connections: {
      mine: { type: "open_ai", base_url: `${fake.url}/v1`, api_key: "the-providers-key" },
      other: { type: "custom", configs: {}, secrets: { word: "a-secret-word" } },
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
  const { models, govern } = governance;
  const openIndex = (): Promise<never> => Promise.reject(new Error("none"));
  const resources = openResources(config, { env: {}, log: SILENT, models, embedder: undefined, openIndex, govern });
  const gateway = await openModelGateway(config, { governance, resources, embedder: undefined });
  const lent = await lendResources(resources, { gateway, runFolder: home, log: SILENT, readers: [] });
  const map = {
    name: "boxed",
    endpoint_name: "shop",
    environment: { image: "an-image" },
    properties: { "flowstead.driver": "container" },
  };
  const { socketPath, token } = lent.addressFor(readSpecification(map, "test").spec as DeploymentSpec);
  const folder = path.dirname(socketPath);
  // Another user of the container may connect; the folder above is its owner's alone.
  assert.equal((await stat(socketPath)).mode & 0o777, 0o666);
  const flow = lentFlow({ FLOWSTEAD_RESOURCES: folder, FLOWSTEAD_RESOURCES_TOKEN: token, PATH: "/bin" });
  assert.ok(flow);
  context.after(async () => {
    await flow.close();
    await lent.close();
    await gateway.close();
    await resources.close();
    await governance.close();
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await store.close();
    await rm(home, { recursive: true, force: true });
  });
  assert.deepEqual(flow.env, { PATH: "/bin" }, "the token is not for the flow's own code");

  const model = await flow.resources.chatModel("default");
  const request = { messages: [{ role: "user" as const, content: "hi" }], stream: false, parameters: {} };
  for await (const chunk of model.chat(request, AbortSignal.timeout(20_000))) assert.ok(chunk);
  const connection = await flow.resources.connection("mine");
  const { base_url: baseURL } = connection.configs as { base_url: string };
  const apiKey = String(connection.secrets["api_key"]);
  assert.ok(!JSON.stringify(connection).includes("the-providers-key"));
  // The port that processes outside use is not there in a container: it has one of its own, over the other socket.
  const outside = remoteResources({ socketPath, token, url: "http://resources" });
  const given = (await outside.connection("mine")).configs as { base_url: string };
  await outside.close();
  assert.notEqual(new URL(baseURL).port, new URL(given.base_url).port);
  assert.equal(new URL(baseURL).pathname, new URL(given.base_url).pathname);
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "hi" }];
  const answer = await client.chat.completions.create({ model: "m", messages });
  assert.ok(answer.choices[0]?.message.content);
  await assert.rejects(flow.resources.connection("other"), {
    code: "Forbidden",
    message: /"other" is not one of a model/,
  });
  const rows = await governance.ledger.sums(["flow", "model"]);
  const accounts = rows.map(({ flow: name, requests }) => `${name} ${requests}`);
  assert.equal(
    rows.reduce((sum, { requests }) => sum + requests, 0),
    2,
    accounts.join(),
  );
  assert.ok(
    accounts.every((account) => account.startsWith("shop ")),
    accounts.join(),
  );
  assert.equal(lentFlow({ PATH: "/bin" }), undefined);
});
