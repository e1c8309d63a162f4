import assert from "node:assert/strict";
import { test } from "node:test";
import { scaler } from "../../src/endpoint/scale.ts";
import { activeSchedule } from "../../src/endpoint/schedule.ts";

const BOUNDS = { minInstances: 2, maxInstances: 10, targetUtilizationPercentage: 70 };

test("instances wanted follow the calls in work over what instances may take", () => {
  const next = scaler();
  assert.equal(next({ count: 2, pending: 20, perInstance: 4 }, BOUNDS), 8);
  assert.equal(next({ count: 2, pending: 100, perInstance: 4 }, BOUNDS), 10);
  assert.equal(next({ count: 2, pending: 0, perInstance: 4 }, BOUNDS), 2);
});

test("one instance leaves after twenty quiet polls in a row, and a busy one begins the count anew", () => {
  const next = scaler();
  const quiet = { count: 5, pending: 0, perInstance: 4 };
  const busy = { count: 5, pending: 14, perInstance: 4 };
  for (let poll = 0; poll < 19; poll++) assert.equal(next(quiet, BOUNDS), 5);
  assert.equal(next(busy, BOUNDS), 5);
  for (let poll = 0; poll < 19; poll++) assert.equal(next(quiet, BOUNDS), 5);
  assert.equal(next(quiet, BOUNDS), 4);
});

test("bounds that change move the count at once", () => {
  const next = scaler();
  assert.equal(next({ count: 5, pending: 0, perInstance: 4 }, { ...BOUNDS, maxInstances: 3 }), 2);
  assert.equal(next({ count: 2, pending: 0, perInstance: 4 }, { ...BOUNDS, minInstances: 6 }), 6);
});

test("a schedule holds in its span and on its days; over midnight it belongs to the day it begins on", () => {
  const work = { days: ["mon", "tue"], start: "08:00", end: "18:00", minInstances: 4, maxInstances: 8 };
  const night = { days: ["fri"], start: "22:00", end: "02:00", minInstances: 1, maxInstances: 1 };
  const at = (day: number, hour: number, minute = 0) =>
    // 2026-11-01 is a Sunday.
    activeSchedule([work, night], new Date(2026, 10, 1 + day, hour, minute));
  assert.equal(at(1, 8), work);
  assert.equal(at(2, 17, 59), work);
  assert.equal(at(1, 18), undefined);
  assert.equal(at(3, 9), undefined);
  assert.equal(at(5, 23), night);
  assert.equal(at(6, 1, 59), night);
  assert.equal(at(5, 1), undefined);
  assert.equal(at(6, 2), undefined);
  const half = { ...work, days: [], start: "12:30", end: "12:45" };
  const minutes = [29, 30, 44, 45].map((minute) => activeSchedule([half], new Date(2026, 10, 3, 12, minute)));
  assert.deepEqual(minutes, [undefined, half, half, undefined]);
  const later = { ...half, minInstances: 9 };
  assert.equal(activeSchedule([half, later], new Date(2026, 10, 3, 12, 31)), half, "the first that fits");
  const always = { ...night, days: [], start: "00:00", end: "00:00" };
  assert.equal(activeSchedule([always], new Date()), always);
});
