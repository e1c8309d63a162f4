// `flow init`: what it makes runs at once, and nothing of a person's own is replaced unasked.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const OUTPUTS: Record<string, RegExp> = {
  chat: /"answer": "A prompt flow is a folder with a flow\.dag\.yaml/,
  standard: /"answer": "The library opens at nine in the morning/,
  evaluation: /"grade": "Correct"/,
};

test("a new flow of each type passes its test with the built-in model", async (context) => {
  const folder = writeFolder(context, {});
  for (const [type, outputs] of Object.entries(OUTPUTS)) {
    const flow = path.join(folder, type);
    const made = await runHere(["flow", "init", "--flow", flow, "--type", type]);
    assert.deepEqual([made.code, made.stdout.startsWith(`flowstead flow test --flow ${flow}`)], [0, true], made.stderr);
    const ran = await runHere(["flow", "test", "--flow", flow, "--home", path.join(folder, "home")]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, outputs);
  }
  const metrics = readFileSync(path.join(folder, "evaluation/.promptflow/flow.metrics.json"), "utf8");
  assert.deepEqual(JSON.parse(metrics), { accuracy: 1 });
});

test("files that are there are replaced only with --yes; --json says what was made", async (context) => {
  const flow = writeFolder(context, { "flow.dag.yaml": "mine" });
  const [refused, unknown] = await Promise.all([
    runHere(["flow", "init", "--flow", flow]),
    runHere(["flow", "init", "--flow", flow, "--type", "chatt"]),
  ]);
  assert.deepEqual([refused.code, unknown.code], [1, 2]);
  assert.match(refused.stderr, /has flow\.dag\.yaml already.*--yes/);
  assert.match(unknown.stderr, /Allowed choices are standard, chat, evaluation/);
  assert.equal(readFileSync(path.join(flow, "flow.dag.yaml"), "utf8"), "mine");
  const made = await runHere(["flow", "init", "--flow", flow, "-y", "--json"]);
  const said = JSON.parse(made.stdout) as { type: string; files: string[] };
  assert.deepEqual([said.type, said.files.includes("flow.dag.yaml")], ["standard", true]);
  writeFileSync(path.join(flow, "file"), "");
  assert.match((await runHere(["flow", "init", "--flow", path.join(flow, "file")])).stderr, /is a file/);
});
