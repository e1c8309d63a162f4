// The control plane as the official client of the original drives it, over a real store and the keys' real gate.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { SILENT } from "../../../src/base/log.ts";
import { openDesiredStore } from "../../../src/endpoint/control/desired-store.ts";
import { isIssued, issueToken } from "../../../src/endpoint/control/endpoint-token.ts";
import { openOnlineControl } from "../../../src/endpoint/control/online-control.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import { revisionKey } from "../../../src/endpoint/driver/driver.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import { writeFolder } from "../../flow/flow-folder.ts";
import { KEY, TOKEN, all, officialClient, openControlPlane } from "./plane.ts";

const flow = path.resolve("examples/flows/chat-with-docs");

const plane = await openControlPlane();
const { url, store, desired, gates, journal, snapshots, fleet, control, applied, removed } = plane;
after(() => plane.close());

const client = officialClient(url);
const at = ["group", "space"] as const;
const poll = { updateIntervalInMs: 5 };

function deployment(count: number, more: object = {}) {
  return {
    location: "local",
    sku: { name: "Default", capacity: count },
    properties: { endpointComputeType: "Managed" as const, model: flow, ...more },
  };
}

test("the official client creates an endpoint and deployments, and the machinery gets them", async () => {
  const { onlineEndpoints, onlineDeployments } = client;
  const endpoint = await onlineEndpoints.beginCreateOrUpdateAndWait(
    ...at,
    "arm-test",
    { location: "local", tags: { team: "a" }, properties: { authMode: "Key", description: "made by the client" } },
    poll,
  );
  assert.equal(endpoint.properties.provisioningState, "Succeeded");
  assert.equal(endpoint.properties.scoringUri, `${url}/endpoints/arm-test/score`);
  const settings = { requestSettings: { requestTimeout: "PT1M30S", maxConcurrentRequestsPerInstance: 7 } };
  await onlineDeployments.beginCreateOrUpdateAndWait(...at, "arm-test", "blue", deployment(2, settings), poll);
  await onlineDeployments.beginCreateOrUpdateAndWait(...at, "arm-test", "green", deployment(1), poll);
  const last = applied.at(-1);
  assert.deepEqual(
    last?.deployments.map(({ name, instanceCount, flow: runs }) => ({ name, instanceCount, runs })),
    [
      { name: "blue", instanceCount: 2, runs: flow },
      { name: "green", instanceCount: 1, runs: flow },
    ],
  );
  assert.equal(last?.deployments[0]?.requestSettings.requestTimeoutMs, 90_000);
  const blue = await onlineDeployments.get(...at, "arm-test", "blue");
  assert.equal(blue.properties.requestSettings?.requestTimeout, "PT90S");
  assert.equal(blue.sku?.capacity, 2);
});

test("applying the same again changes nothing", async () => {
  const before = applied.length;
  const same = await client.onlineDeployments.get(...at, "arm-test", "blue");
  await client.onlineDeployments.beginCreateOrUpdateAndWait(...at, "arm-test", "blue", same, poll);
  const endpoint = await client.onlineEndpoints.get(...at, "arm-test");
  await client.onlineEndpoints.beginCreateOrUpdateAndWait(...at, "arm-test", endpoint, poll);
  assert.equal(applied.length, before);
});

