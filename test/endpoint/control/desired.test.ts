// Rules of the desired state: what the configuration says again and again, what may not be, and in which order it is brought up.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { SILENT } from "../../../src/base/log.ts";
import type { DesiredStore } from "../../../src/endpoint/control/desired-store.ts";
import { openGates } from "../../../src/endpoint/control/gate.ts";
import { openOnlineControl } from "../../../src/endpoint/control/online-control.ts";
import { openProgress } from "../../../src/endpoint/control/provisioning.ts";
import { seedConfigured } from "../../../src/endpoint/control/seed.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import { openControlPlane } from "./plane.ts";

const plane = await openControlPlane();
after(() => plane.close());
const { control, desired, snapshots, fleet } = plane;
const FLOW = path.resolve("examples/flows/chat-with-docs");

const endpoint = (name: string, more: object = {}): EndpointSpec =>
  readSpecification({ name, auth_mode: "key", ...more }, "endpoint").spec as EndpointSpec;
const deployment = (endpoint_name: string, name: string, more: object = {}): DeploymentSpec =>
  readSpecification({ endpoint_name, name, model: { path: FLOW }, ...more }, "deployment").spec as DeploymentSpec;

test("the configuration counts when it is new or has changed; what commands made of it stays otherwise", async () => {
  const configured = {
    endpoint: endpoint("seeded", { traffic: { blue: 100 } }),
    deployment: deployment("seeded", "blue"),
  };
  await seedConfigured(desired, configured);
  await desired.saveDeployment(deployment("seeded", "blue", { instance_count: 7 }));
  await desired.saveEndpoint(endpoint("seeded", { traffic: { blue: 90, green: 10 } }));
  const now = async (): Promise<unknown> => [
    (await desired.deployments("seeded")).map(({ spec }) => [spec.name, spec.instanceCount]),
    (await desired.endpoint("seeded"))?.spec.traffic,
  ];
  await seedConfigured(desired, configured);
  assert.deepEqual(await now(), [[["blue", 7]], { blue: 90, green: 10 }]);
  // Another value of the configuration is applied, and the traffic is not touched by it.
  await seedConfigured(desired, { ...configured, deployment: deployment("seeded", "blue", { instance_count: 4 }) });
  assert.deepEqual(await now(), [[["blue", 4]], { blue: 90, green: 10 }]);
  // A deployment of another name is there to answer.
  const renamed = { endpoint: endpoint("seeded", { traffic: { red: 100 } }), deployment: deployment("seeded", "red") };
  await seedConfigured(desired, renamed);
  assert.deepEqual(await now(), [
    [
      ["blue", 4],
      ["red", 1],
    ],
    { red: 100 },
  ]);
});

test("traffic waits for a deployment that is to come, new shares need one that is there, copies hold one as traffic does", async () => {
  await control.putEndpoint(endpoint("early", { traffic: { blue: 100 } }));
  const tagged = await control.putEndpoint(endpoint("early", { traffic: { blue: 100 }, tags: { a: "b" } }));
  assert.deepEqual(tagged.spec.traffic, { blue: 100 });
  await assert.rejects(control.putEndpoint(endpoint("early", { traffic: { blue: 50, green: 50 } })), {
    code: "NotFound",
    message: /no deployment "green" to give traffic to/,
  });
  for (const name of ["blue", "green"]) await control.putDeployment(deployment("early", name));
  await control.putEndpoint(endpoint("early", { traffic: { blue: 100 }, mirror_traffic: { green: 10 } }));
  await assert.rejects(control.deleteDeployment("early", "green"), {
    code: "Conflict",
    message: /still gets 10 % of the mirror traffic/,
  });
  await control.deleteEndpoint("early");
  assert.deepEqual(await desired.deployments("early"), []);
});

test("changes are brought up in the order in which they are kept", async () => {
  const brought: unknown[] = [];
  let first = true;
  // The first one takes its time to be kept.
  const slow: DesiredStore = {
    ...desired,
    saveDeployment: async (spec) => {
      if (first) {
        first = false;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return desired.saveDeployment(spec);
    },
  };
  const apply = (_endpoint: EndpointSpec, all: readonly DeploymentSpec[]): void =>
    void brought.push(all.map(({ instanceCount }) => instanceCount).join());
  const own = openOnlineControl({ desired: slow, snapshots, fleet: { ...fleet, apply }, log: SILENT });
  await own.putEndpoint(endpoint("turns"));
  await Promise.all([1, 2].map((instance_count) => own.putDeployment(deployment("turns", "blue", { instance_count }))));
  assert.deepEqual(brought.slice(-2), ["1", "2"]);
  assert.equal((await desired.deployments("turns"))[0]?.spec.instanceCount, 2);
  own.close();
});

test("how far a deployment is says its newest change, and why it could not begin", async () => {
  const waiting: { resolve: () => void; reject: (why: unknown) => void }[] = [];
  const settled: string[] = [];
  const progress = openProgress({
    fleet: { settled: () => new Promise<void>((resolve, reject) => waiting.push({ resolve, reject })) },
    log: SILENT,
    onSettled: (one, name) => settled.push(`${one}/${name}`),
  });
  const follow = (whyNot?: string): void => progress.follow("one", "blue", { state: "Updating", whyNot });
  follow();
  follow();
  waiting[0]?.resolve();
  await new Promise(setImmediate);
  assert.deepEqual([settled, progress.of("one", "blue").state], [[], "Updating"], "files of the newer one are needed");
  waiting[1]?.resolve();
  assert.equal((await progress.done("one", "blue")).state, "Succeeded");
  assert.deepEqual(settled, ["one/blue"]);
  follow("the flow is not there");
  waiting[2]?.reject(new FlowsteadError("NotFound", "nothing of that name runs"));
  assert.deepEqual(await progress.done("one", "blue"), { state: "Failed", problem: "the flow is not there" });
  progress.close();
});

test("an endpoint that wants tokens of a provider, where none is configured, says so", async () => {
  const gates = openGates();
  await desired.saveEndpoint(endpoint("people", { auth_mode: "aad_token" }));
  const people = await desired.endpoint("people");
  assert.ok(people);
  gates.set(people);
  await assert.rejects(async () => gates.of("people").principalOf("Bearer some-token"), {
    code: "Unauthorized",
    message: /none is configured under identity\.issuers/,
  });
});
