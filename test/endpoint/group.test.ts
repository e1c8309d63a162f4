import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { type DeploymentSettings, type RunningDeployment, openDeployment } from "../../src/endpoint/deployment.ts";
import type { ScaleSettings } from "../../src/endpoint/specification/deployment-spec.ts";
import type { Revision } from "../../src/endpoint/revision.ts";
import { type SupervisedGroup, openSupervisedGroup } from "../../src/endpoint/supervised-group.ts";
import { openZones, spread } from "../../src/endpoint/zone.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { ProbeSettings } from "../../src/pool/probe.ts";
import { fakeInstances } from "../fake/instance.ts";

const NEVER: ProbeSettings = { initialDelayMs: 60_000 };

interface Setup {
  count?: number;
  liveness?: ProbeSettings;
  readiness?: ProbeSettings;
  /** Bytes that instances may take; all take what `memory` of the test says. */
  limitBytes?: number;
  scale?: ScaleSettings;
  ready?: boolean;
  /** Zone of the callers. */
  zone?: string;
  perInstance?: number;
  drainMs?: number;
}

function setUp(
  context: TestContext,
  { count = 3, liveness = NEVER, readiness = NEVER, scale = { type: "default" }, ready = true, ...more }: Setup,
) {
  const { limitBytes, zone, perInstance = 1, drainMs = 5_000 } = more;
  const fake = fakeInstances();
  const told: string[] = [];
  const memory = new Map<string, number>();
  const zones = openZones(["1", "2", "3"]);
  const revision = (version: string, isReady = true): Revision => ({
    start: fake.starter(version, { ready: isReady }),
    liveness,
    readiness,
    ...(limitBytes === undefined
      ? {}
      : { memory: { limitBytes, periodMs: 5, measure: async ({ name }) => memory.get(name) } }),
    onTrouble: (instance, { name }) => told.push(`${instance} ${name}`),
    silence: { silentMs: 30, timeoutMs: 200 },
    drainMs,
  });
  const settings: DeploymentSettings = {
    instanceCount: count,
    requestSettings: { requestTimeoutMs: 10_000, maxConcurrentRequestsPerInstance: perInstance, maxQueueWaitMs: 0 },
    scaleSettings: scale,
  };
  const deployment: RunningDeployment<SupervisedGroup> = openDeployment({
    name: "blue",
    settings,
    zone,
    log: SILENT,
    open: (room) =>
      openSupervisedGroup({ ...room, name: "blue", zones, count, revision: revision("one", ready), log: SILENT }),
  });
  context.after(() => deployment.close());
  return { fake, zones, deployment, settings, revision, told, memory };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue(); await delay(5)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

async function answer(deployment: RunningDeployment, wait?: Promise<void>): Promise<string> {
  let text = "";
  const inputs = wait === undefined ? {} : ({ wait } as never);
  for await (const event of deployment.invoke({ inputs }, new AbortController().signal) as AsyncIterable<FlowEvent>) {
    if (event.type === "text-delta") text += event.text;
    if (event.type === "error") throw new Error(event.error.message);
  }
  return text;
}

const zonesOf = (deployment: RunningDeployment): string =>
  deployment.instances
    .map(({ zone }) => zone)
    .toSorted()
    .join("");

test("instances are spread evenly over the zones", async (context) => {
  const { deployment } = setUp(context, { count: 7 });
  await deployment.settled(20_000);
  assert.equal(zonesOf(deployment), "1112233");
  assert.deepEqual([...spread(2, ["1", "2", "3"]).values()], [1, 1, 0]);
});

test("a rolling replacement never has fewer ready than wanted, nor more than the surge, and loses no call", async (context) => {
  const { deployment, fake, revision } = setUp(context, { count: 5 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const long = answer(deployment, new Promise((resolve) => (release = resolve)));
  await until("the long call runs", () => deployment.pending === 1);
  let least = 5;
  let most = 5;
  const watch = setInterval(() => {
    const ready = deployment.instances.filter(({ state }) => state === "ready").length;
    least = Math.min(least, ready);
    most = Math.max(most, deployment.instances.length);
  }, 1);
  deployment.group.replace(revision("two"));
  const answers: string[] = [];
  const settled = deployment.settled(20_000);
  for (let call = 0; call < 30; call++) answers.push(await answer(deployment));
  await settled;
  clearInterval(watch);
  assert.equal(await answer(deployment), "two");
  assert.ok(answers.every((text) => text === "one" || text === "two"));
  assert.equal(least, 5);
  assert.equal(most, 6);
  assert.equal(fake.all.length, 10);
  // The instance that has a call in work waits for it.
  assert.equal(fake.all.filter(({ version, state }) => version === "one" && state !== "stopped").length, 1);
  release();
  assert.equal(await long, "one");
  await until("it has left", () => fake.all.every(({ version, state }) => version === "two" || state === "stopped"));
});

test("a version that does not become ready leaves the old one in service, and says why", async (context) => {
  const { deployment, fake, revision } = setUp(context, {});
  await deployment.settled(20_000);
  deployment.group.replace(revision("broken", false));
  fake.all.at(-1)?.become("backing-off", "no such module");
  assert.equal(await answer(deployment), "one");
  assert.equal(deployment.instances.filter(({ state }) => state === "ready").length, 3);
  await assert.rejects(deployment.settled(50), { code: "InstanceUnavailable", message: /no such module/ });
});

test("a zone that is down loses its instances at once, the others take its share, and it gets it back", async (context) => {
  const { deployment, fake, zones } = setUp(context, { count: 4 });
  await deployment.settled(20_000);
  zones.set("2", false);
  assert.ok(fake.all.filter(({ zone }) => zone === "2").every(({ stoppedNow }) => stoppedNow));
  await deployment.settled(20_000);
  assert.equal(zonesOf(deployment), "1133");
  zones.set("2", true);
  await deployment.settled(20_000);
  assert.equal(zonesOf(deployment), "1123");
  assert.throws(() => zones.set("9", false), { code: "NotFound" });
});

test("with every zone down calls say so, and go on when one is back", async (context) => {
  const { deployment, zones } = setUp(context, { count: 2 });
  await deployment.settled(20_000);
  for (const { zone } of zones.list()) zones.set(zone, false);
  assert.equal(deployment.instances.length, 0);
  const waiting = answer(deployment);
  zones.set("3", true);
  assert.equal(await waiting, "one");
  assert.equal(zonesOf(deployment), "33");
});

test("an instance that hangs is ended, and a call that it had not begun moves", async (context) => {
  const liveness = { periodMs: 5, timeoutMs: 20, failureThreshold: 2 };
  const { deployment, fake, told } = setUp(context, { liveness });
  await deployment.settled(20_000);
  const [hung] = fake.all;
  assert.ok(hung);
  hung.hangs = true;
  await until("it is killed", () => hung.kills === 1);
  assert.deepEqual(told, [`${hung.name} LivenessProbeFailed`]);
  for (let call = 0; call < 10; call++) assert.equal(await answer(deployment), "one");
  assert.equal(hung.calls, 0);
  hung.hangs = false;
  hung.become("ready");
  await deployment.settled(20_000);
});

test("an instance that is not ready for a while gets no calls, is told once, and comes back as it is", async (context) => {
  const readiness = { periodMs: 5, timeoutMs: 20, failureThreshold: 2 };
  const { deployment, fake, told } = setUp(context, { readiness });
  await deployment.settled(20_000);
  const [unready] = fake.all;
  assert.ok(unready);
  unready.hangs = true;
  await until("it is taken out", () => !deployment.group.isSettled);
  for (let call = 0; call < 10; call++) assert.equal(await answer(deployment), "one");
  assert.equal(unready.calls, 0);
  await delay(100);
  unready.hangs = false;
  await deployment.settled(20_000);
  assert.deepEqual(told, [`${unready.name} ReadinessProbeFailed`]);
  assert.equal(unready.kills, 0);
  assert.equal(fake.all.length, 3);
});

test("an instance that grows over its memory is replaced once another is ready, and loses no call", async (context) => {
  const { deployment, fake, told, memory } = setUp(context, { limitBytes: 100 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => (release = resolve));
  const calls = Array.from({ length: 3 }, () => answer(deployment, wait));
  // Two instances are drawn for each call, so one may have none.
  await until("all are at work", () => fake.all.reduce((sum, { calls: count }) => sum + count, 0) === 3);
  const grown = fake.all.find(({ calls: count }) => count > 0);
  assert.ok(grown);
  memory.set(grown.name, 101);
  await until("it leaves", () => !deployment.instances.includes(grown));
  assert.equal(fake.all.length, 4);
  assert.equal(deployment.instances.filter(({ state }) => state === "ready").length, 3);
  assert.notEqual(grown.state, "stopped");
  release();
  assert.deepEqual(await Promise.all(calls), ["one", "one", "one"]);
  await until("it has left", () => grown.state === "stopped");
  assert.deepEqual(told, [`${grown.name} Killing`]);
});

test("an instance that hangs amid calls is found by their silence, however patient its probes are", async (context) => {
  const { deployment, fake } = setUp(context, { count: 2 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const calls = [answer(deployment, stuck), answer(deployment, stuck)];
  for (const call of calls) call.catch(() => {});
  await until("both are at work", () => fake.all.every((instance) => instance.calls === 1));
  const [hung, busy] = fake.all;
  assert.ok(hung && busy);
  hung.hangs = true;
  await until("it is killed", () => hung.kills === 1);
  // The other one is as silent, but answers when it is asked.
  assert.equal(busy.kills, 0);
  release();
  await Promise.all(calls);
});

test("an instance that hangs over its last calls does not keep them", async (context) => {
  const { deployment, fake } = setUp(context, { count: 2 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const calls = [answer(deployment, stuck), answer(deployment, stuck)];
  await until("both are at work", () => fake.all.every((instance) => instance.calls === 1));
  deployment.group.scale(1);
  const leaving = fake.all.find((instance) => !deployment.instances.includes(instance));
  assert.ok(leaving);
  leaving.hangs = true;
  await until("it is killed", () => leaving.kills === 1);
  release();
  await Promise.all(calls);
  await until("it has left", () => leaving.state === "stopped");
});

test("it scales up at once by calls in work, within its bounds, and down slowly", async (context) => {
  const scale: ScaleSettings = {
    type: "target_utilization",
    minInstances: 1,
    maxInstances: 3,
    targetUtilizationPercentage: 50,
    pollingIntervalMs: 10,
  };
  const { deployment } = setUp(context, { count: 1, scale });
  await deployment.settled(20_000);
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => (release = resolve));
  const calls = [answer(deployment, wait), answer(deployment, wait)];
  await until("it has three", () => deployment.group.count === 3 && deployment.group.isSettled);
  release();
  await Promise.all(calls);
  const counts = new Set<number>();
  await until("it has one again", () => counts.add(deployment.group.count) && deployment.group.count === 1);
  assert.ok(counts.has(2), "one at a time");
});

test("a changed count starts and stops only the difference", async (context) => {
  const { deployment, settings, fake } = setUp(context, { count: 2 });
  await deployment.settled(20_000);
  deployment.configure({ ...settings, instanceCount: 4 });
  await deployment.settled(20_000);
  deployment.configure({ ...settings, instanceCount: 1 });
  await deployment.settled(20_000);
  assert.equal(fake.all.length, 4);
  await until("three have left", () => fake.all.filter(({ state }) => state === "stopped").length === 3);
});

test("instances in the callers' zone are preferred, and others take what is too much for them", async (context) => {
  const { deployment, fake } = setUp(context, { zone: "2", perInstance: 9 });
  await deployment.settled(20_000);
  for (let call = 0; call < 6; call++) await answer(deployment);
  const callsBy = (zone: string): number =>
    fake.all.filter((instance) => instance.zone === zone).reduce((sum, { calls }) => sum + calls, 0);
  assert.deepEqual([callsBy("1"), callsBy("2"), callsBy("3")], [0, 6, 0]);
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => (release = resolve));
  const calls = Array.from({ length: 9 }, () => answer(deployment, wait));
  await until("all are at work", () => callsBy("1") + callsBy("2") + callsBy("3") === 15);
  assert.ok(callsBy("1") + callsBy("3") > 0);
  release();
  await Promise.all(calls);
});

test("twice the calls that all instances may take are admitted, whatever copies they work on", async (context) => {
  const { deployment } = setUp(context, { count: 2, perInstance: 3 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => (release = resolve));
  for (let copy = 0; copy < 9; copy++) deployment.shadow.take({ inputs: { wait } as never });
  assert.equal(deployment.counts.mirrorDropped, 3);
  const calls = Array.from({ length: 12 }, () => answer(deployment, wait));
  await until("all are admitted", () => deployment.pending === 12);
  await assert.rejects(answer(deployment), /Too many pending requests/);
  assert.equal(deployment.counts.rejected, 1);
  release();
  await Promise.all(calls);
});

test("an instance that leaves waits for its calls no longer than they may take", async (context) => {
  const { deployment, fake } = setUp(context, { count: 1, drainMs: 20 });
  await deployment.settled(20_000);
  let release = (): void => {};
  const call = answer(deployment, new Promise<void>((resolve) => (release = resolve)));
  await until("it is at work", () => fake.all[0]?.calls === 1);
  const closed = deployment.close();
  await until("it is stopped", () => fake.all[0]?.state === "stopped");
  release();
  await Promise.all([call, closed]);
});

test("a schedule's bounds hold in its time", async (context) => {
  const target = {
    type: "target_utilization",
    minInstances: 1,
    maxInstances: 1,
    targetUtilizationPercentage: 70,
  } as const;
  const schedules = [{ days: [], start: "00:00", end: "00:00", minInstances: 3, maxInstances: 4 }];
  const { deployment } = setUp(context, { count: 1, scale: { ...target, pollingIntervalMs: 10, schedules } });
  await until("it has three", () => deployment.group.count === 3 && deployment.group.isSettled);
});