test("an edit of the flow's files under the same path makes new instances, and nothing else does", async (context) => {
  const folder = writeFolder(context, {
    "flow/flow.dag.yaml": "inputs: {}\noutputs: {}\nnodes: []\nadditional_includes: [../shared]\n",
    "flow/say.jinja2": "one",
    "shared/style.txt": "kindly",
  });
  const at = (name: string): string => path.join(folder, name);
  const { spec } = readSpecification(
    { name: "edited", endpoint_name: "arm-test", model: { path: at("flow") }, instance_count: 1 },
    "deployment",
  );
  const put = async (): Promise<DeploymentSpec | undefined> => {
    const before = applied.length;
    await control.putDeployment(spec as DeploymentSpec);
    return applied.length === before ? undefined : applied.at(-1)?.deployments.find(({ name }) => name === "edited");
  };
  const first = await put();
  assert.ok(first);
  assert.equal(await put(), undefined);
  // What a run leaves in the folder is no edit.
  mkdirSync(at("flow/.promptflow"));
  writeFileSync(at("flow/.promptflow/flow.detail.json"), "{}");
  assert.equal(await put(), undefined);
  let last = revisionKey(first);
  for (const [name, text] of [
    ["flow/say.jinja2", "two"],
    ["shared/style.txt", "sternly"],
    ["flow/new.txt", ""],
  ] as const) {
    writeFileSync(at(name), text);
    const edited = await put();
    assert.ok(edited, `${name} was edited`);
    assert.notEqual(revisionKey(edited), last);
    last = revisionKey(edited);
  }
  assert.equal(await put(), undefined);
  assert.ok(
    !JSON.stringify(await client.onlineDeployments.get("group", "space", "arm-test", "edited")).includes("igest"),
  );
  await control.deleteDeployment("arm-test", "edited");
});

test("lists come in pages, and deployments scale by their capacity", async () => {
  for (const name of ["list-one", "list-two"]) {
    const body = { location: "local", properties: { authMode: "Key" as const } };
    await client.onlineEndpoints.beginCreateOrUpdateAndWait(...at, name, body, poll);
  }
  const names = (await all(client.onlineEndpoints.list(...at, { count: 1 }))).map(({ name }) => name);
  assert.deepEqual(names, ["arm-test", "list-one", "list-two"]);
  assert.equal((await all(client.onlineDeployments.list(...at, "arm-test"))).length, 2);
  await client.onlineDeployments.beginUpdateAndWait(...at, "arm-test", "blue", { sku: { capacity: 5 } }, poll);
  assert.equal(applied.at(-1)?.deployments.find(({ name }) => name === "blue")?.instanceCount, 5);
  const skus = await all(client.onlineDeployments.listSkus(...at, "arm-test", "blue"));
  assert.equal(skus[0]?.capacity?.default, 5);
});

test("traffic shifts, and what cannot be is refused in ARM's form", async () => {
  const shift = async (traffic: Record<string, number>): Promise<void> => {
    const endpoint = await client.onlineEndpoints.get(...at, "arm-test");
    endpoint.properties.traffic = traffic;
    await client.onlineEndpoints.beginCreateOrUpdateAndWait(...at, "arm-test", endpoint, poll);
  };
  await shift({ blue: 90, green: 10 });
  assert.deepEqual(applied.at(-1)?.endpoint.traffic, { blue: 90, green: 10 });
  await assert.rejects(shift({ blue: 90, green: 20 }), { statusCode: 400, code: "UserError", message: /sum to 110/ });
  await assert.rejects(shift({ blue: 50, grey: 50 }), { statusCode: 404, code: "ResourceNotFound", message: /"grey"/ });
  await assert.rejects(client.onlineDeployments.beginDeleteAndWait(...at, "arm-test", "green", poll), {
    statusCode: 409,
    code: "Conflict",
    message: /10 % of the traffic/,
  });
  await assert.rejects(client.onlineEndpoints.get(...at, "nobody"), { statusCode: 404, code: "ResourceNotFound" });
});

test("lists are asked for by name, tags and properties; a new resource is told from one that was there", async () => {
  const names = async (query: object): Promise<unknown[]> =>
    (await all(client.onlineEndpoints.list(...at, query))).map(({ name }) => name);
  assert.deepEqual(await names({ name: "list-two" }), ["list-two"]);
  assert.deepEqual(await names({ tags: "team=a" }), ["arm-test"]);
  assert.deepEqual(await names({ tags: "team=b" }), []);
  assert.deepEqual(await names({ tags: "team", properties: "none" }), []);
  const place = `${url}/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w`;
  const put = async (what: string, body: object): Promise<number> => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const address = `${place}/onlineEndpoints/list-one${what}?api-version=2022-10-01`;
    return (await fetch(address, { method: "PUT", headers, body: JSON.stringify(body) })).status;
  };
  assert.deepEqual(
    [await put("/deployments/once", deployment(1)), await put("/deployments/once", deployment(2))],
    [201, 200],
  );
  assert.equal(await put("", { location: "local", properties: { authMode: "Key" } }), 200);
});

