import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../src/base/abort.ts";
import { FlowsteadError, type ErrorOptions } from "../../src/base/error/error.ts";
import { failover, failoverCall, type FailoverOptions } from "../../src/pool/failover.ts";
import { createPool, type PoolOptions } from "../../src/pool/pool.ts";

type Script = (signal: AbortSignal) => AsyncIterable<string>;
const retryable = (options: ErrorOptions = {}): FlowsteadError =>
  new FlowsteadError("InstanceUnavailable", "down", { retryable: true, ...options });

async function* say(...events: string[]): AsyncGenerator<string> {
  yield* events;
}
async function* failAfter(error: Error, ...events: string[]): AsyncGenerator<string> {
  yield* events;
  throw error;
}

/** A pool whose members are tried in the order of their names, and a record of who was called. */
function setUp(scripts: Record<string, Script[]>, options: Partial<FailoverOptions<string, string>> = {}, more = {}) {
  const calls: string[] = [];
  const names = Object.keys(scripts);
  const pool = createPool<string>({
    members: names.map((id, priority) => ({ id, value: id, priority })),
    ...(more as PoolOptions<string>),
  });
  const run = (signal: AbortSignal = new AbortController().signal): AsyncGenerator<string> =>
    failover<string, string>({
      pool,
      signal,
      attempt: (id, signal) => {
        calls.push(id);
        const script = scripts[id]?.shift();
        assert.ok(script, `no script left for ${id}`);
        return script(signal);
      },
      isCommitted: (event) => event.startsWith("text"),
      exhausted: ({ last, retryAfterMs }) =>
        new FlowsteadError("TooManyRequests", `exhausted after ${last?.message ?? "nothing"}`, {
          retryAfterMs,
        }),
      ...options,
    });
  return { pool, calls, run };
}

async function collect(events: AsyncIterable<string>): Promise<{ got: string[]; error?: FlowsteadError }> {
  const got: string[] = [];
  try {
    for await (const event of events) got.push(event);
    return { got };
  } catch (thrown) {
    return { got, error: FlowsteadError.from(thrown) };
  }
}

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

test("abort cancels the attempt and tries nobody else", async () => {
  const controller = new AbortController();
  async function* wait(signal: AbortSignal): AsyncGenerator<string> {
    await sleep(60_000, signal);
    yield "never";
  }
  const { calls, run, pool } = setUp({ a: [wait], b: [() => say("text-b")] });
  setTimeout(() => controller.abort(), 10);
  const { error } = await collect(run(controller.signal));
  assert.equal(error?.code, "Canceled");
  assert.deepEqual(calls, ["a"]);
  assert.equal(pool.members[0]?.inFlight, 0);
  assert.equal(pool.members[0]?.status(), "available");
});

test("after an abort no failure moves the call or blames the member, and an aborted call asks nobody", async () => {
  const failureOf = (event: string): FlowsteadError | undefined => (event === "error" ? retryable() : undefined);
  const endings: [ending: () => AsyncIterable<string>, seen: string][] = [
    [() => failAfter(retryable()), "Canceled"],
    [() => failAfter(new FlowsteadError("InvalidRequest", "bad")), "Canceled"],
    [() => say("error"), "error"],
  ];
  for (const [ending, seen] of endings) {
    const controller = new AbortController();
    async function* abortThenEnd(): AsyncGenerator<string> {
      controller.abort();
      yield* ending();
    }
    const { calls, run, pool } = setUp({ a: [abortThenEnd], b: [() => say("text-b")] }, { failureOf });
    const { got, error } = await collect(run(controller.signal));
    assert.equal(error?.code ?? got.join(), seen);
    assert.equal((await collect(run(controller.signal))).error?.code, "Canceled");
    assert.deepEqual(calls, ["a"]);
    assert.deepEqual([pool.members[0]?.lastFailure, pool.members[0]?.inFlight], [undefined, 0]);
  }
});

test("leaving the loop aborts the attempt and ends its lease", async () => {
  let aborted = false;
  async function* endless(signal: AbortSignal): AsyncGenerator<string> {
    signal.addEventListener("abort", () => (aborted = true));
    for (;;) yield "text";
  }
  const { run, pool } = setUp({ a: [endless] });
  for await (const event of run()) {
    assert.equal(event, "text");
    assert.equal(pool.members[0]?.inFlight, 1);
    break;
  }
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
