// What instances read is the flow as it was when its deployment was applied, and nothing of it is kept for longer.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../../src/base/log.ts";
import { openDesiredStore } from "../../../src/endpoint/control/desired-store.ts";
import { openFlowSnapshots } from "../../../src/endpoint/control/flow-snapshot.ts";
import { openOnlineControl } from "../../../src/endpoint/control/online-control.ts";
import { seedConfigured } from "../../../src/endpoint/control/seed.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import { loadFlow } from "../../../src/flow/load.ts";
import { mergeIncludes } from "../../../src/flow/include.ts";
import { openRecordStore } from "../../../src/store/provider/index.ts";
import { writeFolder } from "../../flow/flow-folder.ts";

const FLOW = "inputs: {}\noutputs: {}\nnodes: []\nadditional_includes: [../shared, ../packed.zip]\n";

function deployment(name: string, flow: string): DeploymentSpec {
  const map = { name, endpoint_name: "snaps", model: { path: flow }, request_settings: { request_timeout_ms: 1 } };
  return readSpecification(map, "deployment").spec as DeploymentSpec;
}

async function setUp(context: TestContext) {
  const folder = writeFolder(context, {
    "work/flow/flow.dag.yaml": FLOW,
    "work/flow/say.jinja2": "one",
    "work/flow/.promptflow/flow.detail.json": "{}",
    "work/flow/.venv/bin/python": "",
    "work/shared/style.txt": "kindly",
    "work/packed/a.txt": "a",
  });
  const at = (name: string): string => path.join(folder, name);
  const store = await openRecordStore({ file: at("flowstead.db") });
  context.after(() => store.close());
  const desired = await openDesiredStore(store, Buffer.alloc(32, 7));
  const endpoint = readSpecification({ name: "snaps", auth_mode: "key" }, "endpoint").spec as EndpointSpec;
  const fleet = { apply: () => {}, settled: async () => {}, remove: async () => {} };
  /** As after a start of the system. */
  const open = () => {
    const snapshots = openFlowSnapshots({ folder: at("kept"), log: SILENT, graceMs: 0 });
    const control = openOnlineControl({ desired, snapshots, fleet, log: SILENT });
    context.after(() => control.close());
    const read = async (name: string, file = "say.jinja2"): Promise<string> => {
      const { spec } = await control.deployment("snaps", name);
      return readFileSync(path.join(snapshots.placeOf(spec) ?? "", file), "utf8");
    };
    return { snapshots, control, read };
  };
  const states = (name: string): string[] =>
    existsSync(at(`kept/snaps/${name}`)) ? readdirSync(at(`kept/snaps/${name}`)) : [];
  return { at, desired, endpoint, open, states };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue(); await delay(5)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

test("edits are not seen before the deployment is applied again, then the old files go", async (context) => {
  const { at, endpoint, open, states } = await setUp(context);
  const { control, snapshots, read } = open();
  await control.putEndpoint(endpoint);
  await control.putDeployment(deployment("blue", at("work/flow")));
  const { spec } = await control.deployment("snaps", "blue");
  assert.equal(spec.flow, at("work/flow"), "what is shown is where it comes from");
  const place = snapshots.placeOf(spec) ?? "";
  writeFileSync(at("work/flow/say.jinja2"), "two");
  writeFileSync(at("work/shared/style.txt"), "sternly");
  writeFileSync(at("work/packed/a.txt"), "b");
  writeFileSync(at("work/flow/flow.dag.yaml"), "in the middle of an edit: [");
  assert.equal(await read("blue"), "one");
  // What the flow includes from elsewhere belongs to it.
  const { definition } = loadFlow(place);
  const merged = mergeIncludes(place, definition.additionalIncludes, definition.file);
  assert.equal(readFileSync(path.join(merged.directory, "shared/style.txt"), "utf8"), "kindly");
  assert.ok(existsSync(path.join(merged.directory, "packed.zip")));
  merged.remove();
  // The interpreter and its packages are used where they are; what runs leave behind is not taken along.
  assert.ok(existsSync(path.join(place, ".venv/bin/python")));
  assert.ok(!existsSync(path.join(place, ".promptflow")));
  assert.equal(statSync(at("kept/snaps/blue")).isDirectory(), true);

  writeFileSync(at("work/flow/flow.dag.yaml"), FLOW);
  await control.putDeployment(deployment("blue", at("work/flow")));
  assert.equal(await read("blue"), "two");
  await until("the files of before are gone", () => states("blue").length === 1);
  await control.deleteDeployment("snaps", "blue");
  await until("all of them are gone", () => states("blue").length === 0);

  await control.putDeployment(deployment("blue", at("work/flow")));
  assert.equal(states("blue").length, 1);
  await control.deleteEndpoint("snaps");
  await until("they went with the endpoint", () => states("blue").length === 0);
});

test("a restart resumes the files that were applied; the configuration's own flow starts as it is now", async (context) => {
  const { at, desired, endpoint, open, states } = await setUp(context);
  await seedConfigured(desired, { endpoint, deployment: deployment("seeded", at("work/flow")) });
  const first = open();
  await first.control.resume();
  for (const name of ["blue", "gone"]) await first.control.putDeployment(deployment(name, at("work/flow")));
  await first.control.settled("snaps", "blue");
  first.control.close();
  await desired.removeDeployment("snaps", "gone");
  mkdirSync(at("kept/snaps/blue/left-by-a-crash"));

  writeFileSync(at("work/flow/say.jinja2"), "two");
  const { control, read } = open();
  await control.resume();
  assert.equal(await read("blue"), "one");
  assert.equal(await read("seeded"), "two");
  assert.deepEqual([states("blue").length, states("seeded").length, states("gone").length], [1, 1, 0]);
});

test("a folder that holds far more than a flow is read where it lies", async (context) => {
  const { at, endpoint, open, states } = await setUp(context);
  writeFileSync(at("work/flow/data.bin"), "");
  truncateSync(at("work/flow/data.bin"), 5 * 2 ** 30);
  const { control, snapshots } = open();
  await control.putEndpoint(endpoint);
  await control.putDeployment(deployment("large", at("work/flow")));
  const { spec } = await control.deployment("snaps", "large");
  assert.equal(snapshots.placeOf(spec), at("work/flow"));
  assert.deepEqual(states("large"), []);
  // Half of that is taken along as a second name for the same bytes.
  truncateSync(at("work/flow/data.bin"), 2 ** 31);
  await control.putDeployment(deployment("large", at("work/flow")));
  const place = snapshots.placeOf((await control.deployment("snaps", "large")).spec) ?? "";
  assert.equal(statSync(path.join(place, "data.bin")).ino, statSync(at("work/flow/data.bin")).ino);
});
