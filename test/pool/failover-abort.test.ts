// Calls that their caller gives up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../src/base/abort.ts";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { collect, failAfter, retryable, say, setUp } from "./scripted-pool.ts";

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

test("a trial that its caller leaves before any text says nothing about the member; one with text does", async () => {
  for (const [event, state] of [
    ["start", "open"],
    ["text", "available"],
  ] as const) {
    let clock = 0;
    async function* begin(): AsyncGenerator<string> {
      for (;;) yield event;
    }
    const { run, pool } = setUp(
      { a: [() => failAfter(retryable()), begin, begin] },
      { restart: () => "restart" },
      { now: () => clock, breaker: { failures: 1, openMs: 1000 } },
    );
    await collect(run());
    clock = 1500;
    for await (const _ of run()) break;
    // A second trial would not be let in beside the first if that had not ended.
    const [member] = pool.members;
    assert.equal(member?.status(), "available", "the trial is over");
    const lease = pool.acquire();
    assert.equal(member.status(), state, event);
    lease?.end({ outcome: "neutral" });
  }
});
