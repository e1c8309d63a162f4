// The runner itself: what it prints and how it ends.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { sourceFile } from "../program.ts";

const folder = mkdtempSync(path.join(tmpdir(), "flowstead-conformance-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(cases: object[], ...more: string[]): { code: number | null; last: string; text: string } {
  const file = path.join(folder, "cases.jsonl");
  writeFileSync(file, cases.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const args = [...sourceFile("test/conformance/main.ts"), "--cases", file, "--upstream", folder, ...more];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { code: status, last: stdout.trimEnd().split("\n").at(-1) ?? "", text: stdout };
}

writeFileSync(path.join(folder, "hello.jinja2"), "Hello {{ name }}!\n");

const GOOD = {
  id: "good",
  kind: "template_render",
  flow: "hello.jinja2",
  inputs: { context: { name: null } },
  expect: { text: "Hello None!\n" },
};
const BAD = { ...GOOD, id: "bad", expect: { text: "Hello !\n" } };
const STRANGE = { ...GOOD, id: "strange", kind: "no_such_kind" };
const LINE = {
  id: "line",
  kind: "line_inline",
  flow: null,
  inputs: {
    files: {
      "flow.dag.yaml":
        "inputs:\n  n: {type: double}\noutputs:\n  o: {type: string, reference: '${p.output}'}\nnodes:\n- name: p\n  type: prompt\n  source: {type: code, path: p.jinja2}\n  inputs: {n: '${inputs.n}'}\n",
      "p.jinja2": "{{ n }}",
    },
    flow_inputs: { n: 1 },
  },
  expect: { status: "Completed", output: { o: "1.0" }, node_status: { p: "Completed" } },
};

test("cases that hold pass, and the run ends well", () => {
  const { code, last } = run([GOOD, LINE]);
  assert.equal(last, "2 passed, 0 failed");
  assert.equal(code, 0);
});

test("a case that does not hold and a kind that nothing runs fail", () => {
  const { code, last, text } = run([GOOD, BAD, STRANGE, { ...LINE, expect: { ...LINE.expect, output: { o: "1" } } }]);
  assert.equal(last, "1 passed, 3 failed");
  assert.equal(code, 1);
  assert.match(text, /FAIL bad\n\s+text: got "Hello None!\\n", expected "Hello !\\n"/);
  assert.match(text, /FAIL strange\n\s+nothing runs the kind no_such_kind yet/);
});

test("one kind can be chosen, and choosing nothing is a failure", () => {
  assert.equal(run([GOOD, STRANGE], "--only", "template_render").last, "1 passed, 0 failed");
  assert.equal(run([GOOD], "--only", "other").code, 1);
});

test("a flow that draws by chance is run again, which the table says; a fault stays one", () => {
  writeFileSync(path.join(folder, "random.jinja2"), "Hello {{ name }}!\n");
  const chance = { ...BAD, flow: "random.jinja2" };
  const { code, last, text } = run([chance], "--attempts", "2");
  assert.deepEqual([code, last], [1, "0 passed, 1 failed"]);
  assert.match(text, /by chance, run 2 times: bad/);
});
