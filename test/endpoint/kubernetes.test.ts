import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { flowServer, listen } from "../../src/endpoint/flow-server.ts";
import { openDeployment } from "../../src/endpoint/deployment.ts";
import { type Cluster, openCluster } from "../../src/endpoint/kubernetes/cluster.ts";
import { openClusterGroup } from "../../src/endpoint/kubernetes/cluster-group.ts";
import { deploymentObjects } from "../../src/endpoint/kubernetes/object.ts";
import { openJournal, type Journal } from "../../src/endpoint/log/journal.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { fakeKubernetes } from "../fake/kubernetes.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const DEPLOYMENT = "/apis/apps/v1/namespaces/flows/deployments/chat-blue";
const probe = { initialDelayMs: 10_000, periodMs: 10_000, timeoutMs: 2_000, successThreshold: 1, failureThreshold: 30 };

const spec: DeploymentSpec = {
  name: "blue",
  endpointName: "chat",
  kind: "kubernetes",
  tags: {},
  properties: {},
  environment: {
    image: "registry.example/flow:1",
    scoringRoute: { path: "/score", port: 8080 },
    readinessRoute: { path: "/ready", port: 8081 },
  },
  environmentVariables: { SECRET: "s3cret" },
  instanceCount: 2,
  requestSettings: { requestTimeoutMs: 60_000, maxConcurrentRequestsPerInstance: 10, maxQueueWaitMs: 500 },
  livenessProbe: probe,
  readinessProbe: { ...probe, periodMs: 5_000 },
  scaleSettings: { type: "default" },
  driver: { type: "kubernetes" },
  egressPublicNetworkAccess: "disabled",
};

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isTrue()); await delay(5)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

