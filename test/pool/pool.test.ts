import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { Breaker } from "../../src/pool/breaker.ts";
import type { MemberEvent } from "../../src/pool/member.ts";
import { createPool } from "../../src/pool/pool.ts";

/** A random source with an even spread, so that shares are exact enough to assert. */
function spread(): () => number {
  let at = 0;
  return () => (at = (at + 0.618_033_988_75) % 1);
}

test("an idle pool follows the weights", () => {
  const pool = createPool<string>({
    members: [
      { id: "a", value: "a", weight: 3 },
      { id: "b", value: "b", weight: 1 },
    ],
    random: spread(),
  });
  const counts: Record<string, number> = { a: 0, b: 0 };
  for (let call = 0; call < 400; call++) {
    const lease = pool.acquire();
    assert.ok(lease);
    counts[lease.member.id] = (counts[lease.member.id] ?? 0) + 1;
    lease.end({ outcome: "success" });
  }
  assert.ok(Math.abs((counts.a ?? 0) - 300) <= 12, JSON.stringify(counts));
});

test("a busy pool follows the load per weight", () => {
  const pool = createPool<string>({
    members: [
      { id: "a", value: "a", weight: 2 },
      { id: "b", value: "b" },
      { id: "c", value: "c" },
    ],
    random: spread(),
  });
  for (let call = 0; call < 80; call++) pool.acquire();
  const [a, b, c] = pool.members.map((member) => member.inFlight);
  assert.ok(Math.abs((a ?? 0) - 40) <= 4, `${a} ${b} ${c}`);
  assert.ok(Math.abs((b ?? 0) - (c ?? 0)) <= 4, `${a} ${b} ${c}`);
});

test("the best priority serves alone until it is out", () => {
  const pool = createPool<string>({
    members: [
      { id: "near", value: "near" },
      { id: "far", value: "far", priority: 1 },
    ],
  });
  for (let call = 0; call < 5; call++) assert.equal(pool.acquire()?.member.id, "near");
  pool.members[0]?.setReady(false);
  assert.equal(pool.acquire()?.member.id, "far");
  pool.members[0]?.setReady(true);
  assert.equal(pool.acquire()?.member.id, "near");
});

test("the own zone is preferred and spills over when it is much busier", () => {
  const pool = createPool<string>({
    members: [
      { id: "z1", value: "1", zone: "1" },
      { id: "z2", value: "2", zone: "2" },
    ],
  });
  const ids = Array.from({ length: 5 }, () => pool.acquire({ zone: "1" })?.member.id);
  assert.deepEqual(ids, ["z1", "z1", "z1", "z2", "z1"]);
});

test("draining takes no calls and settles when the last one has ended", async () => {
  const pool = createPool<string>({ members: [{ id: "a", value: "a" }] });
  const lease = pool.acquire();
  let removed = false;
  const removing = pool.remove("a").then(() => (removed = true));
  assert.equal(pool.acquire(), undefined);
  await Promise.resolve();
  assert.equal(removed, false);
  lease?.end({ outcome: "success" });
  lease?.end({ outcome: "failure" });
  await removing;
  assert.equal(pool.members.length, 0);
});

test("the circuit opens, lets one trial through, and closes or doubles", () => {
  let now = 0;
  const events: MemberEvent[] = [];
  const pool = createPool<string>({
    members: [{ id: "a", value: "a" }],
    breaker: { failures: 3, windowMs: 1000, openMs: 100 },
    now: () => now,
    onEvent: (event) => events.push(event),
  });
  const fail = (): void => {
    pool.acquire()?.end({ outcome: "failure", reason: new FlowsteadError("Unexpected", "x") });
  };
  fail();
  fail();
  assert.equal(pool.members[0]?.status(), "available");
  fail();
  assert.equal(pool.acquire(), undefined);
  assert.equal(pool.members[0]?.waitMs(), 100);
  now = 100;
  const trial = pool.acquire();
  assert.ok(trial);
  assert.equal(pool.acquire(), undefined, "a second call while the trial runs");
  trial.end({ outcome: "failure" });
  assert.equal(pool.members[0]?.waitMs(), 200);
  now = 300;
  pool.acquire()?.end({ outcome: "neutral" });
  const second = pool.acquire();
  assert.ok(second, "a canceled trial gives way to another");
  second.end({ outcome: "success" });
  assert.equal(pool.members[0]?.status(), "available");
  assert.deepEqual(
    events.map((event) => event.type),
    ["circuit-open", "circuit-open", "circuit-closed"],
  );
});

