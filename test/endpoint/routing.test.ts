import assert from "node:assert/strict";
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { admitted } from "../../src/endpoint/admission.ts";
import { balancedTarget } from "../../src/endpoint/balanced.ts";
import { endpointKeys, readKeys } from "../../src/endpoint/key.ts";
import { trafficSplit } from "../../src/endpoint/traffic.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { Target } from "../../src/flow/target.ts";
import { createPool } from "../../src/pool/pool.ts";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

async function collect(events: AsyncIterable<FlowEvent>): Promise<FlowEvent[]> {
  const all: FlowEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const signal = new AbortController().signal;
const lost = (): FlowEvent => ({ type: "error", time: 0, error: new FlowsteadError("InstanceLost", "gone").toBody() });

test("traffic is exact over every hundred calls and evenly mixed", () => {
  const next = trafficSplit({ blue: 90, green: 10, gray: 0 });
  const calls = Array.from({ length: 100 }, () => next());
  assert.equal(calls.filter((name) => name === "green").length, 10);
  assert.ok(!calls.includes("gray"));
  for (let at = 0; at < 100; at += 20) assert.ok(calls.slice(at, at + 20).includes("green"));
  assert.equal(trafficSplit({ blue: 0 })(), undefined);
});

test("a member that is lost before the first text is replaced, with a restart between", async () => {
  const dying = scriptedTarget(() => [
    start(),
    { type: "node-start", node: "a", kind: "llm", tool: "llm", time: 0 },
    lost(),
  ]);
  const well = scriptedTarget(() => [start(), text("hi"), end({ answer: "hi" })]);
  const pool = createPool<Target>({
    members: [
      { id: "a", value: dying, priority: 0 },
      { id: "b", value: well, priority: 1 },
    ],
  });
  const events = await collect(balancedTarget({ pool, waitMs: 0, noun: "member" }).invoke({ inputs: {} }, signal));
  assert.deepEqual(
    events.map(({ type }) => type),
    ["flow-start", "node-start", "restart", "flow-start", "text-delta", "flow-end"],
  );
  await pool.close();
});

test("after the first text a loss is an error, never a second answer", async () => {
  const dying = scriptedTarget(() => [start(), text("Hel"), lost()]);
  const well = scriptedTarget(() => [start(), text("hi"), end({ answer: "hi" })]);
  const pool = createPool<Target>({
    members: [
      { id: "a", value: dying, priority: 0 },
      { id: "b", value: well, priority: 1 },
    ],
  });
  const events = await collect(balancedTarget({ pool, waitMs: 0, noun: "member" }).invoke({ inputs: {} }, signal));
  assert.deepEqual(
    events.map(({ type }) => type),
    ["flow-start", "text-delta", "error"],
  );
  assert.equal(well.calls.length, 0);
  await pool.close();
});

test("a call that the flow may see once only moves while nothing of it has reached an instance", async () => {
  let retries = 0;
  const run = async (first: FlowEvent[]): Promise<string[]> => {
    const well = scriptedTarget(() => [start(), text("hi"), end({ answer: "hi" })]);
    const pool = createPool<Target>({
      members: [
        { id: "a", value: scriptedTarget(() => first), priority: 0 },
        { id: "b", value: well, priority: 1 },
      ],
    });
    const target = balancedTarget({ pool, waitMs: 0, noun: "member", onRetry: () => retries++ });
    const events = await collect(target.invoke({ inputs: {}, atMostOnce: true }, signal));
    await pool.close();
    return events.map(({ type }) => type);
  };
  const unreachable = new FlowsteadError("InstanceUnavailable", "not there").toBody();
  assert.deepEqual(await run([{ type: "error", time: 0, error: unreachable }]), [
    "flow-start",
    "text-delta",
    "flow-end",
  ]);
  assert.equal(retries, 1);
  assert.deepEqual(await run([start(), lost()]), ["flow-start", "error"]);
  assert.deepEqual(await run([lost()]), ["error"]);
  assert.equal(retries, 1);
});

test("an instance that is lost over a call that it has: the call moves, unless the flow may see it once only", async () => {
  const run = async (atMostOnce: boolean): Promise<string[]> => {
    let hangUp = (): void => {};
    const gone = new Promise<void>((resolve) => (hangUp = resolve));
    const silent = scriptedTarget(async function* () {
      await gone;
      yield lost();
    });
    const well = scriptedTarget(() => [start(), text("hi"), end({ answer: "hi" })]);
    const pool = createPool<Target>({
      members: [
        { id: "a", value: silent, priority: 0 },
        { id: "b", value: well, priority: 1 },
      ],
    });
    const events = collect(
      balancedTarget({ pool, waitMs: 0, noun: "member" }).invoke({ inputs: {}, atMostOnce }, signal),
    );
    while (silent.calls.length === 0) await delay(1);
    pool.members[0]?.lose(new FlowsteadError("InstanceLost", "gone"));
    // The connection of a process that is gone ends a little later.
    await delay(5);
    hangUp();
    const types = (await events).map(({ type }) => type);
    await pool.close();
    return types;
  };
  assert.deepEqual(await run(false), ["flow-start", "text-delta", "flow-end"]);
  assert.deepEqual(await run(true), ["error"]);
});

test("a failure of the flow itself is not tried elsewhere", async () => {
  const error = new FlowsteadError("Unexpected", "bug in a node").toBody();
  const failing = scriptedTarget(() => [start(), { type: "error", time: 0, error }]);
  const other = scriptedTarget(() => [start(), end({})]);
  const pool = createPool<Target>({
    members: [
      { id: "a", value: failing, priority: 0 },
      { id: "b", value: other, priority: 1 },
    ],
  });
  const events = await collect(balancedTarget({ pool, waitMs: 0, noun: "member" }).invoke({ inputs: {} }, signal));
  assert.equal(events.at(-1)?.type, "error");
  assert.equal(other.calls.length, 0);
  await pool.close();
});

test("with no member ready the call waits for one, then says so", async () => {
  const pool = createPool<Target>({
    members: [{ id: "a", value: scriptedTarget(() => [start(), end({})]), ready: false }],
  });
  const target = balancedTarget({ pool, waitMs: 60, noun: "instance" });
  const [event] = await collect(target.invoke({ inputs: {} }, signal));
  assert.equal(event?.type === "error" && event.error.code, "InstanceUnavailable");
  setTimeout(() => pool.members[0]?.setReady(true), 10);
  assert.equal(
    (await collect(balancedTarget({ pool, waitMs: 5_000, noun: "instance" }).invoke({ inputs: {} }, signal))).at(-1)
      ?.type,
    "flow-end",
  );
  await pool.close();
});

test("calls over the limit get 429 at once, and slow ones 408", async () => {
  const hanging = scriptedTarget(async function* (_call, callSignal) {
    yield start();
    await new Promise((resolve) => callSignal.addEventListener("abort", resolve, { once: true }));
    yield { type: "error", time: 0, error: new FlowsteadError("Canceled", "canceled").toBody() };
  });
  const target = admitted(hanging, { limit: () => 1, timeoutMs: () => 80 });
  const slow = collect(target.invoke({ inputs: {} }, signal));
  await delay(5);
  const [refused] = await collect(target.invoke({ inputs: {} }, signal));
  assert.equal(refused?.type === "error" && refused.error.status, 429);
  const last = (await slow).at(-1);
  assert.equal(last?.type === "error" && last.error.code, "RequestTimeout");
  assert.equal(target.pending, 0);
  assert.equal(hanging.aborted, 1);
});

test("keys are made once, readable by their owner only, and either one opens", async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "keys-")), "keys");
  const [first, second] = await Promise.all([readKeys(folder, "chat"), readKeys(folder, "chat")]);
  assert.deepEqual(first, second);
  assert.equal(statSync(path.join(folder, "chat.json")).mode & 0o777, 0o600);
  const keys = endpointKeys("chat", first);
  assert.ok(keys.principalOf(`Bearer ${first.primaryKey}`) && keys.principalOf(`bearer ${first.secondaryKey}`));
  for (const wrong of [undefined, "", "Bearer", `Bearer ${first.primaryKey}x`, first.primaryKey])
    assert.ok(!keys.principalOf(wrong));
  writeFileSync(path.join(folder, "chat.json"), "{");
  await assert.rejects(readKeys(folder, "chat"), { code: "InvalidConfig" });
});
