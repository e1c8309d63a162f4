import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { Deployment } from "../../src/endpoint/deployment.ts";
import { openEndpoint } from "../../src/endpoint/endpoint.ts";
import { openShadow } from "../../src/endpoint/mirror.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { Target } from "../../src/flow/target.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const keys = { principalOf: () => "somebody" };
const signal = new AbortController().signal;

function deployment(name: string, target: Target, limit = 4) {
  const shadow = openShadow(target, { limit: () => limit, timeoutMs: () => 60_000 });
  const ready = async (): Promise<void> => {};
  return { ...target, name, instances: [], pending: 0, shadow, ready } satisfies Deployment;
}

async function run(events: AsyncIterable<FlowEvent>): Promise<FlowEvent["type"][]> {
  const types: FlowEvent["type"][] = [];
  for await (const { type } of events) types.push(type);
  return types;
}

const answering = (): ReturnType<typeof scriptedTarget> =>
  scriptedTarget(() => [start(), text("hi"), end({ answer: "hi" })]);

test("exactly the share asked for is copied, and pinned calls are not", async () => {
  const [blue, green] = [answering(), answering()];
  const shadowed = deployment("green", green);
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [deployment("blue", blue), shadowed],
    traffic: { blue: 100 },
    mirror: { green: 10 },
  });
  for (let call = 0; call < 100; call++) {
    await run(endpoint.route().invoke({ inputs: { question: "hi" }, requestId: `r${call}`, runId: "run" }, signal));
  }
  for (let call = 0; call < 20; call++) await run(endpoint.route("blue").invoke({ inputs: {} }, signal));
  assert.equal(blue.calls.length, 120);
  assert.equal(green.calls.length, 10);
  assert.equal(shadowed.shadow.copied, 10);
  const [copy] = green.calls;
  assert.match(copy?.requestId ?? "", /^r\d+-mirror$/);
  assert.equal(copy?.runId, undefined);
  assert.deepEqual(copy?.inputs, { question: "hi" });
});

test("a mirror that hangs, fails or is full costs the caller nothing, and what is dropped is counted", async () => {
  let aborted = 0;
  const hanging = scriptedTarget(async function* (_call, callSignal) {
    yield start();
    await new Promise((resolve) => callSignal.addEventListener("abort", resolve, { once: true }));
    aborted++;
    yield { type: "error", time: 0, error: new FlowsteadError("Canceled", "canceled").toBody() };
  });
  const shadowed = deployment("green", hanging, 3);
  const blue = answering();
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [deployment("blue", blue), shadowed],
    traffic: { blue: 100 },
    mirror: { green: 50 },
  });
  const caller = new AbortController();
  for (let call = 0; call < 20; call++) {
    assert.equal((await run(endpoint.route().invoke({ inputs: {} }, caller.signal))).at(-1), "flow-end");
  }
  assert.equal(hanging.calls.length, 3);
  assert.equal(shadowed.shadow.dropped, 7);
  // The caller's leaving is not the copies' end.
  caller.abort();
  await delay(5);
  assert.equal(aborted, 0);
  shadowed.shadow.close();
  await delay(5);
  assert.equal(aborted, 3);

  const throwing = scriptedTarget(() => {
    throw new Error("a target that breaks its promise");
  });
  endpoint.add(deployment("green", throwing));
  for (let call = 0; call < 4; call++) {
    assert.equal((await run(endpoint.route().invoke({ inputs: {} }, signal))).at(-1), "flow-end");
  }
  assert.equal(throwing.calls.length, 2);
});

test("copies end when their time is over, and a deployment gets no copies of its own calls", async () => {
  const hanging = scriptedTarget(async function* (_call, callSignal) {
    yield start();
    await new Promise((resolve) => callSignal.addEventListener("abort", resolve, { once: true }));
    yield { type: "error", time: 0, error: new FlowsteadError("Canceled", "canceled").toBody() };
  });
  const shadow = openShadow(hanging, { limit: () => 1, timeoutMs: () => 20 });
  shadow.take({ inputs: {} });
  // The timer of a copy does not keep a process alive.
  for (const deadline = Date.now() + 20_000; hanging.aborted === 0 && Date.now() < deadline;) await delay(5);
  assert.equal(hanging.aborted, 1);

  const blue = answering();
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [deployment("blue", blue)],
    traffic: { blue: 100 },
    mirror: { blue: 50 },
  });
  for (let call = 0; call < 4; call++) await run(endpoint.route().invoke({ inputs: {} }, signal));
  assert.equal(blue.calls.length, 4);
});

test("traffic that changes takes effect with the next call; a share waits for its deployment", async () => {
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [deployment("blue", answering())],
    traffic: { blue: 50, green: 50 },
  });
  for (let call = 0; call < 4; call++) assert.equal(endpoint.route().name, "blue");
  endpoint.add(deployment("green", answering()));
  const names = Array.from({ length: 100 }, () => endpoint.route().name);
  assert.equal(names.filter((name) => name === "green").length, 50);
  endpoint.setRouting({ traffic: { green: 100 } });
  assert.equal(endpoint.route().name, "green");
  assert.equal(endpoint.route("blue").name, "blue");
  endpoint.setRouting({ traffic: {} });
  assert.throws(() => endpoint.route(), { code: "NoTraffic" });
  endpoint.remove("blue");
  assert.throws(() => endpoint.route("blue"), { code: "NotFound" });
});

test("asking what the endpoint takes is no call: the split goes on as if nobody had asked", async () => {
  const described = (name: string) => ({
    ...deployment(name, answering()),
    describe: async () => ({ ...(await answering().describe(signal)), name }),
  });
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [described("blue"), described("green")],
    traffic: { green: 40, blue: 60 },
  });
  const names: string[] = [];
  for (let call = 0; call < 10; call++) {
    assert.equal((await endpoint.describe(signal)).name, "blue", "the one with most traffic");
    names.push(endpoint.route().name);
  }
  assert.equal(names.filter((name) => name === "green").length, 4);
});
