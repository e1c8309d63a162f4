// Whole runs over flows of this repository: what is in their folders, and what others make of it.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Float, type ValueMap } from "../../src/base/value.ts";
import type { ErrorRecord } from "../../src/run/error-record.ts";
import { readErrors } from "../../src/run/outcome.ts";
import { readDetails } from "../../src/run/details.ts";
import type { BatchProgress } from "../../src/run/progress.ts";
import { shownRun } from "../../src/run/run-info.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runs } from "./runs.ts";

test("a run leaves the original's files, in the order of the lines; a failed line fails alone", async (context) => {
  const { create, data, rows, store } = runs(context);
  const seen: BatchProgress[] = [];
  const file = await data([
    { name: "a", n: 2 },
    { name: "b", n: "many" },
    { name: "c", n: 0 },
  ]);
  const mapping = { name: "${data.name}", count: "${data.n}" };
  const onProgress = (progress: BatchProgress): void => void seen.push(progress);
  const run = await create({ data: file, column_mapping: mapping }, { name: "first", tags: { a: "b" }, onProgress });
  assert.equal(run.status, "Completed");
  assert.deepEqual(rows("first", "inputs.jsonl"), [
    { name: "a", count: 2, line_number: 0 },
    { name: "b", count: "many", line_number: 1 },
    { name: "c", count: 0, line_number: 2 },
  ]);
  // As in the original: a failed line has no outputs there, and null in its record.
  const [failed] = rows("first", "flow_artifacts", "000000001_000000001.jsonl") as [{ run_info: ValueMap }];
  assert.deepEqual([failed.run_info.status, failed.run_info.output], ["Failed", null]);
  assert.deepEqual(rows("first", "outputs.jsonl"), [
    { greeting: "Hello a!!", count: 2, line_number: 0 },
    { greeting: "Hello c", count: 0, line_number: 2 },
  ]);
  assert.deepEqual(rows("first", "flow_outputs", "output.jsonl"), [
    { line_number: 0, greeting: "Hello a!!", count: 2 },
    { line_number: 2, greeting: "Hello c", count: 0 },
  ]);
  const folder = store.layout("first").folder;
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(found.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort(), [
    "error.json",
    ...["0", "1", "2"].map((line) => `flow_artifacts/00000000${line}_00000000${line}.jsonl`),
    "flow_logs/000000000.log",
    "flow_logs/000000001.log",
    "flow_logs/000000002.log",
    "flow_outputs/output.jsonl",
    "inputs.jsonl",
    "lines.tsv",
    "logs.txt",
    "meta.json",
    "metrics.json",
    "node_artifacts/greet/000000000.jsonl",
    "node_artifacts/greet/000000002.jsonl",
    "outputs.jsonl",
    "run.json",
    "snapshot/flow.dag.yaml",
    "snapshot/greet.jinja2",
  ]);
  const [artifact] = rows("first", "node_artifacts", "greet", "000000002.jsonl") as [{ run_info: ValueMap } & ValueMap];
  assert.deepEqual(
    [artifact.NodeName, artifact.line_number, artifact.run_info.run_id, artifact.run_info.parent_run_id],
    ["greet", 2, "first_greet_2", "first_2"],
  );
  const last = seen.at(-1);
  assert.deepEqual([seen.length, last?.done, last?.failed, last?.total], [3, 3, 1, 3]);
  const shown = shownRun(run, folder, await readErrors(store, "first")) as { error: { message: string }; tags: object };
  assert.match(
    shown.error.message,
    /^Failed to run 1\/3 lines\. First error message is: .*'count' in line 1 of input data/,
  );
  assert.deepEqual(shown.tags, { a: "b" });
  const details: ValueMap[] = [];
  for await (const row of readDetails(store.layout("first"), 2)) details.push(row);
  assert.deepEqual(
    [details.length, details[0]?.["outputs.greeting"], details[1]?.["inputs.count"]],
    [2, "Hello a!!", "many"],
  );
});

test("a function's own defaults stand in where no column is named, and its types convert", async (context) => {
  const { create, data, rows } = runs(context);
  const flow = writeFolder(context, {
    "flow.flex.yaml": "entry: entry:show\n",
    "entry.py": "def show(a: str, n: int = 3, l: list = [1], o=None) -> str:\n    return repr((a, n, l, o))\n",
  });
  await create({ flow, data: await data([{ a: 1 }, { a: "x", n: "7", o: 5 }]) }, { name: "own" });
  const outputs = (run: string): unknown[] => rows(run, "flow_outputs", "output.jsonl").map(({ output }) => output);
  assert.deepEqual(outputs("own"), ["('1', 3, [1], None)", "('x', 3, [1], None)"]);
  const column_mapping = { n: "${data.n}", o: "${data.o}" };
  await create({ flow, data: await data([{ a: "x", n: "7", o: 5 }]), column_mapping }, { name: "mapped" });
  assert.deepEqual(outputs("mapped"), ["('x', 7, [1], 5)"]);
});

