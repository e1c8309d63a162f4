import assert from "node:assert/strict";
import { it } from "node:test";
import { killRebuilds } from "./killed-rebuild.ts";

it(
  "whoever builds an index anew may be killed at any moment: each answer is of one edition, whole",
  { timeout: 120_000 },
  async () => {
    const { answers, swaps } = await killRebuilds(2, 20_261_123);
    assert.ok(answers > 0 && swaps > 0);
  },
);
