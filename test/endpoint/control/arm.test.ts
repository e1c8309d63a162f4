// ARM's JSON of endpoints and deployments, field by field, and the shape of what takes its time, as it goes over the wire.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { deploymentFromArm, deploymentToArm } from "../../../src/endpoint/control/arm-deployment.ts";
import { endpointFromArm } from "../../../src/endpoint/control/arm-endpoint.ts";
import { openOperations } from "../../../src/endpoint/control/operation.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { PlainMap } from "../../../src/endpoint/specification/write-specification.ts";
import fastify from "fastify";
import { managementRoutes } from "../../../src/entry/route/management.ts";
import { TOKEN, openControlPlane } from "./plane.ts";

const FULL = {
  name: "blue",
  endpoint_name: "chat",
  tags: { team: "a" },
  description: "all there is",
  model: { path: "./flow", name: "m", version: "3", properties: { "azureml.promptflow.mode": "chat" } },
  environment_variables: { WORDS: "some" },
  environment: { image: "registry.example/flow:1" },
  instance_type: "Standard_E4s_v3",
  instance_count: 4,
  egress_public_network_access: "disabled",
  request_settings: { request_timeout_ms: 90_500, max_queue_wait_ms: 750, max_concurrent_requests_per_instance: 9 },
  liveness_probe: { initial_delay: 600, period: 20, timeout: 7, success_threshold: 1, failure_threshold: 49 },
  readiness_probe: { initial_delay: 30, period: 5, timeout: 3, success_threshold: 2, failure_threshold: 4 },
  scale_settings: {
    type: "target_utilization",
    min_instances: 2,
    max_instances: 8,
    polling_interval: 12,
    target_utilization_percentage: 55,
  },
  data_collector: {
    sampling_rate: 0.25,
    rolling_rate: "day",
    collections: { request: { enabled: true }, response: { enabled: false, data: { path: "azureml:x" } } },
  },
  resources: { requests: { cpu: "0.5" }, limits: { memory: "1Gi" } },
  properties: { "flowstead.driver": "container" },
};

function specOf(map: object): DeploymentSpec {
  return readSpecification(map as typeof FULL, "blue", { accepted: true }).spec as DeploymentSpec;
}

test("a deployment in ARM's JSON: every field, with durations and the capacity of its sku", () => {
  const spec = specOf(FULL);
  const record = { spec, state: "Succeeded" as const, createdAt: 0, updatedAt: 1000 };
  const resource = deploymentToArm(record as Parameters<typeof deploymentToArm>[0], {
    workspace: "/w",
    host: "http://h",
  });
  assert.equal(resource["id"], "/w/onlineEndpoints/chat/deployments/blue");
  assert.deepEqual(resource["sku"], { name: "Default", tier: "Standard", capacity: 4 });
  assert.deepEqual(resource["systemData"], {
    createdAt: "1970-01-01T00:00:00.000Z",
    lastModifiedAt: "1970-01-01T00:00:01.000Z",
  });
  const { requestSettings, livenessProbe, readinessProbe, scaleSettings, dataCollector, ...rest } = resource[
    "properties"
  ] as PlainMap;
  assert.deepEqual(requestSettings, {
    requestTimeout: "PT90.5S",
    maxQueueWait: "PT0.75S",
    maxConcurrentRequestsPerInstance: 9,
  });
  const probe = { initialDelay: "PT600S", period: "PT20S", timeout: "PT7S", successThreshold: 1, failureThreshold: 49 };
  assert.deepEqual(livenessProbe, probe);
  const ready = { initialDelay: "PT30S", period: "PT5S", timeout: "PT3S", successThreshold: 2, failureThreshold: 4 };
  assert.deepEqual(readinessProbe, ready);
  assert.deepEqual(scaleSettings, {
    scaleType: "TargetUtilization",
    minInstances: 2,
    maxInstances: 8,
    pollingInterval: "PT12S",
    targetUtilizationPercentage: 55,
  });
  assert.deepEqual(dataCollector, {
    rollingRate: "Day",
    collections: {
      request: { dataCollectionMode: "Enabled", samplingRate: 0.25 },
      response: { dataCollectionMode: "Disabled", samplingRate: 0.25, dataId: "azureml:x" },
    },
  });
  assert.equal(rest["egressPublicNetworkAccess"], "Disabled");
  assert.deepEqual(rest["containerResourceRequirements"], {
    containerResourceRequests: { cpu: "0.5" },
    containerResourceLimits: { memory: "1Gi" },
  });
  assert.deepEqual(specOf(deploymentFromArm({ endpoint: "chat", name: "blue" }, resource)), spec, "and back");
});

