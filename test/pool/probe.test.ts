// The five fields of a probe, each by what it does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ProbeSettings, probeOnce, watchProbe } from "../../src/pool/probe.ts";

/** Probes with the answers given, the last one for ever, and tells when each began and what was told after it. */
async function probed(settings: ProbeSettings, answers: readonly boolean[], count = answers.length) {
  const startedAt = performance.now();
  const times: number[] = [];
  const told: string[] = [];
  const stop = watchProbe({
    ...settings,
    probe: async () => {
      times.push(performance.now() - startedAt);
      if (times.length > count) return;
      told.push("");
      if (!(answers[times.length - 1] ?? answers.at(-1))) throw new Error("ill");
    },
    onWell: () => (told[times.length - 1] = "well"),
    onIll: () => (told[times.length - 1] = "ill"),
  });
  for (const deadline = Date.now() + 20_000; times.length <= count && Date.now() < deadline;) await delay(2);
  stop();
  return { times, told: told.slice(0, count) };
}

test("the first probe waits for the initial delay, each other one for the period", async () => {
  const { times } = await probed({ initialDelayMs: 200, periodMs: 60 }, [true, true]);
  // Timers may be a millisecond early.
  assert.ok((times[0] ?? 0) >= 198, String(times));
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - (times[index] ?? 0) >= 58, String(times));
});

test("so many in a row count as well or ill, and one of the other kind begins the count anew", async () => {
  const settings = { periodMs: 1, successThreshold: 2, failureThreshold: 3 };
  const { told } = await probed(settings, [
    true,
    false,
    true,
    true,
    false,
    false,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
  assert.deepEqual(told, ["", "", "", "well", "", "", "", "", "", "ill", "ill", ""]);
});

test("a probe that does not answer in time has failed, whether or not it heeds its signal", async () => {
  const never = new Promise<void>(() => {});
  const { signal: stop } = new AbortController();
  const late = delay(10_000, undefined, { ref: false });
  const failure = await Promise.race([probeOnce(() => never, { timeoutMs: 20, stop }), late]);
  assert.match(failure?.message ?? "", /no answer to the health probe within 20 ms/);
});
