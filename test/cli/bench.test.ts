import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { quantiles } from "../../bench/statistic.ts";
import { sourceFile } from "../program.ts";

function bench(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...sourceFile("bench/main.ts"), ...words], { encoding: "utf8" });
}

test("npm run bench lists the benches; a wrong name or option ends with 1", () => {
  const listed = bench();
  assert.deepEqual([listed.status, listed.stdout], [0, ""]);
  assert.match(listed.stderr, /^ {2}turn {2}\S/m);
  const unknown = bench("tern");
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /There is no bench "tern"\.\nBenches: /);
  const option = bench("turn", "--quik");
  assert.equal(option.status, 1);
  assert.match(option.stderr, /There is no option --quik\./);
});

test("quantiles are values that were measured", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(quantiles(hundred), { p50: 50, p99: 99 });
  assert.deepEqual(quantiles([7.125]), { p50: 7.13, p99: 7.13 });
  assert.deepEqual(quantiles([3, 1, 2]), { p50: 2, p99: 3 });
});