test("durations of ISO 8601 are read; what is none is refused, and null is what was left out", () => {
  const timeoutOf = (requestTimeout: unknown): unknown =>
    (
      deploymentFromArm({ endpoint: "chat", name: "blue" }, { properties: { requestSettings: { requestTimeout } } })[
        "request_settings"
      ] as PlainMap
    )["request_timeout_ms"];
  for (const [written, ms] of [
    ["PT5S", 5_000],
    ["PT0.25S", 250],
    ["PT1M30S", 90_000],
    ["PT2H", 7_200_000],
    ["P1DT1S", 86_401_000],
    [null, undefined],
  ] as const) {
    assert.equal(timeoutOf(written), ms, String(written));
  }
  for (const wrong of ["P", "5", "PT", "P1W", "P1M", "PT-5S", 5, {}]) {
    assert.throws(() => timeoutOf(wrong), { code: "InvalidRequest", message: /not a duration such as PT5S/ });
  }
});

test("an endpoint of ARM's JSON: a compute makes it one of a cluster, null is what was left out", () => {
  const properties = { authMode: "AMLToken", compute: "azureml:k8s", mirrorTraffic: { green: 10 }, description: null };
  assert.deepEqual(endpointFromArm("chat", { tags: { a: "b" }, properties }), {
    $schema: "https://azuremlschemas.azureedge.net/latest/kubernetesOnlineEndpoint.schema.json",
    name: "chat",
    tags: { a: "b" },
    auth_mode: "AMLToken",
    mirror_traffic: { green: 10 },
    compute: "azureml:k8s",
  });
  assert.match(String(endpointFromArm("chat", {})["$schema"]), /managedOnlineEndpoint/);
});

test("operations that have ended are kept, the oldest of many are forgotten", async () => {
  const operations = openOperations();
  const first = operations.begin(Promise.resolve());
  for (let count = 1; count < 1_000; count++) operations.begin(Promise.resolve());
  assert.equal(operations.find(first.id), first);
  operations.begin(Promise.resolve());
  assert.equal(operations.find(first.id), undefined);
});

const plane = await openControlPlane();
after(() => plane.close());
const BASE =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints";
const authorization = `Bearer ${TOKEN}`;

function call(method: string, place: string, body?: object): Promise<Response> {
  const url = place.startsWith("http") ? place : `${plane.url}${BASE}${place}?api-version=2022-10-01`;
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(url, {
    method,
    headers: { authorization, ...(body && { "content-type": "application/json" }) },
    ...init,
  });
}

/** Both addresses of an operation, asked until it has ended. */
async function ended(begun: Response): Promise<{ status: PlainMap; result: Response }> {
  const [status = "", result = ""] = ["azure-asyncoperation", "location"].map((name) => begun.headers.get(name) ?? "");
  assert.match(status, /\/locations\/local\/mfeOperationsStatus\/[\w-]+\?api-version=2022-10-01$/);
  assert.match(result, /\/locations\/local\/mfeOperationResults\/[\w-]+\?api-version=2022-10-01$/);
  assert.equal(begun.headers.get("retry-after"), "1");
  for (;;) {
    const told = (await (await call("GET", status)).json()) as PlainMap;
    if (told["status"] !== "InProgress") return { status: told, result: await call("GET", result) };
  }
}

const FLOW = path.resolve("examples/flows/chat-with-docs");
const body = { location: "local", sku: { name: "Default", capacity: 1 }, properties: { model: FLOW } };

