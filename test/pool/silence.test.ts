// A member whose calls do not end is asked whether it still answers: taken out at once, given back or given up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createPool } from "../../src/pool/pool.ts";
import { watchSilence } from "../../src/pool/silence.ts";

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue() && Date.now() < deadline;) await delay(2);
  assert.ok(isTrue());
}

const SETTINGS = { silentMs: 10, timeoutMs: 1_000, failureThreshold: 3 };

test("no answer takes the member out; an answer lets it in again, and the count begins anew", async () => {
  const pool = createPool<string>({ members: [{ id: "a", value: "a" }] });
  const [member] = pool.members;
  assert.ok(member);
  const lease = pool.acquire();
  const seen: boolean[] = [];
  const answers = [false, false, true, false, false, true];
  let hung = 0;
  const stop = watchSilence(member, {
    ...SETTINGS,
    probe: async () => {
      seen.push(member.isReady);
      if (answers[seen.length - 1] === false) throw new Error("no answer");
    },
    onHang: () => hung++,
  });
  await until(() => seen.length > answers.length);
  stop();
  assert.deepEqual(seen.slice(0, answers.length), [true, false, false, true, false, false]);
  assert.equal(hung, 0, "never three in a row");
  lease?.end({ outcome: "success" });
  await pool.close();
});

test("so many questions in a row without an answer are told once; one without calls is not asked", async () => {
  const pool = createPool<string>({
    members: [
      { id: "a", value: "a" },
      { id: "idle", value: "b", priority: 1 },
    ],
  });
  const [member, idle] = pool.members;
  assert.ok(member && idle);
  const lease = pool.acquire();
  let [asked, hung, idleAsked] = [0, 0, 0];
  const stops = [
    watchSilence(member, {
      ...SETTINGS,
      probe: async () => {
        asked++;
        throw new Error("no answer");
      },
      onHang: () => hung++,
    }),
    watchSilence(idle, { ...SETTINGS, probe: async () => void idleAsked++, onHang: () => {} }),
  ];
  await until(() => hung > 0);
  await delay(50);
  for (const stop of stops) stop();
  assert.deepEqual([asked, hung, idleAsked], [3, 1, 0]);
  lease?.end({ outcome: "neutral" });
  await pool.close();
});
