// What the official client may ask besides: orders and filters of lists, pages of each size, patches, keys of its own, refusals.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { TOKEN, all, officialClient, openControlPlane } from "./plane.ts";

const plane = await openControlPlane();
after(() => plane.close());
const { onlineEndpoints, onlineDeployments } = officialClient(plane.url);
const at = ["a group", "space"] as const;
const poll = { updateIntervalInMs: 5 };

const KEYS = { primaryKey: "the-first-key-of-a-caller", secondaryKey: "the-other-key-of-a-caller" };
// Not in the order of their names, and one for each way to ask.
for (const [name, tags, properties] of [
  ["one", { team: "x y" }, { description: "first" }],
  ["cluster", {}, { compute: "azureml:kub" }],
  ["keyed", {}, { keys: KEYS }],
] as [string, Record<string, string>, object][]) {
  const body = { location: "westeurope", tags, properties: { authMode: "Key", ...properties } };
  await onlineEndpoints.beginCreateOrUpdateAndWait(...at, name, body, poll);
  // Times are told apart by milliseconds.
  for (const from = Date.now(); Date.now() === from;) await new Promise(setImmediate);
}
const model = path.resolve("examples/flows/chat-with-docs");
for (const name of ["blue", "again"]) {
  const body = {
    location: "local",
    sku: { name: "Default", capacity: 1 },
    properties: { model, endpointComputeType: "Managed" },
  } as const;
  await onlineDeployments.beginCreateOrUpdateAndWait(...at, "one", name, body, poll);
  for (const from = Date.now(); Date.now() === from;) await new Promise(setImmediate);
}

test("lists have the order and the kind that is asked for, and an order that there is not is refused", async () => {
  const names = async (query: object): Promise<unknown[]> =>
    (await all(onlineEndpoints.list(...at, query))).map(({ name }) => name);
  assert.deepEqual(await names({}), ["cluster", "keyed", "one"]);
  assert.deepEqual(await names({ orderBy: "CreatedAtAsc" }), ["one", "cluster", "keyed"]);
  assert.deepEqual(await names({ orderBy: "CreatedAtDesc", count: 1 }), ["keyed", "cluster", "one"]);
  await onlineEndpoints.beginUpdateAndWait(...at, "one", { tags: { late: "yes" } }, poll);
  assert.deepEqual(await names({ orderBy: "UpdatedAtDesc" }), ["one", "keyed", "cluster"]);
  assert.deepEqual(await names({ orderBy: "UpdatedAtAsc" }), ["cluster", "keyed", "one"]);
  assert.deepEqual(await names({ computeType: "Kubernetes" }), ["cluster"]);
  assert.deepEqual(await names({ computeType: "Managed" }), ["keyed", "one"]);
  assert.deepEqual(await names({ computeType: "AzureMLCompute" }), []);
  await assert.rejects(names({ orderBy: "Name" }), {
    statusCode: 400,
    message: /orderBy=Name is none of CreatedAtAsc/,
  });
  const deployments = async (query: object): Promise<unknown[]> =>
    (await all(onlineDeployments.list(...at, "one", query))).map(({ name }) => name);
  assert.deepEqual(await deployments({ orderBy: "CreatedAtAsc" }), ["blue", "again"]);
});

test("pages of any size, from anywhere, give each once", async () => {
  const names = async (pages: AsyncIterable<{ name?: string }>): Promise<unknown[]> =>
    (await all(pages)).map(({ name }) => name);
  assert.deepEqual(await names(onlineDeployments.list(...at, "one", { top: 1 })), ["again", "blue"]);
  assert.deepEqual(await names(onlineEndpoints.list(...at, { count: 1, skip: "1" })), ["keyed", "one"]);
  assert.deepEqual(await names(onlineEndpoints.list(...at, { skip: "9" })), []);
  const sizes = (await all(onlineEndpoints.list(...at, { count: 2 }).byPage())).map(({ length }) => length);
  assert.deepEqual(sizes, [2, 1]);
  for (const query of [{ skip: "x" }, { count: -1 }]) {
    await assert.rejects(all(onlineEndpoints.list(...at, query)), {
      statusCode: 400,
      message: /is not a whole number/,
    });
  }
});

