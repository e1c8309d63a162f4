// Azure OpenAI without a key: tokens by a client's secret, by managed identity and by workload identity.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ChatModel } from "../../src/model/chat-model.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { modelSettings, openModel } from "../../src/model/provider/index.ts";
import { entraToken } from "../../src/model/provider/azure-openai/entra-token.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { collect, collectUntilFailure, never, textOf } from "../model-suite.ts";

const ASK = { messages: [{ role: "user" as const, content: "Hi" }], stream: true, parameters: {} };
const tokenCalls = (fake: FakeModelServer): number =>
  fake.journal.entries.filter(({ path: at }) => at.includes("oauth2")).length;

function azure(fake: FakeModelServer, auth: Record<string, unknown>): ChatModel {
  return openModel(modelSettings({ provider: "azure-openai", endpoint: fake.url, deployment: "d", auth }));
}

async function until<T>(ask: () => Promise<T>, isGood: (found: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await delay(5)) {
    const found = await ask();
    if (isGood(found)) return found;
  }
  throw new Error("it did not become so");
}

test("each way gives a token, which serves many calls", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "token-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "federated");
  await writeFile(file, "the-secret\n");
  const fake = await fakeModel(context, { tokens: { secret: "the-secret" } });
  const client = { tenant_id: "t", client_id: "c", authority: fake.url };
  const metadata = `${fake.url}/metadata/identity/oauth2/token`;
  const ways = [
    { type: "client_secret", ...client, client_secret: "the-secret" },
    { type: "workload_identity", ...client, token_file: file },
    { type: "managed_identity", endpoint: metadata, client_id: "user-assigned" },
    { type: "managed_identity", endpoint: metadata, header: "the-secret" },
  ];
  for (const auth of ways) {
    fake.journal.clear();
    const model = azure(fake, auth);
    for (let call = 0; call < 3; call++) assert.equal(textOf(await collect(model.chat(ASK, never()))), "MOCK:Hi");
    assert.equal(tokenCalls(fake), 1, auth.type);
    const asked = fake.journal.entries.find(({ path: at }) => at.includes("oauth2"));
    const words = decodeURIComponent(`${asked?.path ?? ""} ${String(asked?.body)}`);
    if (auth.type === "managed_identity")
      assert.match(words, /[?&]resource=https:\/\/cognitiveservices\.azure\.com(&| )/);
    else assert.match(words, /scope=https:\/\/cognitiveservices\.azure\.com\/\.default(&|$)/);
    if (auth.type === "workload_identity")
      assert.match(words, /client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer(&|$)/);
    if (auth.client_id !== undefined) assert.match(words, new RegExp(`client_id=${auth.client_id}(&|$| )`));
    assert.deepEqual(
      fake.journal.entries.filter(({ path: at }) => at.includes("/chat/")).map(({ auth: how }) => how),
      ["bearer", "bearer", "bearer"],
    );
    await model.close();
  }
});

test("a token is renewed before it ends, and the old one serves while renewing fails", async (context) => {
  const fake = await fakeModel(context, { tokens: { lifeSeconds: 3600 } });
  let now = 1_000_000;
  const auth = { tenantId: "t", clientId: "c", clientSecret: "s", authority: fake.url };
  const token = entraToken({ type: "client_secret", ...auth }, () => now);
  const first = await token(never());
  now += 54 * 60_000;
  assert.equal(await token(never()), first);
  assert.equal(tokenCalls(fake), 1);
  now += 2 * 60_000;
  fake.script({ faults: [{ path: "oauth2", fault: { kind: "status", status: 503 } }] });
  assert.equal(await token(never()), first, "nobody waits for the renewal");
  await fake.journal.until(({ number }) => number === 2);
  now += 11_000;
  let renewed = await token(never());
  for (let round = 0; renewed === first && round < 200; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    renewed = await token(never());
    now += 1000;
  }
  assert.notEqual(renewed, first);
});

test("App Service tells only when a token ends: it is renewed by that time", async (context) => {
  const fake = await fakeModel(context, { tokens: { lifeSeconds: 3600, secret: "header" } });
  let now = Date.now();
  const endpoint = `${fake.url}/metadata/identity/oauth2/token`;
  const token = entraToken({ type: "managed_identity", endpoint, header: "header" }, () => now);
  const first = await token(never());
  now += 54 * 60_000;
  assert.equal(await token(never()), first);
  await delay(30);
  assert.equal(tokenCalls(fake), 1, "not before its time");
  now += 2 * 60_000;
  assert.equal(await token(never()), first);
  await fake.journal.until(({ number }) => number === 2);
});