test("a few failures among many successes leave the circuit closed, and old ones are forgotten", () => {
  const breaker = new Breaker({ failures: 3, windowMs: 1000, openMs: 100 });
  const leave = (outcome: "success" | "failure", now: number): void => breaker.leave(outcome, { isTrial: false, now });
  for (let call = 0; call < 10; call++) leave("success", 1);
  for (let call = 0; call < 4; call++) leave("failure", 2);
  assert.equal(breaker.state(2), "closed");
  leave("failure", 2000);
  leave("failure", 2001);
  assert.equal(breaker.state(2001), "closed");
  leave("failure", 2002);
  assert.equal(breaker.state(2002), "open");
});

test("health probes take a member out, tell its calls, and let it in again", async () => {
  let isWell = true;
  const seen: string[] = [];
  let resolveOut: () => void = () => {};
  let resolveIn: () => void = () => {};
  const out = new Promise<void>((resolve) => (resolveOut = resolve));
  const back = new Promise<void>((resolve) => (resolveIn = resolve));
  const pool = createPool<string>({
    members: [{ id: "a", value: "a" }],
    health: {
      probe: async () => {
        if (!isWell) throw new FlowsteadError("InstanceUnavailable", "probe failed");
      },
      periodMs: 2,
      failureThreshold: 2,
    },
    onEvent: (event) => {
      seen.push(event.type);
      if (event.type === "unready") resolveOut();
      if (event.type === "ready") resolveIn();
    },
  });
  // The timers of probes do not keep a process alive; this one does.
  const keepAlive = setTimeout(() => {}, 5000);
  const lease = pool.acquire();
  assert.ok(lease);
  const lost = new Promise<FlowsteadError>((resolve) => (lease.onLost = resolve));
  isWell = false;
  await out;
  assert.equal((await lost).message, "probe failed");
  isWell = true;
  await back;
  assert.deepEqual(seen, ["unready", "ready"]);
  lease.end({ outcome: "neutral" });
  await pool.close();
  clearTimeout(keepAlive);
});

test("a probe that hangs is a failed probe", { timeout: 20_000 }, async () => {
  const unready = new Promise<string>((resolve) => {
    const hanging = createPool<string>({
      members: [{ id: "a", value: "a" }],
      health: { probe: () => new Promise(() => {}), timeoutMs: 5, periodMs: 1, failureThreshold: 1 },
      onEvent: (event) => {
        resolve(event.reason?.message ?? "");
        void hanging.close();
      },
    });
  });
  const keepAlive = setTimeout(() => {}, 5000);
  assert.match(await unready, /within 5 ms/);
  clearTimeout(keepAlive);
});

test("the less busy of two gets the call, whichever is drawn first", () => {
  for (const first of [0, 0.99]) {
    const pool = createPool<string>({ members: ["a", "b", "c"].map((id) => ({ id, value: id })), random: () => first });
    const order = Array.from({ length: 6 }, () => pool.acquire()?.member.id);
    // The third is never drawn, and the two that are take turns.
    assert.equal(new Set(order).size, 2);
    for (let call = 0; call < 6; call += 2) assert.notEqual(order[call], order[call + 1]);
  }
});

test("a circuit stays open twice as long after each failed trial, up to eight times", () => {
  const breaker = new Breaker({ failures: 1, windowMs: 1000, openMs: 100 });
  breaker.leave("failure", { isTrial: false, now: 0 });
  let now = 0;
  const waits: number[] = [];
  for (let trial = 0; trial < 6; trial++) {
    const wait = breaker.waitMs(now);
    waits.push(wait);
    now += wait;
    breaker.leave("failure", { ...breaker.enter(now), now });
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 800, 800]);
});
