// Endpoints as they run: real processes brought up from the desired state, watched, replaced, and written down.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { openDesiredStore } from "../../src/endpoint/control/desired-store.ts";
import { openFlowSnapshots } from "../../src/endpoint/control/flow-snapshot.ts";
import { openOnlineControl } from "../../src/endpoint/control/online-control.ts";
import { openFleet } from "../../src/endpoint/fleet.ts";
import { openJournal } from "../../src/endpoint/log/journal.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";
import { openZones } from "../../src/endpoint/zone.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { pythonChain, writeFolder } from "../flow/flow-folder.ts";

const NODE = "@tool\ndef a(x):\n    print('asked', x)\n    return WORD\n";
const SETTLE_MS = 120_000;

async function setUp(context: TestContext) {
  const folder = writeFolder(context, pythonChain(`WORD = 'one'\n\n\n${NODE}`));
  const [state, runFolder] = [path.join(folder, ".flowstead"), path.join(folder, ".flowstead", "run")];
  mkdirSync(runFolder, { recursive: true });
  const store = await openRecordStore({ file: path.join(state, "flowstead.db") });
  const desired = await openDesiredStore(store, Buffer.alloc(32, 7));
  const journal = openJournal({ folder: path.join(state, "logs"), redact: (text) => text });
  const snapshots = openFlowSnapshots({ folder: path.join(state, "flows"), log: SILENT, graceMs: 0 });
  const tokens = { lent: 0, released: [] as string[] };
  const fleet = openFleet({
    runFolder,
    resources: () => ({ socketPath: path.join(runFolder, "none"), token: `token-${++tokens.lent}` }),
    release: (token) => tokens.released.push(token),
    python: undefined,
    version: "1",
    logLevel: "silent",
    instanceEnv: { PATH: process.env["PATH"] ?? "" },
    zones: openZones(["1", "2", "3"]),
    zone: "2",
    flowOf: snapshots.placeOf,
    log: SILENT,
    keysOf: () => ({ principalOf: () => "somebody" }),
    journal,
  });
  const control = openOnlineControl({ desired, snapshots, fleet, log: SILENT });
  context.after(async () => {
    control.close();
    await fleet.close();
    await journal.flush();
    await store.close();
  });
  let asked = 0;
  const ask = async (): Promise<unknown> => {
    const call = { inputs: { x: "this" }, requestId: `request-${++asked}` };
    const endpoint = fleet.endpoints.get("real");
    for await (const event of endpoint?.invoke(call, AbortSignal.timeout(SETTLE_MS)) ?? []) {
      if (event.type === "error") throw new Error(event.error.message);
      if (event.type === "flow-end") return event.outputs["o"];
    }
    return undefined;
  };
  const lines = async (name: string): Promise<Record<string, string>[]> => {
    await journal.flush();
    const text = readFileSync(path.join(state, "logs/real/blue", name), "utf8").trim();
    return text.split("\n").map((line) => JSON.parse(line) as Record<string, string>);
  };
  return { folder, fleet, control, ask, lines, tokens };
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS; !(await isTrue()); await delay(20)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

test("processes run the version that was applied, are watched by its probes, and leave their words in the logs", async (context) => {
  const { folder, fleet, control, ask, lines, tokens } = await setUp(context);
  const endpoint = readSpecification({ name: "real", auth_mode: "key", traffic: { blue: 100 } }, "endpoint");
  const map = {
    name: "blue",
    endpoint_name: "real",
    model: { path: folder },
    instance_count: 2,
    request_settings: { request_timeout_ms: 60_000 },
    // Only the readiness probe finds a process that has stopped here.
    readiness_probe: { initial_delay: 0, period: 0.05, timeout: 1, failure_threshold: 2 },
    liveness_probe: { initial_delay: 600 },
  };
  const spec = readSpecification(map, "deployment").spec as DeploymentSpec;
  await control.putEndpoint(endpoint.spec as EndpointSpec);
  await control.putDeployment(spec);
  assert.equal((await control.settled("real", "blue")).state, "Succeeded");
  const instanceIn = (zone: string) =>
    fleet.status()[0]?.deployments[0]?.instances.find((instance) => instance.zone === zone);
  assert.equal(await ask(), "one");
  assert.equal(await ask(), "one");

  // Its own zone is preferred, and what nodes print is kept by instance, with the caller's id.
  const near = instanceIn("2");
  assert.ok(near?.pid);
  await until("both lines are there", async () => (await lines("console.jsonl")).length >= 2);
  const printed = (await lines("console.jsonl")).map(({ InstanceId, Message }) => `${InstanceId}: ${Message}`);
  assert.deepEqual(
    new Set(printed),
    new Set([1, 2].map((request) => `${near.name}: [request-${request}] a: asked this`)),
  );

  // An edit that nobody has applied is not seen by an instance that has to start again.
  writeFileSync(path.join(folder, "a.py"), `from promptflow.core import tool\nWORD = 'two'\n\n\n${NODE}`);
  process.kill(near.pid, "SIGKILL");
  await until("it is back", () => instanceIn("2")?.restarts === 1 && instanceIn("2")?.state === "ready");
  assert.equal(await ask(), "one");

  const [pid, names] = [instanceIn("2")?.pid ?? 0, async () => (await lines("event.jsonl")).map(({ Name }) => Name)];
  process.kill(pid, "SIGSTOP");
  await until("the probe has told it", async () => (await names()).includes("ReadinessProbeFailed"));
  assert.equal(await ask(), "one");
  process.kill(pid, "SIGCONT");
  assert.ok(!(await names()).includes("LivenessProbeFailed"));

  // Applied, it is: by another process.
  appendFileSync(path.join(folder, "a.py"), "\n");
  await control.putDeployment({ ...spec, instanceCount: 1 });
  assert.equal((await control.settled("real", "blue")).state, "Succeeded");
  assert.equal(await ask(), "two");
  assert.ok(!fleet.status()[0]?.deployments[0]?.instances.some((instance) => instance.pid === pid));
  const words = new Set(await names());
  for (const word of ["Pulled", "Created", "Started", "BackOff", "Killing"])
    assert.ok(words.has(word), [...words].join());

  // With the last instance end the tokens by which the versions found their resources, and none before.
  assert.deepEqual(tokens, { lent: 2, released: [] });
  await control.deleteEndpoint("real");
  await until("tokens have ended", () => tokens.released.length > 0);
  assert.deepEqual(tokens.released, ["token-1", "token-2"]);
});