/** A pod: a real flow server on loopback that answers with its name. All pods of a slice share the port's number. */
async function pod(context: TestContext, host: string, port: number): Promise<number> {
  const target = scriptedTarget(() => [start(), text(host), end({ answer: host, documents: [] })]);
  const server = flowServer(target, { log: SILENT, version: "1" });
  await listen(server, { host, port });
  context.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

async function setUp(context: TestContext, { tokenFile, journal }: { tokenFile?: string; journal?: Journal } = {}) {
  const api = await fakeKubernetes("first-token");
  const cluster: Cluster = openCluster({
    url: api.url,
    namespace: "flows",
    ...(tokenFile === undefined ? { token: "first-token" } : { tokenFile }),
  });
  const deployment = openDeployment({
    name: "blue",
    settings: spec,
    log: SILENT,
    open: (room) =>
      openClusterGroup({
        ...room,
        cluster,
        spec,
        log: SILENT,
        pollMs: 10,
        journal,
      }),
  });
  context.after(async () => {
    await deployment.close();
    await cluster.close();
    await api.close();
  });
  const answer = async (): Promise<string> => {
    let said = "";
    const events: AsyncIterable<FlowEvent> = deployment.invoke(
      { inputs: { question: "hi" } },
      new AbortController().signal,
    );
    for await (const event of events) {
      if (event.type === "text-delta") said += event.text;
      else if (event.type === "error") throw new Error(event.error.message);
    }
    return said;
  };
  return { api, deployment, answer };
}

interface Manifest {
  stringData?: object;
  spec: {
    clusterIP?: string;
    policyTypes?: string[];
    replicas?: number;
    strategy: { rollingUpdate: object };
    template: {
      spec: {
        topologySpreadConstraints: { topologyKey: string }[];
        containers: { livenessProbe: object; readinessProbe: { httpGet: object; periodSeconds: number } }[];
      };
    };
  };
}

test("a specification becomes objects field by field, its variables a Secret", () => {
  const { objects } = deploymentObjects(spec, { count: 3, variables: { SECRET: "s3cret" } });
  assert.deepEqual(
    objects.map(({ kind }) => kind),
    ["Secret", "Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment"],
  );
  const [secret, service, , policy, deployment] = objects as unknown as Manifest[];
  assert.deepEqual(secret?.stringData, { SECRET: "s3cret" });
  assert.equal(service?.spec.clusterIP, "None");
  assert.deepEqual(policy?.spec.policyTypes, ["Egress"]);
  assert.equal(deployment?.spec.replicas, 3);
  assert.deepEqual(deployment?.spec.strategy.rollingUpdate, { maxSurge: "20%", maxUnavailable: 0 });
  const podSpec = deployment?.spec.template.spec;
  assert.equal(podSpec?.topologySpreadConstraints[0]?.topologyKey, "topology.kubernetes.io/zone");
  const [container] = podSpec?.containers ?? [];
  assert.deepEqual(container?.livenessProbe, {
    httpGet: { path: "/health", port: 8080 },
    initialDelaySeconds: 10,
    periodSeconds: 10,
    timeoutSeconds: 2,
    successThreshold: 1,
    failureThreshold: 30,
  });
  assert.deepEqual(container?.readinessProbe.httpGet, { path: "/ready", port: 8081 });
  assert.equal(container?.readinessProbe.periodSeconds, 5);
  assert.ok(!JSON.stringify(deployment).includes("s3cret"));
  const { environment: _none, ...bare } = spec;
  assert.throws(() => deploymentObjects(bare, { count: 1, variables: {} }), { code: "InvalidConfig" });
});

test("objects are applied server-side, pods of the EndpointSlices take calls, and a roll-out is waited for", async (context) => {
  const port = await pod(context, "127.0.0.1", 0);
  await pod(context, "127.0.0.2", port);
  const { api, deployment, answer } = await setUp(context);
  await until("it is applied", () => api.objects.has(DEPLOYMENT));
  const applied = api.requests.filter(({ method }) => method === "PATCH");
  assert.ok(applied.length >= 5);
  for (const { type, query } of applied) {
    assert.equal(type, "application/apply-patch+yaml");
    assert.equal(query.get("fieldManager"), "flowstead");
  }
  api.setPods([
    { name: "pod-a", address: `127.0.0.1:${port}`, zone: "1" },
    { name: "pod-b", address: `127.0.0.2:${port}`, zone: "2", ready: false },
  ]);
  await until("both are known", () => deployment.instances.length === 2);
  for (let call = 0; call < 6; call++) assert.equal(await answer(), "127.0.0.1");
  await assert.rejects(deployment.settled(50), { code: "InstanceUnavailable" });
  api.setPods([
    { name: "pod-a", address: `127.0.0.1:${port}`, zone: "1", terminating: true },
    { name: "pod-b", address: `127.0.0.2:${port}`, zone: "2" },
  ]);
  await until("the other one serves", async () => (await answer()) === "127.0.0.2");
  assert.deepEqual(
    deployment.instances.map(({ name, zone }) => [name, zone]),
    [["pod-b", "2"]],
  );
  deployment.group.scale(1);
  const replicas = (): number | undefined => api.objects.get(DEPLOYMENT)?.spec?.replicas;
  await until("the cluster is told", () => replicas() === 1);
  api.finish(DEPLOYMENT, 1);
  await deployment.settled(20_000);
  await deployment.group.remove();
  assert.equal(api.objects.size, 0);
});

test("a pod that comes back under its name at another address is called there", async (context) => {
  const port = await pod(context, "127.0.0.1", 0);
  await pod(context, "127.0.0.2", port);
  const { api, deployment, answer } = await setUp(context);
  await until("it watches", () => api.watches === 1);
  api.setPods([{ name: "pod-a", address: `127.0.0.1:${port}` }]);
  await until("it is known", () => deployment.instances.length === 1);
  assert.equal(await answer(), "127.0.0.1");
  api.setPods([{ name: "pod-a", address: `127.0.0.2:${port}` }]);
  await delay(50);
  api.setPods([{ name: "pod-a", address: `127.0.0.2:${port}` }]);
  await until("the new address serves", async () => (await answer()) === "127.0.0.2");
});

test("a roll-out's state from before the change is no end of it", async (context) => {
  const port = await pod(context, "127.0.0.1", 0);
  const { api, deployment } = await setUp(context);
  await until("it is applied", () => api.objects.has(DEPLOYMENT));
  api.setPods(["a", "b"].map((name) => ({ name, address: `127.0.0.1:${port}` })));
  api.finish(DEPLOYMENT, 2, { observedGeneration: 0 });
  await assert.rejects(deployment.settled(200), { code: "InstanceUnavailable" });
  api.finish(DEPLOYMENT, 2);
  await deployment.settled(20_000);
});

test("a watch that ends goes on where it was; one that is too old begins with a list", async (context) => {
  const port = await pod(context, "127.0.0.1", 0);
  const { api, deployment } = await setUp(context);
  await until("it watches", () => api.watches === 1);
  api.setPods([{ name: "pod-a", address: `127.0.0.1:${port}` }]);
  await until("the pod is known", () => deployment.instances[0]?.name === "pod-a");
  api.bookmark();
  const watched = (): number => api.requests.filter(({ query }) => query.has("watch")).length;
  const lists = (): number =>
    api.requests.filter(({ path: at, query }) => at.endsWith("/endpointslices") && !query.has("watch")).length;
  const before = lists();
  api.endWatches();
  await until("it watches again", () => watched() === 2);
  assert.equal(lists(), before);
  const last = api.requests.findLast(({ query }) => query.has("watch"));
  assert.equal(last?.query.get("resourceVersion"), "102");
  api.setPods([{ name: "pod-b", address: `127.0.0.1:${port}` }], { isMissed: true });
  api.endWatches({ forget: true });
  await until("the list tells what was missed", () => deployment.instances[0]?.name === "pod-b");
  assert.equal(lists(), before + 1);
});

test("a token that is replaced is read anew; until then the cluster's refusal is what the deployment tells", async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "token-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "token");
  writeFileSync(file, "wrong\n");
  const { api, deployment } = await setUp(context, { tokenFile: file });
  await until("it is refused", () => /answered 401.*Unauthorized/.test(deployment.instances[0]?.problem ?? ""));
  writeFileSync(file, "first-token\n");
  await until("it is applied", () => api.objects.has(DEPLOYMENT));
});