test("each renewal shows the federated token that lies in the file then", async (context) => {
  const fake = await fakeModel(context, { tokens: {} });
  const folder = await mkdtemp(path.join(tmpdir(), "token-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const tokenFile = path.join(folder, "federated");
  let now = 0;
  const auth = { tenantId: "t", clientId: "c", tokenFile, authority: fake.url };
  const token = entraToken({ type: "workload_identity", ...auth }, () => now);
  for (const assertion of ["first-day", "second-day"]) {
    await writeFile(tokenFile, assertion);
    await token(never());
    now += 2 * 3_600_000;
  }
  const shown = fake.journal.entries.map(({ body }) => new URLSearchParams(String(body)).get("client_assertion"));
  assert.deepEqual(shown, ["first-day", "second-day"]);
  await rm(tokenFile);
  await assert.rejects(token(never()), { code: "ModelUnauthorized", message: /token file .*federated cannot be read/ });
});

test("a token that has ended is not given, a short one is renewed at half its life, and a failed renewal is tried again later", async (context) => {
  const fake = await fakeModel(context, { tokens: { lifeSeconds: 240 } });
  let now = 1_000_000;
  const auth = { tenantId: "t", clientId: "c", clientSecret: "s", authority: fake.url };
  const token = entraToken({ type: "client_secret", ...auth }, () => now);
  const first = await token(never());
  now += 119_000;
  assert.equal(await token(never()), first);
  await delay(30);
  assert.equal(tokenCalls(fake), 1);
  now += 2_000;
  assert.equal(await token(never()), first);
  await fake.journal.until(({ number }) => number === 2);
  const second = await until(
    () => token(never()),
    (one) => one !== first,
  );
  now += 241_000;
  const third = await token(never());
  assert.notEqual(third, second, "nobody is given what has ended");
  assert.equal(tokenCalls(fake), 3);
  // From here on nobody gives tokens; the old one serves, and is not asked for with every call.
  fake.script({ faults: [{ path: "oauth2", times: 0, fault: { kind: "status", status: 503 } }] });
  now += 121_000;
  for (const calls of [4, 5]) {
    assert.equal(await token(never()), third);
    await until(
      async () => tokenCalls(fake),
      (asked) => asked === calls,
    );
    await delay(20);
    for (let call = 0; call < 20; call++) assert.equal(await token(never()), third);
    await delay(30);
    assert.equal(tokenCalls(fake), calls);
    now += 11_000;
  }
  now += 120_000;
  await assert.rejects(token(never()), { code: "ModelUnauthorized" });
});

test("a token that the service refuses is replaced within the call; one that is refused too is the answer", async (context) => {
  const fake = await fakeModel(context, { tokens: {} });
  const auth = { type: "client_secret", tenant_id: "t", client_id: "c", client_secret: "s", authority: fake.url };
  const model = azure(fake, auth);
  context.after(() => model.close());
  const calls = (): string[] =>
    fake.journal.entries.map(({ path: at, status }) => `${at.includes("oauth2") ? "token" : "call"} ${status}`);
  for (const stream of [true, false]) {
    assert.equal(textOf(await collect(model.chat({ ...ASK, stream }, never()))), "MOCK:Hi");
    fake.journal.clear();
    fake.script({ faults: [{ path: "/chat/", fault: { kind: "status", status: 401 } }] });
    assert.equal(textOf(await collect(model.chat({ ...ASK, stream }, never()))), "MOCK:Hi");
    assert.deepEqual(calls(), ["call 401", "token 200", "call 200"]);
  }
  fake.journal.clear();
  fake.script({ faults: [{ path: "/chat/", times: 2, fault: { kind: "status", status: 401 } }] });
  const { error } = await collectUntilFailure(model.chat(ASK, never()));
  assert.equal(error.code, "ModelUnauthorized");
  assert.deepEqual(calls(), ["call 401", "token 200", "call 401"]);
});

test("callers that come together share one request", async (context) => {
  const fake = await fakeModel(context, { tokens: {} });
  const auth = { tenantId: "t", clientId: "c", clientSecret: "s", authority: fake.url };
  const token = entraToken({ type: "client_secret", ...auth });
  const tokens = await Promise.all(Array.from({ length: 10 }, () => token(never())));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(tokenCalls(fake), 1);
});

test("a wrong secret says whose, and never the secret", async (context) => {
  const fake = await fakeModel(context, { tokens: { secret: "right" } });
  const auth = {
    type: "client_secret",
    tenant_id: "t",
    client_id: "c",
    client_secret: "wrong-secret",
    authority: fake.url,
  };
  const model = azure(fake, auth);
  context.after(() => model.close());
  const { error } = await collectUntilFailure(model.chat(ASK, never()));
  assert.equal(error.code, "ModelUnauthorized");
  assert.match(error.message, /AADSTS7000215.*auth of the model/);
  assert.doesNotMatch(error.message, /wrong-secret/);
});

test("settings that do not fit are named", () => {
  const entry = { provider: "azure-openai", endpoint: "https://x.openai.azure.com", deployment: "d" };
  assert.throws(() => modelSettings({ ...entry, auth: { type: "client_secret", tenant_id: "t" } }), {
    code: "InvalidConfig",
    message: /auth\.client_id/,
  });
  assert.throws(() => openModel(modelSettings(entry)), { message: /api_key or auth/ });
});
