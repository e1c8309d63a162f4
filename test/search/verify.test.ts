import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyClaim } from "../../src/search/verify.ts";

test("a passage is judged by what the claim says, however many were judged before and between", () => {
  const passage = "Employees accrue 26 days of vacation. Part-time employees accrue 13 days.";
  const right = "Employees accrue 26 days of vacation.";
  const wrong = "Employees accrue 27 days of vacation.";
  const judged = () => [
    verifyClaim(right, passage),
    verifyClaim(wrong, passage),
    verifyClaim(right, `Not so. ${passage}`),
  ];
  const first = judged();
  assert.deepEqual(
    first.map(({ isSupported }) => isSupported),
    [true, false, true],
  );
  assert.equal(first[0]?.start, 0);
  assert.equal(first[2]?.start, "Not so. ".length);
  assert.deepEqual(judged(), first);
  // More text than is kept.
  for (let number = 0; number < 11; number++) verifyClaim(right, `${number} `.repeat(16_000).padEnd(50_000, "- "));
  assert.deepEqual(judged(), first);
});
