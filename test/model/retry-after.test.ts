import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfterMs } from "../../src/network/retry-after.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const CASES: [headers: Record<string, string | string[]>, ms: number | undefined][] = [
  [{}, undefined],
  [{ "retry-after-ms": "1500", "retry-after": "60" }, 1500],
  [{ "x-ms-retry-after-ms": "700" }, 700],
  [{ "retry-after": "60", "x-ms-retry-after-ms": "700", "retry-after-ms": "1500" }, 1500],
  [{ "retry-after": "60", "x-ms-retry-after-ms": "700" }, 700],
  [{ "x-ratelimit-reset-requests": "1s", "retry-after": "60" }, 60_000],
  [{ "x-ratelimit-reset-requests": "1s", "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10_000],
  [{ "retry-after-ms": "0", "retry-after": "3" }, 3000],
  [{ "retry-after": "0.5" }, 500],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "0" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": ["7", "9"] }, 7000],
  [{ "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10_000],
  [{ "retry-after": "Thu, 01 Jan 2025 00:00:10 GMT" }, undefined],
  [{ "retry-after": "864000" }, 86_400_000],
  [{ "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
  [
    {
      "x-ratelimit-reset-requests": "1.5s",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-tokens": "6m0s",
      "x-ratelimit-remaining-tokens": "100",
    },
    1500,
  ],
  [{ "x-rate-limit-reset-tokens": "55" }, 55_000],
  [{ "x-ratelimit-reset-tokens": "-1" }, undefined],
  [{ "x-ratelimit-reset-requests": "20ms" }, 20],
];

for (const [headers, ms] of CASES) {
  test(`${JSON.stringify(headers)} is ${ms}`, () => assert.equal(retryAfterMs(headers, NOW), ms));
}
