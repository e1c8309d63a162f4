// How long a call waits for members that are out, and for whom.

import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, failAfter, retryable, say, setUp } from "./scripted-pool.ts";

test("all cooling down: throws the smallest wait when it does not fit, and asks nobody", async () => {
  const { calls, run } = setUp({
    a: [() => failAfter(retryable({ retryAfterMs: 30_000 }))],
    b: [() => failAfter(retryable({ retryAfterMs: 20_000 }))],
  });
  const first = await collect(run());
  assert.match(first.error?.message ?? "", /exhausted after down/);
  const second = await collect(run());
  assert.match(second.error?.message ?? "", /exhausted after nothing/);
  assert.ok((second.error?.retryAfterMs ?? 0) > 19_000 && (second.error?.retryAfterMs ?? 0) <= 20_000);
  assert.deepEqual(calls, ["a", "b"]);
});

test("all cooling down: waits for the earliest when it fits", async () => {
  const { calls, run } = setUp(
    {
      a: [() => failAfter(retryable({ retryAfterMs: 60_000 }))],
      b: [() => failAfter(retryable({ retryAfterMs: 30 })), () => say("text-b")],
    },
    { waitMs: 5000 },
  );
  assert.deepEqual((await collect(run())).got, ["text-b"]);
  assert.deepEqual(calls, ["a", "b", "b"]);
});

test("the time to wait is one for all the waits of a call, however often it waits", async () => {
  let clock = 0;
  async function* failFor(ms: number): AsyncGenerator<string> {
    clock += ms;
    // The cooldown is over by this clock before it is by that of the machine.
    setTimeout(() => (clock += 20), 1);
    yield* failAfter(retryable({ retryAfterMs: 20 }));
  }
  const { calls, run } = setUp(
    { a: [() => failFor(0), () => failFor(100_000), () => say("text-a")] },
    { waitMs: 60_000 },
    { now: () => clock },
  );
  assert.match((await collect(run())).error?.message ?? "", /exhausted after down/);
  assert.deepEqual(calls, ["a", "a"]);
});

test("a pool without a ready member waits for one, as long as it may", async () => {
  const { run, pool } = setUp({ a: [() => say("text-a")] }, { waitMs: 5000 });
  pool.members[0]?.setReady(false);
  setTimeout(() => pool.members[0]?.setReady(true), 20);
  assert.deepEqual((await collect(run())).got, ["text-a"]);
  const none = setUp({ a: [] });
  none.pool.members[0]?.setReady(false);
  assert.equal((await collect(none.run())).error?.code, "TooManyRequests");
});

test("rounds let a pool of one ask again", async () => {
  const { calls, run } = setUp({ a: [() => failAfter(retryable()), () => say("text-a")] }, { rounds: 2, backoffMs: 1 });
  assert.deepEqual((await collect(run())).got, ["text-a"]);
  assert.deepEqual(calls, ["a", "a"]);
});
