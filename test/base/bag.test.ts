import assert from "node:assert/strict";
import { test } from "node:test";
import { Bag } from "../../src/base/bag.ts";
import { seeded } from "../seeded.ts";

test("a bag holds what a set would, whatever comes and goes", () => {
  const random = seeded(7);
  const all = Array.from({ length: 40 }, (_, number) => ({ number, place: -1 }));
  const bag = new Bag<(typeof all)[number]>();
  const set = new Set<(typeof all)[number]>();
  for (let step = 0; step < 2000; step++) {
    const one = all[Math.floor(random() * all.length)] as (typeof all)[number];
    if (set.has(one)) assert.equal(bag.delete(one), set.delete(one));
    else {
      assert.equal(bag.delete(one), false);
      bag.add(one);
      set.add(one);
    }
    assert.equal(bag.size, set.size);
  }
  assert.deepEqual(new Set(bag.items()), set);
});

test("what left another bag is not taken out of this one", () => {
  const [one, other] = [new Bag<{ place: number }>(), new Bag<{ place: number }>()];
  const item = { place: -1 };
  one.add({ place: -1 });
  other.add(item);
  assert.equal(one.delete(item), false);
  assert.equal(one.size, 1);
  assert.equal(other.size, 1);
});