test("a patch answers with what it has made", async () => {
  const one = await onlineEndpoints.beginUpdateAndWait(...at, "one", { tags: { more: "1" } }, poll);
  assert.deepEqual([one.name, one.tags?.["more"], one.properties.description], ["one", "1", "first"]);
  const blue = await onlineDeployments.beginUpdateAndWait(...at, "one", "blue", { sku: { capacity: 3 } }, poll);
  assert.deepEqual([blue.name, blue.sku?.capacity, blue.properties.provisioningState], ["blue", 3, "Succeeded"]);
  await assert.rejects(onlineEndpoints.beginUpdateAndWait(...at, "nobody", {}, poll), { statusCode: 404 });
  await assert.rejects(onlineDeployments.beginUpdateAndWait(...at, "one", "blue", { sku: { capacity: 51 } }, poll), {
    statusCode: 400,
    message: /51 is not from 1 to 50/,
  });
});

test("a new endpoint may bring its keys; one that is there keeps its own", async () => {
  const { primaryKey, secondaryKey } = await onlineEndpoints.listKeys(...at, "keyed");
  assert.deepEqual({ primaryKey, secondaryKey }, KEYS);
  const gate = plane.gates.of("keyed");
  assert.equal(gate.principalOf(`Bearer ${KEYS.secondaryKey}`), "keyed/secondary");
  const put = (name: string, keys: object): Promise<unknown> =>
    onlineEndpoints.beginCreateOrUpdateAndWait(
      ...at,
      name,
      { location: "local", properties: { authMode: "Key", keys } },
      poll,
    );
  await put("keyed", { primaryKey: "another-key-that-comes-too-late" });
  assert.equal((await onlineEndpoints.listKeys(...at, "keyed")).primaryKey, KEYS.primaryKey);
  await put("half", { secondaryKey: KEYS.secondaryKey });
  const half = await onlineEndpoints.listKeys(...at, "half");
  assert.equal(half.secondaryKey, KEYS.secondaryKey);
  assert.ok((half.primaryKey ?? "").length >= 20);
  await assert.rejects(put("short", { primaryKey: "short" }), { statusCode: 400, message: /keys/ });
  assert.doesNotMatch(JSON.stringify(await onlineEndpoints.get(...at, "keyed")), /of-a-caller/);
});

test("what is not there, and what cannot be, is said for each method", async () => {
  const { getLogs, listSkus, beginDeleteAndWait } = onlineDeployments;
  const of = [...at, "one", "nobody"] as const;
  const absent = { statusCode: 404, code: "ResourceNotFound" };
  await assert.rejects(getLogs.call(onlineDeployments, ...of, {}), absent);
  await assert.rejects(all(listSkus.call(onlineDeployments, ...of)), absent);
  await assert.rejects(all(onlineDeployments.list(...at, "nobody")), absent);
  await assert.rejects(onlineEndpoints.listKeys(...at, "nobody"), absent);
  await beginDeleteAndWait.call(onlineDeployments, ...of, poll);
  for (const tail of [0, -1, 100_001]) {
    await assert.rejects(onlineDeployments.getLogs(...at, "one", "blue", { tail }), {
      statusCode: 400,
      message: /tail/,
    });
  }
  const third = { keyType: "Third" as "Primary" };
  await assert.rejects(onlineEndpoints.beginRegenerateKeysAndWait(...at, "one", third, poll), { statusCode: 400 });
  const scale = { scaleType: "TargetUtilization", minInstances: 2, maxInstances: 4 } as const;
  const body = {
    location: "local",
    properties: { model, endpointComputeType: "Managed", scaleSettings: scale },
  } as const;
  await onlineDeployments.beginCreateOrUpdateAndWait(...at, "one", "blue", body, poll);
  const kub = { ...body, properties: { ...body.properties, endpointComputeType: "Kubernetes" } } as const;
  const made = await onlineDeployments.beginCreateOrUpdateAndWait(...at, "one", "kub", kub, poll);
  assert.deepEqual([made.kind, made.properties.endpointComputeType], ["K8S", "Kubernetes"]);
  const [sku] = await all(onlineDeployments.listSkus(...at, "one", "blue"));
  assert.deepEqual(sku?.capacity, { minimum: 2, maximum: 4, default: 2, scaleType: "Automatic" });
});

