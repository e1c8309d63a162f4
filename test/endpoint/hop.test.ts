import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { Float } from "../../src/base/value.ts";
import { flowServer, listen } from "../../src/endpoint/flow-server.ts";
import { remoteTarget } from "../../src/endpoint/instance/remote.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const folder = mkdtempSync(path.join(tmpdir(), "hop-"));
const closers: (() => void)[] = [];
after(() => closers.forEach((close) => close()));

async function serve(target: ReturnType<typeof scriptedTarget>): Promise<{ socketPath: string; stop: () => void }> {
  const socketPath = path.join(folder, `${closers.length}.sock`);
  const server = flowServer(target, { log: SILENT, version: "1", internal: true });
  await listen(server, { socketPath });
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  closers.push(stop);
  return { socketPath, stop };
}

async function collect(events: AsyncIterable<FlowEvent>): Promise<FlowEvent[]> {
  const all: FlowEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("events arrive unchanged, numbers with their kind", async () => {
  const played = [
    start(),
    text("é\n\u2028"),
    { ...end({}), outputs: { f: new Float(1), i: 1, big: 12345678901234567890n, nested: [{ a: null }] } } as FlowEvent,
  ];
  const { socketPath } = await serve(scriptedTarget(() => played));
  const remote = remoteTarget({ socketPath, url: "http://instance" });
  assert.deepEqual(await collect(remote.invoke({ inputs: { x: new Float(2) } }, new AbortController().signal)), played);
  assert.equal((await remote.describe()).name, "chat");
  await remote.health(new AbortController().signal);
  await remote.close();
});

test("a process with every connection in use still answers its probes", async () => {
  const target = scriptedTarget(async function* (_call, signal) {
    yield start();
    await delay(60_000, undefined, { signal }).catch(() => {});
  });
  const { socketPath } = await serve(target);
  const remote = remoteTarget({ socketPath, url: "http://instance" });
  const busy = new AbortController();
  setMaxListeners(0, busy.signal);
  const calls = Array.from({ length: 300 }, () => collect(remote.invoke({ inputs: {} }, busy.signal)));
  while (target.calls.length < 256) await delay(5);
  await remote.health(AbortSignal.timeout(5_000));
  busy.abort();
  await Promise.all(calls);
  await remote.close();
});

test("an abort, and leaving the loop, stop the work on the other side", async () => {
  const target = scriptedTarget(async function* (_call, signal) {
    yield start();
    while (!signal.aborted) {
      yield text("word ");
      await delay(2);
    }
  });
  const { socketPath } = await serve(target);
  const remote = remoteTarget({ socketPath, url: "http://instance" });
  const controller = new AbortController();
  const seen: FlowEvent[] = [];
  for await (const event of remote.invoke({ inputs: {} }, controller.signal)) {
    seen.push(event);
    if (seen.length === 5) controller.abort();
  }
  const last = seen.at(-1);
  assert.equal(last?.type === "error" && last.error.code, "Canceled");
  for await (const event of remote.invoke({ inputs: {} }, new AbortController().signal))
    if (event.type === "text-delta") break;
  const deadline = Date.now() + 5_000;
  while (target.aborted < 2 && Date.now() < deadline) await delay(5);
  assert.equal(target.aborted, 2);
  await remote.close();
});

test("a peer that is not there, or goes away, is an error that may move", async () => {
  const nobody = remoteTarget({ socketPath: path.join(folder, "nobody.sock"), url: "http://instance" }, "Instance x");
  const [refused] = await collect(nobody.invoke({ inputs: {} }, new AbortController().signal));
  assert.ok(refused?.type === "error" && refused.error.code === "InstanceUnavailable" && refused.error.retryable);
  assert.match(refused.error.message, /Instance x cannot be reached/);

  const hanging = scriptedTarget(async function* () {
    yield start();
    await delay(60_000, undefined, { ref: false });
  });
  const { socketPath, stop } = await serve(hanging);
  const remote = remoteTarget({ socketPath, url: "http://instance" });
  const events = collect(remote.invoke({ inputs: {} }, new AbortController().signal));
  setTimeout(stop, 100);
  const last = (await events).at(-1);
  assert.ok(last?.type === "error" && last.error.code === "InstanceLost");
});

test("a slow reader slows the sender instead of filling memory", async () => {
  let sent = 0;
  const target = scriptedTarget(async function* () {
    yield start();
    for (; sent < 3_000; sent++) yield text("x".repeat(10_000));
    yield end({ answer: "done" });
  });
  const { socketPath } = await serve(target);
  const remote = remoteTarget({ socketPath, url: "http://instance" });
  let count = 0;
  for await (const event of remote.invoke({ inputs: {} }, new AbortController().signal)) {
    if (++count === 10) {
      await delay(300);
      assert.ok(sent < 2_900, `sent ${sent} of 3000 while the reader slept`);
    }
    if (event.type === "error") assert.fail(event.error.message);
  }
  assert.equal(count, 3_002);
  await remote.close();
});
