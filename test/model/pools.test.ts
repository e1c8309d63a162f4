// Which entries may form one pool, and how much a pool retries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { balancedModel } from "../../src/model/balanced.ts";
import { openModelPools } from "../../src/model/pools.ts";
import { modelSettings, openModel } from "../../src/model/provider/index.ts";
import { RetryBudget } from "../../src/pool/retry-budget.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { collectUntilFailure, never } from "../model-suite.ts";

const entry = (more: Record<string, unknown>): ReturnType<typeof modelSettings> =>
  modelSettings({ provider: "openai", base_url: "http://127.0.0.1:9/v1", ...more });

test("a pool's members have the priority, weight and region that their entries say", () => {
  const entry = { provider: "openai" as const, baseUrl: "http://127.0.0.1:9/v1", model: "m" };
  const pool = openModelPools(
    [{ ...entry, weight: 3, region: "a" }, { ...entry, priority: 2, weight: 5 }, entry],
    SILENT,
  ).get("default");
  assert.deepEqual(
    pool?.pool.members.map(({ priority, weight, region }) => [priority, weight, region]),
    [
      [0, 3, "a"],
      [2, 5, undefined],
      [0, 1, undefined],
    ],
  );
});

test("a pool refuses members of another model or residency", () => {
  const open = (...entries: Record<string, unknown>[]): unknown => openModelPools(entries.map(entry), SILENT);
  assert.throws(() => open({ model: "a" }, { model: "b" }), {
    code: "InvalidConfig",
    message: /pool "default" differ in serves: "a", "b"/,
  });
  assert.throws(() => open({ model: "a", residency: "eu" }, { model: "a" }), { message: /residency: "eu", none/ });
  assert.throws(() => open({ model: "a", residency: "eu" }, { model: "a", residency: "us" }), {
    message: /"eu", "us"/,
  });
  open(
    { model: "a", residency: "eu" },
    { model: "a", residency: "eu" },
    { name: "other", model: "b", residency: "us" },
  );
  open({ model: "x", serves: "gpt-4o-2024-11-20" }, { model: "y", serves: "gpt-4o-2024-11-20" });
});

test("retries are a share of the calls, above a few that are always allowed", () => {
  let now = 0;
  const budget = new RetryBudget({ share: 0.2, least: 2, now: () => now });
  const retries = (tries: number): number =>
    Array.from({ length: tries }, () => budget.allows()).filter(Boolean).length;
  assert.equal(retries(5), 2);
  for (let call = 0; call < 100; call++) budget.call();
  assert.equal(retries(50), 18);
  now = 60_000;
  assert.equal(retries(5), 2);
});

test("members of a pool are probed, and a region that fails its probes meets no call; one alone is not asked", async (context) => {
  const [east, west, alone] = [await fakeModel(context), await fakeModel(context), await fakeModel(context)];
  east.script({ faults: [{ times: 0, path: "/models", fault: { kind: "status", status: 503 } }] });
  const pools = openModelPools(
    [
      entry({ base_url: `${east.url}/v1`, model: "m" }),
      entry({ base_url: `${west.url}/v1`, model: "m", priority: 1 }),
      entry({ base_url: `${alone.url}/v1`, model: "m", name: "alone" }),
    ],
    SILENT,
    { health: { periodMs: 5, timeoutMs: 5000, failureThreshold: 2 } },
  );
  context.after(() => Promise.all([...pools.values()].map((pool) => pool.close())));
  await east.journal.until(({ number }) => number === 3);
  await west.journal.until(({ number }) => number === 2);
  const ask = { messages: [{ role: "user" as const, content: "Hi" }], stream: false, parameters: {} };
  for await (const _ of pools.get("default")!.chat(ask, never()));
  const asked = ({ journal }: typeof east): number => journal.entries.filter(({ method }) => method === "POST").length;
  assert.deepEqual([asked(east), asked(west)], [0, 1]);
  assert.equal(alone.journal.entries.length, 0);
});

test("in an outage the calls that reach the regions stay near the calls that came", async (context) => {
  const fakes = await Promise.all(
    [1, 2].map(() => fakeModel(context, { faults: [{ times: 0, fault: { kind: "status", status: 500 } }] })),
  );
  const members = fakes.map(({ url }) => ({
    model: openModel({ provider: "openai", baseUrl: `${url}/v1`, model: "m" }),
  }));
  const pool = balancedModel(members, { breaker: { failures: Infinity }, waitMs: 0 });
  context.after(() => pool.close());
  const ask = { messages: [{ role: "user" as const, content: "Hi" }], stream: false, parameters: {} };
  for (let call = 0; call < 200; call++) {
    assert.equal((await collectUntilFailure(pool.chat(ask, never()))).error.code, "ModelFailed");
  }
  const calls = fakes.reduce((sum, fake) => sum + fake.journal.entries.length, 0);
  assert.ok(calls <= 200 + 50, `${calls} upstream calls for 200`);
});
