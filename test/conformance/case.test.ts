// The conformance cases that need no checkout of the original.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { sourceFile } from "../program.ts";

test("small inputs end as they do on the original", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "flowstead-case-"));
  const report = path.join(folder, "report.json");
  const cases = "test/fixture/conformance/cases.jsonl";
  const args = [
    ...sourceFile("test/conformance/main.ts"),
    "--cases",
    cases,
    "--report",
    report,
    "--quiet",
    "--jobs",
    "4",
  ];
  const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const outcomes = JSON.parse(readFileSync(report, "utf8")) as { id: string; passed: boolean; reason?: string }[];
  rmSync(folder, { recursive: true });
  const failed = outcomes.filter(({ passed }) => !passed);
  assert.deepEqual(
    failed.map(({ id, reason }) => `${id}: ${reason}`),
    [],
    stderr,
  );
  assert.ok(outcomes.length > 200);
});
