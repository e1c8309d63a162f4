// An endpoint with auth_mode aad_token: tokens of a real OpenID Connect provider open its `/score`, also while keys turn.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeProtectedHeader } from "jose";
import { openGates } from "../../src/endpoint/control/gate.ts";
import { newSecrets } from "../../src/endpoint/control/endpoint-secret.ts";
import type { EndpointSpec } from "../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";
import type { Entry } from "../../src/entry/server.ts";
import { bearerCheck } from "../../src/identity/bearer.ts";
import { secretHash } from "../../src/identity/bearer-token.ts";
import { openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";
import { AUDIENCE, type TestProvider, startProvider } from "../identity/provider.ts";

let provider: TestProvider;
let entry: Entry;
const secrets = newSecrets();

before(async () => {
  provider = await startProvider();
  const issuers = [{ issuer: provider.issuer, audiences: [AUDIENCE], scopes: ["score"], roles: [], subjects: [] }];
  const gates = openGates(bearerCheck({ issuers, keyCooldownMs: 0 }));
  const { spec } = readSpecification({ name: "chat", auth_mode: "aad_token" }, "endpoint");
  const hashes = { primary: secretHash(secrets.primaryKey), secondary: secretHash(secrets.secondaryKey) };
  gates.set({ spec: spec as EndpointSpec, secrets, hashes, configured: null, createdAt: 0, updatedAt: 0 });
  const target = scriptedTarget(() => [start(), text("Hello"), end({ answer: "Hello" })]);
  entry = await openTestEntry(target, {}, gates.of("chat"));
});
after(async () => {
  await entry.close(0);
  provider.close();
});

async function score(token: string): Promise<number> {
  const response = await fetch(`${entry.url}/endpoints/chat/score`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ question: "Hi", chat_history: [] }),
  });
  await response.text();
  return response.status;
}

test("a token with the scope scores; one without it, a key of the endpoint and a forged one do not", async () => {
  const token = await provider.tokenFor("caller", "score");
  assert.equal(await score(token), 200);
  assert.equal(await score(await provider.tokenFor("caller", "read")), 403);
  assert.equal(await score(secrets.primaryKey), 401);
  assert.equal(await score(`${token.slice(0, -8)}AAAAAAAA`), 401);
});

test("the provider turns its key, and no call of those who fetch tokens fails", async () => {
  const seen = new Map<string, number>();
  let turning = true;
  const failed: number[] = [];
  const callers = Array.from({ length: 4 }, async () => {
    while (turning) {
      const token = await provider.tokenFor("caller", "score");
      const { kid = "" } = decodeProtectedHeader(token);
      const status = await score(token);
      if (status === 200) seen.set(kid, (seen.get(kid) ?? 0) + 1);
      else failed.push(status);
    }
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    for (const deadline = Date.now() + 20_000; !isTrue() && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(isTrue());
  };
  await until(() => (seen.get("one") ?? 0) > 10);
  await provider.use("two", "one");
  await until(() => (seen.get("two") ?? 0) > 10);
  turning = false;
  await Promise.all(callers);
  assert.deepEqual(failed, []);
  const old = await provider.tokenFor("caller", "score");
  await provider.use("three");
  assert.equal(await score(await provider.tokenFor("caller", "score")), 200);
  assert.equal(await score(old), 401, "what a key signed that is not published any more is worth nothing");
});
