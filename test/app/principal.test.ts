// Who is charged for what a flow asks of models: whoever asked the flow, in every way that a flow can ask.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { openApp } from "../../src/app.ts";
import { lendResources } from "../../src/app/model-gateway.ts";
import { SILENT } from "../../src/base/log.ts";
import { loadConfig } from "../../src/config/load.ts";
import { remoteResources } from "../../src/endpoint/resource/client.ts";
import type { FlowCall } from "../../src/flow/target.ts";
import { charging, createCredentials } from "../../src/gateway/credential.ts";
import { type UsageSum, openLedger } from "../../src/gateway/ledger.ts";
import { createPseudonyms } from "../../src/identity/pseudonym.ts";
import type { Caller, ChatRequest } from "../../src/model/chat-model.ts";
import { type Embedder, embedderFor } from "../../src/model/embedder.ts";
import { startFakeModel } from "../../src/model/fake/server.ts";
import type { SearchQuery } from "../../src/search/search-index.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { ask } from "../e2e/chat-client.ts";
import { environment, temporaryHome } from "../e2e/system.ts";

const fake = await startFakeModel({ script: { reply: "one two" } });
const { home, remove } = await temporaryHome();
after(async () => {
  await fake.close();
  await remove();
});

const FLOW = path.resolve("test/fixture/flow/on-behalf");
const CONFIG = `
models:
  - { provider: openai, base_url: ${fake.url}/v1, model: m }
embedder: { provider: openai, base_url: ${fake.url}/v1, model: vectors, dimensions: 8 }
connections:
  my_openai: { type: open_ai, base_url: ${fake.url}/v1, api_key: none }
gateway:
  limits:
    - { principal: chat/primary, model: my_openai, requests_per_minute: 6 }
    - { principal: chat/secondary, model: default, requests_per_minute: 2 }
endpoint: { flow: ${FLOW}, instances: 1 }
`;

test("each key of an endpoint and the chat page pay for themselves, and have limits of their own", async () => {
  const file = path.join(path.dirname(home), "flowstead.yaml");
  await writeFile(file, CONFIG);
  const env = environment();
  const app = await openApp(loadConfig({ file, overrides: { home, port: 0 }, env }), SILENT);
  try {
    const keys = await endpointKeys(app.url);
    const score = async (key: string): Promise<string> => {
      const response = await fetch(`${app.url}/endpoints/chat/score`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: '{"question": "Hi"}',
      });
      const text = await response.text();
      return response.ok ? (JSON.parse(text) as { code: string }).code : text;
    };
    const both = await Promise.all(
      [keys.primary, keys.secondary, keys.primary, keys.secondary, keys.primary].map(score),
    );
    assert.deepEqual(
      both,
      Array.from({ length: 5 }, () => "one two one two"),
    );
    assert.match(await score(keys.primary), /429/);
    assert.match(await score(keys.secondary), /2 requests per minute for principal .+chat\/secondary/);
    const { error, text } = await ask(app.url, "Hi");
    assert.equal(error ?? text, "one two");
  } finally {
    await app.close(0);
  }
  const counted = fake.journal.entries.filter(({ status }) => status === 200);
  const rows = await usage();
  assert.deepEqual(
    rows
      .filter(({ principal }) => principal !== "system")
      .map(({ principal, model, flow, requests }) => [principal, flow, model, requests]),
    [
      ["chat/primary", "chat", "default", 4],
      ["chat/primary", "chat", "my_openai", 6],
      ["chat/primary", "chat", "vectors", 4],
      ["chat/secondary", "chat", "default", 2],
      ["chat/secondary", "chat", "my_openai", 4],
      ["chat/secondary", "chat", "vectors", 3],
      ["local", "chat", "default", 1],
      ["local", "chat", "my_openai", 2],
      ["local", "chat", "vectors", 1],
    ],
  );
  assert.equal(
    rows.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0),
    counted.reduce((sum, { usage }) => sum + usage.prompt_tokens + usage.completion_tokens, 0),
  );
});