test("there are as many endpoints and deployments as the original allows", async () => {
  const [one] = await desired.endpoints();
  const [other] = await desired.deployments("arm-test");
  assert.ok(one && other);
  const full = {
    ...desired,
    endpoints: async () => Array.from({ length: 100 }, () => one),
    deployments: async () => Array.from({ length: 20 }, () => other),
  };
  const crowded = openOnlineControl({ desired: full, snapshots, fleet, log: SILENT });
  const isFull = { code: "Conflict", message: /which is the limit/ };
  await assert.rejects(crowded.putEndpoint({ ...one.spec, name: "one-more" }), isFull);
  await assert.rejects(crowded.putDeployment({ ...other.spec, name: "one-more" }), isFull);
  crowded.close();
});

test("a deployment that does not come up fails its operation with the reason", async () => {
  await assert.rejects(
    client.onlineDeployments.beginCreateOrUpdateAndWait(...at, "arm-test", "broken", deployment(1), poll),
    /the flow cannot be loaded|Failed|failed/,
  );
  const { properties } = await client.onlineDeployments.get(...at, "arm-test", "broken");
  assert.equal(properties.provisioningState, "Failed");
});

test("both keys are read and made anew, one at a time, and calls with the other go on", async () => {
  const gate = gates.of("arm-test");
  const { primaryKey = "", secondaryKey = "" } = await client.onlineEndpoints.listKeys(...at, "arm-test");
  assert.equal(gate.principalOf(`Bearer ${primaryKey}`), "arm-test/primary");
  assert.equal(gate.principalOf(`Bearer ${secondaryKey}`), "arm-test/secondary");
  let refused = 0;
  let calls = 0;
  let current = primaryKey;
  const calling = setInterval(() => {
    calls++;
    if (gate.principalOf(`Bearer ${current}`) === undefined) refused++;
  }, 0);
  const turn = async (keyType: "Primary" | "Secondary", use: string): Promise<string> => {
    current = use;
    await client.onlineEndpoints.beginRegenerateKeysAndWait(...at, "arm-test", { keyType }, poll);
    const keys = await client.onlineEndpoints.listKeys(...at, "arm-test");
    return (keyType === "Primary" ? keys.primaryKey : keys.secondaryKey) ?? "";
  };
  const newSecondary = await turn("Secondary", primaryKey);
  const newPrimary = await turn("Primary", newSecondary);
  clearInterval(calling);
  assert.ok(calls > 0);
  assert.equal(refused, 0);
  assert.equal(gate.principalOf(`Bearer ${newPrimary}`), "arm-test/primary");
  for (const old of [primaryKey, secondaryKey]) assert.equal(gate.principalOf(`Bearer ${old}`), undefined);
  const row = await store
    .tables<{ online_endpoint: { sealed: string; primary_hash: string } }>()
    .selectFrom("online_endpoint")
    .selectAll()
    .executeTakeFirstOrThrow();
  assert.ok(!JSON.stringify(row).includes(newPrimary));
});

test("an endpoint with tokens gives one that opens it until it ends, and takes no key", async () => {
  const body = { location: "local", properties: { authMode: "AMLToken" as const } };
  await client.onlineEndpoints.beginCreateOrUpdateAndWait(...at, "tokens", body, poll);
  const token = await client.onlineEndpoints.getToken(...at, "tokens");
  const gate = gates.of("tokens");
  assert.equal(await gate.principalOf(`Bearer ${token.accessToken}`), "tokens/token");
  assert.ok((token.refreshAfterTimeUtc ?? 0) < (token.expiryTimeUtc ?? 0));
  assert.ok((token.expiryTimeUtc ?? 0) > Date.now() / 1000);
  const { primaryKey } = await client.onlineEndpoints.listKeys(...at, "tokens");
  assert.equal(await gate.principalOf(`Bearer ${primaryKey}`), undefined);
  assert.equal(await gates.of("arm-test").principalOf(`Bearer ${token.accessToken}`), undefined);
  await assert.rejects(client.onlineEndpoints.getToken(...at, "arm-test"), { statusCode: 409 });
});