test("addresses and names count in any case, and keep the spelling that they were made with", async () => {
  const small = officialClient(plane.url);
  small.pipeline.addPolicy({
    name: "small letters",
    sendRequest: (request, next) => {
      const url = new URL(request.url);
      url.pathname = url.pathname.toLowerCase();
      request.url = url.href;
      return next(request);
    },
  });
  const endpoint = { location: "westeurope", properties: { authMode: "key" } };
  await onlineEndpoints.beginCreateOrUpdateAndWait(...at, "Mixed", endpoint, poll);
  const deployment = { location: "local", properties: { model, endpointComputeType: "managed" as "Managed" } };
  await small.onlineDeployments.beginCreateOrUpdateAndWait(...at, "MIXED", "Blue", deployment, poll);
  const [blue] = await all(onlineDeployments.list(...at, "Mixed"));
  const id = "/subscriptions/sub/resourceGroups/a group/providers/Microsoft.MachineLearningServices/workspaces/space";
  assert.equal(blue?.id, `${id}/onlineEndpoints/Mixed/deployments/blue`, "it is new: as the client sent it");
  await onlineDeployments.beginCreateOrUpdateAndWait(...at, "Mixed", "Green", deployment, poll);
  const green = await small.onlineDeployments.get(...at, "mixed", "GREEN");
  assert.deepEqual([green.name, green.id], ["Green", `${id}/onlineEndpoints/Mixed/deployments/Green`]);
  // The original's own clients send the names of traffic in small letters.
  const traffic = { properties: { authMode: "Key" as const, traffic: { green: 100 } }, location: "local" };
  const split = await small.onlineEndpoints.beginCreateOrUpdateAndWait(...at, "mixed", traffic, poll);
  assert.deepEqual([split.name, split.properties.traffic], ["Mixed", { Green: 100 }]);
  const before = await small.onlineEndpoints.listKeys(...at, "mixed");
  const key = { keyType: "secondary" as "Secondary" };
  await small.onlineEndpoints.beginRegenerateKeysAndWait(...at, "mixed", key, poll);
  const after = await onlineEndpoints.listKeys(...at, "Mixed");
  assert.deepEqual([after.primaryKey, after.secondaryKey === before.secondaryKey], [before.primaryKey, false]);
  await small.onlineDeployments.getLogs(...at, "mixed", "green", { containerType: "storageinitializer" });
  assert.equal((await all(small.onlineDeployments.listSkus(...at, "mixed", "green"))).length, 1);
  await small.onlineEndpoints.beginDeleteAndWait(...at, "mixed", poll);
  await assert.rejects(onlineEndpoints.get(...at, "Mixed"), { statusCode: 404 });
});

test("location, tags, kind, identity, sku and telemetry are as they were sent", async () => {
  const user = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me";
  const identity = { type: "SystemAssigned,UserAssigned", userAssignedIdentities: { [user]: {} } };
  const sent = { location: "northeurope", tags: { "k=1": "v,2" }, kind: "Custom", identity };
  const endpoint = { ...sent, sku: { name: "Basic", tier: "Free" as const }, properties: { authMode: "Key" } };
  const made = await onlineEndpoints.beginCreateOrUpdateAndWait(...at, "kept", endpoint, poll);
  const { location, tags, kind, sku } = made;
  assert.deepEqual({ location, tags, kind, identity: made.identity, sku }, { ...sent, sku: endpoint.sku });
  const properties = { model, appInsightsEnabled: true, modelMountPath: "/var/model", endpointComputeType: "Managed" };
  const body = { ...sent, sku: { name: "Special", tier: "Premium" as const, family: "gen5", capacity: 2 } };
  const put = { ...body, properties: { ...properties, endpointComputeType: "Managed" as const } };
  const blue = await onlineDeployments.beginCreateOrUpdateAndWait(...at, "kept", "blue", put, poll);
  assert.deepEqual(
    { location: blue.location, tags: blue.tags, kind: blue.kind, identity: blue.identity, sku: blue.sku },
    body,
  );
  assert.deepEqual([blue.properties.appInsightsEnabled, blue.properties.modelMountPath], [true, "/var/model"]);
  const patched = await onlineDeployments.beginUpdateAndWait(...at, "kept", "blue", { sku: { capacity: 3 } }, poll);
  assert.deepEqual([patched.sku, patched.identity], [{ ...body.sku, capacity: 3 }, identity]);

  const bare = { location: "local", properties: { authMode: "Key" } };
  const usual = await onlineEndpoints.beginCreateOrUpdateAndWait(...at, "bare", bare, poll);
  assert.deepEqual([usual.location, usual.kind, usual.identity], ["local", "Managed", { type: "SystemAssigned" }]);
});

test("who says JSON of a call without a body is answered", async () => {
  const id =
    "subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/keyed";
  const answer = await fetch(`${plane.url}/${id}/listKeys?api-version=2025-09-01`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
  });
  const { primaryKey } = (await answer.json()) as { primaryKey?: string };
  assert.deepEqual([answer.status, primaryKey], [200, KEYS.primaryKey]);
});