test("over the resource socket, a flow can name those only who ask it, and copies are the system's", async () => {
  const charged: (Caller | undefined)[] = [];
  const embedder = (caller?: Caller): Embedder => ({
    fingerprint: "f",
    dimensions: 1,
    embed: async () => {
      charged.push(caller);
      return [new Float32Array(1)];
    },
    onBehalfOf: embedder,
    close: async () => {},
  });
  const resources = {
    chatModel: async () => ({
      id: "m",
      async *chat({ caller }: ChatRequest) {
        charged.push(caller);
        yield* [];
      },
    }),
    embedder: async () => embedder(),
    connection: async (name: string) => ({ name, type: "CustomConnection", configs: {}, secrets: { key: "k" } }),
    searchIndex: async () => ({
      statistics: async () => ({}),
      query: async ({ caller }: SearchQuery) => {
        charged.push(caller);
        return { hits: [], degraded: [] };
      },
    }),
  };
  const credentials = createCredentials([{ name: "team", key: "a-key-of-a-team-0001" }]);
  const shown: string[] = [];
  const lend: typeof credentials.lend = (...asked) => {
    const lent = credentials.lend(...asked);
    shown.push(lent.token);
    return lent;
  };
  const lending = await lendResources(resources as never, {
    gateway: { credentials: { ...credentials, lend } } as never,
    runFolder: path.dirname(home),
    log: SILENT,
    readers: [],
  });
  const names: string[] = [];
  const deployment = lending.attributed({
    describe: () => Promise.reject(new Error("none")),
    async *invoke({ principal }: FlowCall, _signal: AbortSignal): AsyncGenerator<never> {
      names.push(principal ?? "nobody");
      yield* [];
    },
    close: async () => {},
    shadow: { take: ({ principal }: FlowCall) => names.push(principal ?? "nobody") },
  });
  const address = lending.addressFor({ endpointName: "chat", flow: FLOW } as never);
  const lent = remoteResources({ ...address, url: "http://resources" });
  const signal = AbortSignal.timeout(20_000);
  try {
    for await (const _ of deployment.invoke({ inputs: {}, principal: "ann" }, signal));
    deployment.shadow.take({ inputs: {}, principal: "ann" });
    for await (const _ of deployment.invoke({ inputs: {} }, signal));
    for (const principal of [...names, "ann"]) {
      const caller = { principal };
      const model = await lent.chatModel("m");
      for await (const _ of model.chat({ messages: [], stream: false, parameters: {}, caller }, signal));
      await embedderFor(await lent.embedder(undefined), caller)?.embed(["a"], "query", signal);
      await (await lent.searchIndex("i")).query({ text: "a", mode: "text", top: 1, caller }, signal);
    }
    const thrice = (principal: string): Caller[] => Array.from({ length: 3 }, () => ({ principal, flow: "chat" }));
    assert.deepEqual(charged, ["ann", "system", "local", "local"].flatMap(thrice));
    const found = await lent.connection("my_openai");
    assert.equal(found.name, "my_openai");
    await assert.rejects(lent.connection("my_other"), {
      code: "Forbidden",
      message: /do not name a connection "my_other"/,
    });
    // Who has a key of its own cannot speak for others either.
    const team = credentials.find("a-key-of-a-team-0001")!;
    assert.equal(charging(team, names[0]).caller.principal, "team");
    const known = (): unknown[] => shown.map((token) => credentials.find(token)?.caller.flow);
    assert.deepEqual(known(), ["chat"]);
    lending.release(address.token);
    assert.deepEqual(known(), [undefined], "the gateway does not know the instance's token any longer");
    await assert.rejects(lent.connection("my_openai"), { code: "Unauthorized" });
  } finally {
    await lent.close();
    await lending.close();
  }
});

test("a name is forgotten when its principal has not called for long", () => {
  let time = 0;
  const people = createPseudonyms({ keptMs: 1000, now: () => time });
  const ann = people.of("ann");
  assert.equal(people.of("ann"), ann);
  time = 900;
  people.of("ann");
  time = 1800;
  assert.equal(people.principalOf(ann), "ann");
  time = 2000;
  assert.equal(people.principalOf(ann), undefined);
  assert.equal(people.principalOf("ann"), undefined);
  time = 100_000;
  const bob = people.of("bob");
  assert.notEqual(people.of("ann"), ann);
  assert.equal(people.principalOf(bob), "bob");
});

async function endpointKeys(url: string): Promise<{ primary: string; secondary: string }> {
  const { token } = JSON.parse(await readFile(path.join(home, "running.json"), "utf8")) as { token: string };
  const workspace = "subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
  const response = await fetch(`${url}/${workspace}/onlineEndpoints/chat/listKeys?api-version=2022-10-01`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  const { primaryKey, secondaryKey } = (await response.json()) as Record<string, string>;
  return { primary: primaryKey ?? "", secondary: secondaryKey ?? "" };
}

async function usage(): Promise<UsageSum[]> {
  const store = await openRecordStore({ file: path.join(home, "flowstead.db") });
  const ledger = await openLedger(store, SILENT);
  const rows = await ledger.sums(["principal", "flow", "model"]);
  await ledger.close();
  await store.close();
  return rows.toSorted((one, other) =>
    `${one.principal} ${one.model}` < `${other.principal} ${other.model}` ? -1 : 1,
  );
}
