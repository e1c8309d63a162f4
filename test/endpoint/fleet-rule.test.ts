// What a fleet keeps to when specifications change, with servers that run already in place of processes.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { type RunningDeployment, openDeployment } from "../../src/endpoint/deployment.ts";
import { type FleetOptions, openFleet } from "../../src/endpoint/fleet.ts";
import { flowServer, listen } from "../../src/endpoint/flow-server.ts";
import type { InstanceStatus } from "../../src/endpoint/group.ts";
import { openRegions } from "../../src/endpoint/region.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";
import { openZones } from "../../src/endpoint/zone.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { Target } from "../../src/flow/target.ts";
import { CHAT_SIGNATURE, end, scriptedTarget, start, text } from "../fake/target.ts";

/** A server of a flow that answers with its name, and counts who asks whether it is well. */
async function server(context: TestContext, name: string) {
  const flow = flowServer(
    scriptedTarget(() => [start(), text(name), end({ answer: name })]),
    { log: SILENT, version: "1" },
  );
  const counts = { probes: 0 };
  const http = createServer((request, response) => {
    if (request.method === "GET") counts.probes++;
    flow.emit("request", request, response);
  });
  await listen(http, { host: "127.0.0.1", port: 0 });
  const cut = (): void => {
    http.close();
    http.closeAllConnections();
  };
  context.after(cut);
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/score`, counts, cut };
}

function fleetOf(context: TestContext, more: Partial<FleetOptions> = {}) {
  const fleet = openFleet({
    runFolder: "",
    resources: { socketPath: "", token: "" },
    python: undefined,
    version: "1",
    logLevel: "silent",
    instanceEnv: {},
    zones: openZones(["1"]),
    log: SILENT,
    keysOf: () => ({ principalOf: () => "somebody" }),
    ...more,
  });
  context.after(() => fleet.close());
  return fleet;
}

const endpoint = (traffic: Record<string, number>): EndpointSpec =>
  readSpecification({ name: "far", auth_mode: "key", traffic }, "endpoint").spec as EndpointSpec;

function remote(url: string, more: object = {}): DeploymentSpec {
  const properties = { "flowstead.driver": "remote", "flowstead.urls": url };
  const probe = { initial_delay: 0, period: 0.02, failure_threshold: 2 };
  const map = { name: "blue", endpoint_name: "far", properties, readiness_probe: probe, ...more };
  return readSpecification(map, "deployment").spec as DeploymentSpec;
}

async function last(events: AsyncIterable<FlowEvent> | undefined): Promise<FlowEvent | undefined> {
  let found: FlowEvent | undefined;
  for await (const event of events ?? []) found = event;
  return found;
}

const ask = async (target: Target | undefined): Promise<unknown> => {
  const event = await last(target?.invoke({ inputs: { question: "who?" } }, AbortSignal.timeout(20_000)));
  return event?.type === "flow-end" ? event.outputs["answer"] : event?.type === "error" && event.error.code;
};

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue(); await delay(5)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

test("other servers take over under the same name, and those of before are let go", async (context) => {
  const [one, two] = [await server(context, "one"), await server(context, "two")];
  const told: (() => DeploymentSpec)[] = [];
  const fleet = fleetOf(context, {
    watch: (deployment, spec) => {
      told.push(spec);
      return deployment;
    },
  });
  fleet.apply(endpoint({ blue: 100 }), [remote(one.url)]);
  assert.equal(await ask(fleet.endpoints.get("far")), "one");
  fleet.apply(endpoint({ blue: 100 }), [remote(one.url, { tags: { a: "b" } })]);
  assert.deepEqual(
    told.map((spec) => spec().tags),
    [{ a: "b" }],
    "the specification of now, not of the start",
  );
  fleet.apply(endpoint({ blue: 100 }), [remote(two.url)]);
  assert.equal(await ask(fleet.endpoints.get("far")), "two");
  const [before, asked] = [two.counts.probes, one.counts.probes];
  await until("the new one is probed", () => two.counts.probes > before + 10);
  assert.ok(one.counts.probes <= asked + 2, "nobody asks the old one any more");
});

test("a deployment that cannot run is told, and the others are as asked nevertheless", async (context) => {
  const one = await server(context, "one");
  const fleet = fleetOf(context);
  const homeless: DeploymentSpec = { ...remote(one.url), name: "abroad", driver: { type: "kubernetes" } };
  assert.throws(() => fleet.apply(endpoint({ blue: 100 }), [homeless, remote(one.url)]), { code: "InvalidConfig" });
  assert.equal(await ask(fleet.endpoints.get("far")), "one");
  // Another driver is another deployment: what runs cannot become it, and goes on.
  const moved: DeploymentSpec = { ...remote(one.url), driver: { type: "kubernetes" } };
  assert.throws(() => fleet.apply(endpoint({ blue: 100 }), [moved]), { code: "InvalidConfig" });
  assert.equal(await ask(fleet.endpoints.get("far")), "one");
  fleet.apply(endpoint({ blue: 0 }), [remote(one.url)]);
  assert.equal(await ask(fleet.endpoints.get("far")), "NoTraffic");
  await fleet.close();
  assert.throws(() => fleet.apply(endpoint({}), []), { code: "ShuttingDown" });
});

test("regions stand in the fleet's state with what is wrong; one that is lent is asked, and outlives them", async (context) => {
  const west = await server(context, "west");
  let described = 0;
  let closed = false;
  const here: Target = {
    ...scriptedTarget(() => [start(), end({ answer: "here" })]),
    describe: async () => {
      described++;
      return CHAT_SIGNATURE;
    },
    close: async () => {
      closed = true;
    },
  };
  const regions = openRegions({
    name: "global",
    keys: { principalOf: () => "somebody" },
    log: SILENT,
    probe: { initialDelayMs: 0, periodMs: 20, timeoutMs: 1_000, successThreshold: 1, failureThreshold: 2 },
    requestSettings: { requestTimeoutMs: 20_000, maxConcurrentRequestsPerInstance: 50, maxQueueWaitMs: 0 },
    servers: [
      { name: "west", at: west.url, region: "westeurope" },
      { name: "here", at: here, region: "local", priority: 1 },
    ],
  });
  const fleet = fleetOf(context);
  fleet.adopt(regions);
  const state = () => fleet.status().find(({ name }) => name === "global")?.deployments[0];
  await regions.deployment.settled(20_000);
  assert.deepEqual(
    state()?.instances.map(({ name, zone, state: is }) => [name, zone, is]),
    [
      ["west", "westeurope", "ready"],
      ["here", "local", "ready"],
    ],
  );
  assert.equal(state()?.driver, "remote");
  assert.equal(await ask(fleet.endpoints.get("global")), "west");
  const before = described;
  await until("what is lent is asked", () => described > before + 2);
  west.cut();
  await until("west is out", () => state()?.isSettled === false);
  const out = state()?.instances.find(({ name }) => name === "west");
  assert.equal(out?.state, "backing-off");
  assert.match(out?.problem ?? "", /server west/);
  await assert.rejects(regions.deployment.settled(50), { code: "InstanceUnavailable", message: /west/ });
  assert.equal(await ask(fleet.endpoints.get("global")), "here");
  await fleet.close();
  assert.equal(closed, false);
});

/** A deployment over one target whose instances are said to be so. */
function deploymentOf(
  context: TestContext,
  target: Target,
  instances: readonly InstanceStatus[] = [],
): RunningDeployment {
  const requestSettings = { requestTimeoutMs: 20_000, maxConcurrentRequestsPerInstance: 5, maxQueueWaitMs: 0 };
  const deployment = openDeployment({
    name: "blue",
    settings: { requestSettings, scaleSettings: { type: "default" }, instanceCount: 1 },
    log: SILENT,
    open: ({ pool }) => {
      pool.add({ id: "one", value: target });
      return { instances, count: 1, isSettled: false, scale: () => {}, close: async () => {} };
    },
  });
  context.after(() => deployment.close());
  return deployment;
}

test("what a deployment takes is asked once, again after a failure, and after a change", async (context) => {
  let asked = 0;
  const deployment = deploymentOf(context, {
    ...scriptedTarget(() => []),
    describe: async () => {
      if (++asked === 1) throw new FlowsteadError("InvalidRequest", "it cannot be read yet");
      return CHAT_SIGNATURE;
    },
  });
  await assert.rejects(deployment.describe(), { message: "it cannot be read yet" });
  for (let time = 0; time < 3; time++) assert.equal(await deployment.describe(), CHAT_SIGNATURE);
  assert.equal(asked, 2);
  const requestSettings = { requestTimeoutMs: 1_000, maxConcurrentRequestsPerInstance: 5, maxQueueWaitMs: 0 };
  deployment.configure({ requestSettings, scaleSettings: { type: "default" }, instanceCount: 1 });
  await deployment.describe();
  assert.equal(asked, 3);
});

test("instances that end at every start are not waited for", { timeout: 20_000 }, async (context) => {
  const status = { zone: "1", state: "backing-off", problem: "no module named x", pid: undefined } as const;
  const [first, second] = [1, 2].map((number) => ({ ...status, name: `blue-${number}`, restarts: 3 }));
  assert.ok(first && second);
  const hopeless = deploymentOf(
    context,
    scriptedTarget(() => []),
    [first, second],
  );
  await assert.rejects(hopeless.settled(600_000), { code: "InstanceUnavailable", message: /no module named x/ });
  const hopeful = deploymentOf(
    context,
    scriptedTarget(() => []),
    [first, { ...second, restarts: 2 }],
  );
  const left = AbortSignal.timeout(600);
  await assert.rejects(hopeful.settled(600_000, left), { code: "Canceled" });
});
