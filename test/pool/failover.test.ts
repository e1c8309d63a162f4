import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../src/base/abort.ts";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { failoverCall } from "../../src/pool/failover.ts";
import { createPool } from "../../src/pool/pool.ts";
import { collect, failAfter, retryable, say, setUp } from "./scripted-pool.ts";

test("events before the commit flow live and a replacement begins with a restart", async () => {
  const { calls, run } = setUp(
    { a: [() => failAfter(retryable(), "start-a", "node-a")], b: [() => say("start-b", "text-b", "end-b")] },
    { restart: (reason) => `restart: ${reason.message}` },
  );
  const { got, error } = await collect(run());
  assert.deepEqual(got, ["start-a", "node-a", "restart: down", "start-b", "text-b", "end-b"]);
  assert.equal(error, undefined);
  assert.deepEqual(calls, ["a", "b"]);
});

test("no restart is told when the failed attempt had shown nothing", async () => {
  const { run } = setUp(
    { a: [() => failAfter(retryable())], b: [() => say("start-b", "text-b")] },
    { restart: () => "restart" },
  );
  assert.deepEqual((await collect(run())).got, ["start-b", "text-b"]);
});

test("without a restart event the events of an attempt given up are never seen", async () => {
  const { run } = setUp({ a: [() => failAfter(retryable(), "role-a")], b: [() => say("role-b", "text-b", "end-b")] });
  assert.deepEqual((await collect(run())).got, ["role-b", "text-b", "end-b"]);
});

test("a sequence that ends without a commit is complete", async () => {
  const { run } = setUp({ a: [() => say("role-a", "end-a")] });
  assert.deepEqual((await collect(run())).got, ["role-a", "end-a"]);
});

test("after the commit a failure is thrown and no other member is asked", async () => {
  const { calls, run, pool } = setUp({ a: [() => failAfter(retryable(), "text-a")], b: [() => say("text-b")] });
  const { got, error } = await collect(run());
  assert.deepEqual(got, ["text-a"]);
  assert.equal(error?.code, "InstanceUnavailable");
  assert.deepEqual(calls, ["a"]);
  assert.equal(pool.members[0]?.inFlight, 0);
});

test("an error that is the caller's fault moves nothing and blames nobody", async () => {
  const { calls, run, pool } = setUp({
    a: [() => failAfter(new FlowsteadError("InvalidRequest", "bad"))],
    b: [() => say("text-b")],
  });
  const { error } = await collect(run());
  assert.equal(error?.code, "InvalidRequest");
  assert.deepEqual(calls, ["a"]);
  assert.equal(pool.members[0]?.status(), "available");
  assert.equal(pool.members[0]?.lastFailure, undefined);
});

test("an error event counts as a failure before the commit and passes after it", async () => {
  const failureOf = (event: string): FlowsteadError | undefined => (event === "error" ? retryable() : undefined);
  const before = setUp({ a: [() => say("start", "error")], b: [() => say("text-b")] }, { failureOf });
  assert.deepEqual((await collect(before.run())).got, ["text-b"]);
  const after = setUp({ a: [() => say("text-a", "error")], b: [() => say("text-b")] }, { failureOf });
  const { got, error } = await collect(after.run());
  assert.deepEqual(got, ["text-a", "error"]);
  assert.equal(error, undefined);
  assert.deepEqual(after.calls, ["a"]);
});

test("a Retry-After is the member's cooldown: the next call does not ask it", async () => {
  const { calls, run, pool } = setUp({
    a: [() => failAfter(retryable({ retryAfterMs: 60_000 }))],
    b: [() => say("text-1"), () => say("text-2")],
  });
  await collect(run());
  await collect(run());
  assert.deepEqual(calls, ["a", "b", "b"]);
  assert.equal(pool.members[0]?.status(), "cooling");
});

test("a lost member: calls that have not begun to answer move, and the attempt is aborted", async () => {
  let aborted = false;
  async function* hang(signal: AbortSignal): AsyncGenerator<string> {
    signal.addEventListener("abort", () => (aborted = true));
    await sleep(60_000, signal);
    yield "never";
  }
  const { calls, run, pool } = setUp({ a: [hang], b: [() => say("text-b")] });
  setTimeout(() => pool.members[0]?.lose(new FlowsteadError("Unexpected", "hangs")), 10);
  assert.deepEqual((await collect(run())).got, ["text-b"]);
  assert.deepEqual(calls, ["a", "b"]);
  assert.ok(aborted);
  assert.equal(pool.members[0]?.inFlight, 0);
});

test("panic uses members that look dead rather than nobody", async () => {
  const { run, pool } = setUp({ a: [() => say("text-a")] }, {}, { panic: true });
  pool.members[0]?.setReady(false);
  assert.deepEqual((await collect(run())).got, ["text-a"]);
});

test("a single result fails over too", async () => {
  const pool = createPool<string>({
    members: [
      { id: "a", value: "a" },
      { id: "b", value: "b", priority: 1 },
    ],
  });
  const result = await failoverCall<string, string>({
    pool,
    signal: new AbortController().signal,
    attempt: async (id) => {
      if (id === "a") throw retryable();
      return `from ${id}`;
    },
    exhausted: ({ last }) => last ?? retryable(),
  });
  assert.equal(result, "from b");
});
