// Faults under a batch run: lines that ruin their process or never end, and edits while it goes on.

import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { FlowsteadError } from "../../src/base/error/error.ts";
import type { BatchProgress } from "../../src/run/progress.ts";
import { readErrors } from "../../src/run/outcome.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runs } from "./runs.ts";

const FLOW = `inputs: {n: {type: int}}
outputs: {n: {type: int, reference: "\${act.output}"}}
nodes:
- {name: act, type: python, source: {type: code, path: act.py}, inputs: {n: "\${inputs.n}"}}
`;
const ACT = `import os, time
from promptflow.core import tool
@tool
def act(n: int):
    if n == 3:
        os._exit(9)
    if n == 5:
        time.sleep(600)
    if n == 7:
        print("x" * 3_000_000)
        raise MemoryError("no room for this line")
    return n
`;

const numbers = (count: number): object[] => Array.from({ length: count }, (_, n) => ({ n }));

test("a line that kills its process, one that never ends and one that raises fail alone", async (context) => {
  const { create, data, rows, store } = runs(context);
  const flow = writeFolder(context, { "flow.dag.yaml": FLOW, "act.py": ACT });
  const run = await create({ flow, data: await data(numbers(12)) }, { name: "poisoned", lineTimeoutMs: 6_000 });
  assert.equal(run.status, "Completed");
  assert.deepEqual(
    rows("poisoned", "flow_outputs", "output.jsonl").map(({ n }) => n),
    [0, 1, 2, 4, 6, 8, 9, 10, 11],
  );
  const errors = JSON.stringify(await readErrors(store, "poisoned"));
  assert.match(errors, /Line 5 execution timeout for exceeding 6 seconds/);
  assert.match(errors, /\(MemoryError\) no room for this line/);
  assert.match(errors, /"type":"ToolExecutionErrorDetails","info":\{[^}]*"filename":"[^"]*act\.py","lineno":11,/);
  assert.equal(run.system_metrics["__pf__.lines.failed"], 3);
});

test("flow and data that are edited under a run are told", async (context) => {
  const { create, data } = runs(context);
  const flow = writeFolder(context, {
    "flow.dag.yaml": FLOW,
    "act.py": "from promptflow.core import tool\n@tool\ndef act(n: int):\n    return n\n",
  });
  const file = await data(numbers(8));
  const told: string[] = [];
  const onNotice = (message: string): void => void told.push(message);
  await create({ flow, data: file }, { name: "quiet", onNotice });
  assert.deepEqual(told, []);
  const onProgress = ({ done }: BatchProgress): void => {
    if (done !== 1) return;
    writeFileSync(path.join(flow, "act.py"), "# edited\n");
    writeFileSync(path.join(flow, "left-by-the-flow.txt"), "");
    appendFileSync(file, '{"n": 99}\n');
  };
  const run = await create({ flow, data: file }, { name: "edited", onNotice, onProgress });
  assert.equal(run.status, "Completed");
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(told[0] ?? "", /edited while the run went on: changed act\.py\./);
  assert.match(told[1] ?? "", /The data at .*\.jsonl was changed while the run went on/);
});

// Linux has a file on which no byte finds room.
test("a disk that is full is told with the place, leaves no half of the files, and the run goes on later", async (context) => {
  if (!existsSync("/dev/full")) return context.skip("no /dev/full");
  const { create, data, rows, store } = runs(context);
  const request = { data: await data([{ name: "a" }, { name: "b" }]), column_mapping: { name: "${data.name}" } };
  const { folder, outputs, flowArtifacts, error } = store.layout("full");
  const onStart = (): void => symlinkSync("/dev/full", path.join(folder, "inputs.jsonl.part"));
  await assert.rejects(create(request, { name: "full", onStart }), (thrown: FlowsteadError) => {
    assert.equal(thrown.code, "StoreFull");
    assert.match(
      thrown.message,
      /^The results of run full cannot be written in .*\/full: there is no room on the disk .*--resume-from full\.$/,
    );
    return true;
  });
  assert.deepEqual([outputs, flowArtifacts, error].map(existsSync), [false, false, true]);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".part")),
    [],
  );
  assert.equal((await store.get("full")).status, "Failed");
  let ran = 0;
  await create({ ...request, resume_from: "full" }, { name: "later", onProgress: () => ran++ });
  assert.deepEqual([ran, rows("later", "outputs.jsonl").length], [0, 2]);
});
