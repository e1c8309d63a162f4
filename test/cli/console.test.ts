import assert from "node:assert/strict";
import { test } from "node:test";
import { type Progress, terminal } from "../../src/cli/console.ts";

/** What stands in the line of a terminal so wide. */
function drawn(columns: number, progress: Progress): string {
  let written = "";
  const output = { write: (text: string) => void (written += text), isTTY: true, columns };
  terminal(output, output).bar("Lines", progress);
  return written.replace("\r\u001b[K", "");
}

test("in a narrow terminal the bar gives way and the numbers stay", () => {
  const progress = { done: 30, total: 60, rate: 2.5, remainingSeconds: 12, current: "1 failed" };
  const numbers = "30/60 (2.5/s, 12 s left)";
  assert.equal(drawn(100, progress), `Lines ${"█".repeat(12)}${"░".repeat(12)} ${numbers} 1 failed`);
  assert.equal(drawn(40, { ...progress, current: "" }), `Lines ${"█".repeat(4)}${"░".repeat(4)} ${numbers}`);
  assert.equal(drawn(34, progress), `Lines ${numbers} 1…`);
});

test("long times are told in minutes and hours", () => {
  const left = (remainingSeconds: number): string =>
    /, (.*) left/.exec(drawn(100, { done: 1, total: 9, rate: 1, remainingSeconds }))?.[1] ?? "";
  assert.deepEqual([0.2, 59.2, 200, 7530].map(left), ["1 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]);
});