// On purpose: the original ends such a run without a word.
test("a run that is stopped keeps its lines; resuming runs the others only", async (context) => {
  const { create, data, rows, store } = runs(context);
  const file = await data(
    Array.from({ length: 20 }, (_, index) => ({ name: `n${index}`, count: index === 2 ? "x" : 1 })),
  );
  const stop = new AbortController();
  const onProgress = ({ done }: BatchProgress): void => {
    if (done === 8) stop.abort();
  };
  const mapping = { name: "${data.name}", count: "${data.count}" };
  const request = { data: file, column_mapping: mapping };
  const stopped = await create(request, { name: "stopped", onProgress, signal: stop.signal });
  assert.equal(stopped.status, "Canceled");
  const before = rows("stopped", "flow_outputs", "output.jsonl").length;
  assert.ok(before >= 7 && before < 19, `${before} lines had completed`);
  let ran = 0;
  await create({ ...request, resume_from: "stopped" }, { name: "resumed", onProgress: () => ran++ });
  assert.equal(ran, 20 - before, "the line that had failed is tried again");
  const numbers = rows("resumed", "inputs.jsonl").map((row) => row["line_number"]);
  assert.deepEqual(
    numbers,
    Array.from({ length: 20 }, (_, index) => index),
  );
  assert.equal((await store.get("resumed")).status, "Completed");
  const [taken] = rows("resumed", "flow_artifacts", "000000000_000000000.jsonl") as [{ run_info: ValueMap }];
  const { run_id, parent_run_id, root_run_id } = taken.run_info;
  assert.deepEqual([run_id, parent_run_id, root_run_id], ["stopped_0", "resumed", "resumed"]);
});

test("a run that fails as a whole tells why as the original does, and what it is in particular", async (context) => {
  const { create, data, store } = runs(context);
  const request = { data: await data([{ name: "a" }]), column_mapping: { name: "${data.nope}" } };
  assert.equal((await create(request, { name: "unmapped" })).status, "Failed");
  const { message, innerError, additionalInfo } = (await readErrors(store, "unmapped")) as ErrorRecord;
  assert.match(message, /^First error message is: .*Couldn't find these mapping relations: \$\{data\.nope\}\./);
  assert.deepEqual(innerError, { code: "SDKError", innerError: { code: "BulkRunException", innerError: null } });
  assert.deepEqual(additionalInfo, [
    { type: "BulkRunErrors", info: { errors: [] } },
    { type: "ApplyInputMappingError", info: { missing: ["${data.nope}"], line: 0 } },
  ]);
  assert.deepEqual(JSON.parse(readFileSync(store.layout("unmapped").meta, "utf8")), { batch_size: 1 });
});

test("a flow of nodes that takes nothing is no flow for a run, whatever its data is; a function without parameters is", async (context) => {
  const { create, data, store } = runs(context);
  const flow = writeFolder(context, {
    "flow.dag.yaml": `outputs: {o: {type: string, reference: "\${p.output}"}}\nnodes: [{name: p, type: prompt, source: {type: code, path: p.jinja2}, inputs: {}}]\n`,
    "p.jinja2": "hi",
    "act.py": "def act():\n    return {'n': 1}\n",
  });
  const request = { flow, data: await data([]) };
  assert.equal((await create(request, { name: "empty" })).status, "Failed");
  const { message, innerError } = (await readErrors(store, "empty")) as ErrorRecord;
  assert.equal(
    message,
    "First error message is: The input for flow cannot be empty in batch mode. Please review your flow and provide valid inputs.",
  );
  assert.deepEqual(innerError, { code: "SDKError", innerError: { code: "BulkRunException", innerError: null } });
  assert.deepEqual(JSON.parse(readFileSync(store.layout("empty").meta, "utf8")), { batch_size: 1 });
  const rows = await data([{ any: 1 }]);
  const whole = await create({ flow: path.join(flow, "act:act"), data: rows }, { name: "function" });
  assert.deepEqual([whole.status, whole.system_metrics["__pf__.lines.completed"]], ["Completed", 1]);
});

test("names are kept apart, and a name can not lead out of the folder", async (context) => {
  const { create, data, store } = runs(context);
  const request = { data: await data([{ name: "a" }]) };
  await create(request, { name: "one" });
  await assert.rejects(create(request, { name: "one" }), { code: "RunExistsError" });
  for (const name of ["../two", "..", "a/b", ""])
    await assert.rejects(create(request, { name }), { code: "UsageError" });
  await assert.rejects(create({ run: "nothing" }), { code: "RunNotFoundError" });
  await assert.rejects(create({}), { code: "UsageError", message: /Either run or data/ });
  await create(request, { name: "two" });
  assert.deepEqual(
    (await store.list()).map(({ name }) => name),
    ["two", "one"],
  );
  await store.update("one", { is_archived: true });
  assert.equal((await store.get("one")).is_archived, true);
  await store.delete("one");
  await assert.rejects(store.get("one"), { code: "RunNotFoundError" });
});

test("more lines than a thousand share artifact files", async (context) => {
  const { create, data, rows, store } = runs(context);
  const file = await data(Array.from({ length: 2001 }, (_, index) => ({ name: `n${index}` })));
  await create({ data: file }, { name: "many" });
  const { flowArtifacts } = store.layout("many");
  assert.deepEqual(rows("many", "meta.json"), [{ batch_size: 1000 }]);
  assert.deepEqual(readdirSync(flowArtifacts).sort(), [
    "000000000_000000999.jsonl",
    "000001000_000001999.jsonl",
    "000002000_000002999.jsonl",
  ]);
  const second = rows("many", "flow_artifacts", "000001000_000001999.jsonl");
  assert.deepEqual([second.length, second[0]?.["line_number"], second[999]?.["line_number"]], [1000, 1000, 1999]);
  assert.equal(rows("many", "outputs.jsonl").length, 2001);
});

test("numbers stay what they are from the data to the outputs", async (context) => {
  const { create, rows, store } = runs(context);
  const file = path.join(path.dirname(store.layout("x").folder), "..", "floats.jsonl");
  await writeFile(file, '{"text": "t", "value": {"f": 1.0, "i": 123456789012345678901}}\n');
  await create(
    { flow: path.resolve("test/fixture/flow/echo"), data: file, column_mapping: { value: "${data.value}" } },
    { name: "echo" },
  );
  const value = { f: new Float(1), i: 123456789012345678901n };
  assert.deepEqual(rows("echo", "flow_outputs", "output.jsonl")[0]?.["value"], value);
});