test("a token ends after its hour, and opens no endpoint but its own", async () => {
  const secret = "a-secret-that-two-endpoints-share";
  const { accessToken, expiryTimeUtc, refreshAfterTimeUtc } = await issueToken("tokens", secret);
  assert.deepEqual(
    [await isIssued(accessToken, "tokens", secret), await isIssued(accessToken, "others", secret)],
    [true, false],
  );
  assert.ok(refreshAfterTimeUtc > Date.now() / 1000 && refreshAfterTimeUtc < expiryTimeUtc);
  const old = await issueToken("tokens", secret, Date.now() - 3_601_000);
  assert.equal(await isIssued(old.accessToken, "tokens", secret), false);
});

test("a key can be given in place of one that is made up", async () => {
  const value = "a-key-that-somebody-else-has-made";
  await client.onlineEndpoints.beginRegenerateKeysAndWait(
    ...at,
    "arm-test",
    { keyType: "Primary", keyValue: value },
    poll,
  );
  assert.notEqual(await gates.of("arm-test").principalOf(`Bearer ${value}`), undefined);
  const short = { keyType: "Primary" as const, keyValue: "short" };
  await assert.rejects(client.onlineEndpoints.beginRegenerateKeysAndWait(...at, "arm-test", short, poll), {
    statusCode: 400,
  });
});

test("logs are read, and everything is deleted", async () => {
  journal.event({ endpoint: "arm-test", deployment: "blue" }, "blue-1", { name: "Started", message: "ready" });
  for (let number = 1; number <= 9; number++) {
    journal.console({ endpoint: "arm-test", deployment: "blue" }, "blue-1", `line ${number}`);
  }
  const { content = "" } = await client.onlineDeployments.getLogs(...at, "arm-test", "blue", {
    containerType: "InferenceServer",
    tail: 2,
  });
  assert.match(content, /Name: Started, Instance: blue-1/);
  assert.ok(content.includes("blue-1 line 9") && content.includes("line 8") && !content.includes("line 7"));
  const endpoint = await client.onlineEndpoints.get(...at, "arm-test");
  endpoint.properties.traffic = { blue: 100 };
  await client.onlineEndpoints.beginCreateOrUpdateAndWait(...at, "arm-test", endpoint, poll);
  await client.onlineDeployments.beginDeleteAndWait(...at, "arm-test", "green", poll);
  assert.ok(!applied.at(-1)?.deployments.some(({ name }) => name === "green"));
  await client.onlineEndpoints.beginDeleteAndWait(...at, "arm-test", poll);
  assert.deepEqual(removed, ["arm-test"]);
  assert.equal(await gates.of("nobody").principalOf("Bearer x"), undefined);
});

test("a restart resumes the desired state; only the owner may ask", async () => {
  const before = applied.length;
  const again = openOnlineControl({ desired: await openDesiredStore(store, KEY), snapshots, fleet, log: SILENT });
  await again.resume();
  again.close();
  assert.deepEqual(
    applied.slice(before).map(({ endpoint }) => endpoint.name),
    ["list-one", "list-two", "tokens"],
  );
  const place = `${url}/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints`;
  const foreign = await fetch(`${place}?api-version=2022-10-01`, { headers: { authorization: "Bearer other" } });
  assert.equal(foreign.status, 401);
  assert.equal(((await foreign.json()) as { error: { code: string } }).error.code, "InvalidAuthenticationToken");
  const noVersion = await fetch(place, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(noVersion.status, 400);
});