test("what takes its time is begun by one request and asked for at two addresses until it has ended", async () => {
  const made = await call("PUT", "/wire", { location: "local", properties: { authMode: "Key" } });
  assert.equal(made.status, 201);
  const { status, result } = await ended(made);
  assert.equal(status["status"], "Succeeded");
  assert.ok(String(status["startTime"]) <= String(status["endTime"]));
  assert.equal(result.status, 200);
  assert.equal(((await result.json()) as { name: string }).name, "wire");
  const { properties } = (await (await call("GET", "/wire")).json()) as { properties: PlainMap };
  assert.deepEqual(
    [properties["scoringUri"], properties["swaggerUri"]],
    ["score", "swagger.json"].map((name) => `${plane.url}/endpoints/wire/${name}`),
  );

  const broken = await call("PUT", "/wire/deployments/broken", body);
  assert.equal(broken.status, 201);
  const failed = await ended(broken);
  assert.equal(failed.status["status"], "Failed");
  assert.match((failed.status["error"] as { message: string }).message, /the flow cannot be loaded/);
  assert.equal(failed.result.status, 503);
  assert.match(await failed.result.text(), /the flow cannot be loaded/);
  assert.equal(
    (
      await call(
        "GET",
        `${plane.url}/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/local/mfeOperationsStatus/none?api-version=1`,
      )
    ).status,
    404,
  );
});

test("an operation in work says so: no end, and 202 with the address to ask again", async () => {
  let finish = (): void => {};
  plane.fleet.settled = () => new Promise<void>((resolve) => (finish = resolve));
  const begun = await call("PUT", "/wire/deployments/slow", body);
  const address = begun.headers.get("location") ?? "";
  const waiting = await call("GET", address);
  assert.deepEqual([waiting.status, waiting.headers.get("location")], [202, address]);
  const status = await call("GET", begun.headers.get("azure-asyncoperation") ?? "");
  const told = (await status.json()) as PlainMap;
  assert.deepEqual(
    [told["status"], told["endTime"], status.headers.get("retry-after")],
    ["InProgress", undefined, "1"],
  );
  finish();
  assert.equal((await ended(begun)).result.status, 200);
});

test("a patch changes what it names, null takes away, and the rest stays", async () => {
  const patch = { tags: { team: "a", more: "b" }, properties: { requestSettings: { requestTimeout: "PT9S" } } };
  assert.equal((await call("PATCH", "/wire/deployments/slow", patch)).status, 200);
  const after = await call("PATCH", "/wire/deployments/slow", { tags: { more: null } });
  const resource = (await after.json()) as { tags: object; sku: PlainMap; properties: { requestSettings: PlainMap } };
  assert.deepEqual(resource.tags, { team: "a" });
  assert.equal(resource.properties.requestSettings["requestTimeout"], "PT9S");
  assert.equal(resource.sku["capacity"], 1);
});

test("pages lead on to the next without leaving out or repeating one; sizes that are none are refused", async () => {
  const names: string[] = [];
  let next: string | undefined = `${plane.url}${BASE}/wire/deployments?api-version=2022-10-01&$top=1`;
  while (next) {
    const read = (await (await call("GET", next)).json()) as { value: { name: string }[]; nextLink?: string };
    assert.equal(read.value.length, 1);
    names.push(...read.value.map(({ name }) => name));
    next = read.nextLink;
  }
  assert.deepEqual(names, ["broken", "slow"]);
  for (const query of ["$skip=-1", "count=x", "$top=1.5"]) {
    const refused = await call("GET", `${plane.url}${BASE}?api-version=2022-10-01&${query}`);
    assert.equal(refused.status, 400, query);
  }
});

test("deleting what is not there is done already", async () => {
  assert.equal((await call("DELETE", "/nobody")).status, 204);
  assert.equal((await call("DELETE", "/wire/deployments/nobody")).status, 204);
  const gone = await call("DELETE", "/wire/deployments/slow");
  assert.equal(gone.status, 202);
  const { status, result } = await ended(gone);
  assert.deepEqual([status["status"], result.status], ["Succeeded", 204]);
  assert.equal((await call("GET", "/wire/deployments/slow")).status, 404);
});

test("a failure of the system itself shows nothing of its inside", async () => {
  const app = fastify();
  const inside = async (): Promise<never> => {
    throw new Error("the inside of the system");
  };
  const control = { ...plane.control, endpoints: inside };
  await managementRoutes(app, { control, journal: plane.journal, token: TOKEN });
  const url =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints";
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { statusCode, body: text } = await app.inject({ url: `${url}?api-version=1`, headers });
  assert.deepEqual(
    [statusCode, (JSON.parse(text) as { error: { code: string } }).error.code],
    [500, "InternalServerError"],
  );
  assert.doesNotMatch(text, /inside/);
  await app.close();
});
