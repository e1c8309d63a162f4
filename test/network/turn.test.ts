// When what is written leaves: at the end of the turn of the event loop, or at once where turns are long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaveNow, leaveWithTurn } from "../../src/network/turn.ts";

const left: string[] = [];
const write = (name: string): void => leaveWithTurn({ leave: () => left.push(name) });
const eventEnds = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const turnEnds = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is written in one turn leaves together at its end, in its order", async () => {
  write("a");
  await eventEnds();
  write("b");
  await eventEnds();
  assert.deepEqual(left, []);
  await turnEnds();
  assert.deepEqual(left, ["a", "b"]);
});

test("where there is much to do beside a write, those after it do not wait, until it is tried again", async () => {
  const until = performance.now() + 20;
  write("slow");
  while (performance.now() < until);
  await turnEnds();
  write("alone");
  await eventEnds();
  assert.equal(left.at(-1), "alone");
  let waited = false;
  for (let number = 0; number < 200 && !waited; number++) {
    write(`${number}`);
    await eventEnds();
    waited = left.at(-1) !== `${number}`;
  }
  assert.ok(waited, "writes wait for one another again");
  await turnEnds();
});

test("before connections are closed, everything leaves", () => {
  write("last");
  leaveNow();
  assert.equal(left.at(-1), "last");
});
