// Which instances start and which leave: the rule behind scaling, replacement and zones, without any process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Placed, isSettled, missing, surplus } from "../../src/endpoint/placement.ts";
import { openZones, spread } from "../../src/endpoint/zone.ts";

const ZONES = ["a", "b", "c"];
const at = (zone: string, how: Partial<Placed> = {}): Placed => ({ zone, isReady: true, isCurrent: true, ...how });
const old = (zone: string): Placed => at(zone, { isCurrent: false });

test("what starts is spread over the zones, and no zone is more than one ahead", () => {
  assert.deepEqual(missing(5, ZONES, []).toSorted(), ["a", "a", "b", "b", "c"]);
  assert.deepEqual(missing(5, ZONES, [at("a"), at("b")]).toSorted(), ["a", "b", "c"]);
  assert.deepEqual(
    [...spread(7, ZONES)],
    [
      ["a", 3],
      ["b", 2],
      ["c", 2],
    ],
  );
  assert.deepEqual(missing(3, [], []), [], "with every zone down there is nowhere to start");
});

test("a replacement is a fifth more, rounded up, in turn over the zones", () => {
  const ten = Array.from({ length: 10 }, (_, number) => old(ZONES[number % 3] as string));
  assert.deepEqual(missing(10, ZONES, ten), ["a", "b"]);
  assert.deepEqual(missing(1, ZONES, [old("a")]), ["a"]);
  assert.deepEqual(missing(10, ZONES, [...ten, at("a"), at("b")]), [], "no more until some have left");
  const thirty = Array.from({ length: 30 }, (_, number) => old(ZONES[number % 3] as string));
  assert.deepEqual(missing(30, ZONES, thirty), ["a", "b", "c", "a", "b", "c"]);
});

test("what is not ready leaves first; of those ready none leaves below the number wanted", () => {
  const [ready, starting] = [old("a"), { ...old("b"), isReady: false }];
  assert.equal(surplus(1, ["a", "b"], [ready, starting]), starting);
  assert.equal(surplus(1, ["a", "b"], [ready, old("b"), starting]), starting, "though a ready one could leave, too");
  assert.equal(surplus(1, ["a", "b"], [ready]), undefined, "its successor is not ready yet");
  assert.equal(surplus(1, ["a", "b"], [ready, at("a")]), ready, "the old one, once the new one is ready");
  assert.equal(surplus(2, ["a", "b"], [at("a"), at("b")]), undefined);
  const tooMany = [at("a"), at("a"), at("b")];
  assert.equal(surplus(2, ["a", "b"], tooMany), tooMany[0], "from the zone that has one too many");
});

test("settled is each one there, ready, new and in its zone", () => {
  assert.equal(
    isSettled(
      3,
      ZONES,
      ZONES.map((zone) => at(zone)),
    ),
    true,
  );
  assert.equal(isSettled(3, ZONES, [at("a"), at("a"), at("b")]), false);
  assert.equal(isSettled(3, ZONES, [at("a"), at("b")]), false);
  assert.equal(isSettled(2, ZONES, [at("a"), old("b")]), false);
  assert.equal(isSettled(2, ZONES, [at("a"), at("b", { isReady: false })]), false);
  assert.equal(isSettled(2, ZONES, [at("a"), at("b"), old("c")]), false, "one is leaving still");
});

test("a zone that goes down or comes back is told once", () => {
  const zones = openZones(ZONES);
  let told = 0;
  const stop = zones.watch(() => told++);
  for (const isUp of [false, false, true, true]) zones.set("b", isUp);
  assert.equal(told, 2);
  zones.set("b", false);
  assert.deepEqual(zones.up(), ["a", "c"]);
  assert.deepEqual(
    zones.list().map(({ isUp }) => isUp),
    [true, false, true],
  );
  stop();
  zones.set("c", false);
  assert.equal(told, 3);
  assert.throws(() => zones.set("d", false), { code: "NotFound", message: /There are: a, b, c\./ });
});