test("what pods print and what the cluster says becomes of them is in the deployment's logs", async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "pods-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const journal = openJournal({ folder, redact: (text) => text });
  const { api } = await setUp(context, { journal });
  const [name, other] = ["chat-blue-7f9c-abcde", "chat-blue-two-7f9c-abcde"];
  await until("events are watched", () => api.eventWatches === 1);
  for (const reason of ["Scheduled", "Pulled", "Created", "Started"]) api.tellEvent(name, reason, `${reason} it`);
  api.tellEvent(name, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
  api.tellEvent(name, "Unhealthy", "Liveness probe failed: no answer");
  api.tellEvent(other, "Killing", "of another deployment");
  api.setPods([{ name, address: "127.0.0.1:1", zone: "1", ready: false }]);
  // Its log is asked for until it runs, and followed then.
  api.logs.set(name, ["2026-01-31T10:00:00.1Z first", "2026-01-31T10:00:00.2Z second"]);
  const text = (): Promise<string> =>
    journal.text({ endpoint: "chat", deployment: "blue" }, { lines: 10, container: "inference-server" });
  await until("it is followed", async () => (await text()).includes("second"));
  api.logs.get(name)?.push("2026-01-31T10:00:00.3Z third");
  await until("it goes on", async () => (await text()).includes("third"));
  const told = await text();
  assert.deepEqual(
    [...told.matchAll(/Name: (\w+), Instance: (\S+),/g)].map((match) => match.slice(1)),
    ["Pulled", "Created", "Started", "ReadinessProbeFailed", "LivenessProbeFailed"].map((word) => [word, name]),
  );
  assert.deepEqual(
    [...told.matchAll(/Z chat-blue-7f9c-abcde (\w+)/g)].map((match) => match[1]),
    ["first", "second", "third"],
  );
});
