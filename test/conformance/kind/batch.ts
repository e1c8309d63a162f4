// Batch runs: many rows, the aggregation over them, and what is counted.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { parseJson, plain, stringifyJson } from "../../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../../src/base/value.ts";
import { type NestedError, errorChain, nestedErrorChain } from "../../../src/flow/error-chain.ts";
import { type BatchResult, runBatch } from "../../../src/run/batch-run.ts";
import { openDataset, rowsInMemory } from "../../../src/run/dataset.ts";
import { type RunLayout, runLayout } from "../../../src/run/layout.ts";
import type { NamedSource } from "../../../src/run/lines.ts";
import { openRunLog } from "../../../src/run/run-log.ts";
import { type Case, type KindContext, type Kinds, Mismatch, isContradicted } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";
import { openCase } from "../flow-run.ts";

export const BATCH_KINDS: Kinds = {
  async batch(testCase, context) {
    const folder = mkdtempSync(path.join(tmpdir(), "flowstead-case-"));
    try {
      await judgeBatch(testCase, runLayout(folder), context);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function judgeBatch(testCase: Case, layout: RunLayout, context: KindContext): Promise<void> {
  const { observed } = testCase;
  const isWhole = context.whole === true || isContradicted(testCase);
  const expect = isWhole && observed?.["outputs"] ? observed : testCase.expect;
  const wantsFailure = expect["error_class"] ?? expect["raises"];
  let result: BatchResult;
  try {
    result = await run(testCase, layout, context);
  } catch (thrown) {
    if (!(thrown instanceof FlowsteadError) || wantsFailure === undefined) throw thrown;
    if (expect["error_class"] !== undefined) {
      expectEqual(errorChain(thrown).split("/").at(-1), expect["error_class"], `error class (${thrown.message})`);
    }
    const part = expect["message_contains"];
    if (typeof part === "string") expectTrue(thrown.message.includes(part), `message: ${thrown.message}`);
    return;
  }
  if (wantsFailure !== undefined) throw new Mismatch("the run should have failed, but did not");
  judgeCounts(result, expect);
  if (expect === testCase.observed) return judgeWhole(result, layout, expect);
  judgeOutputs(layout, expect);
  judgeErrors(layout, expect);
  for (const [node, output] of Object.entries((expect["aggregate_node_outputs"] ?? {}) as ValueMap)) {
    const text = readFileSync(path.join(layout.nodeArtifacts, node, "000000000.jsonl"), "utf8");
    const record = parseJson(text) as { run_info: { output: Value } };
    // The original compares with ==, to which 3 and 3.0 are the same.
    expectEqual(plain(record.run_info.output), plain(output), `output of ${node}`);
  }
}

async function run({ flow, inputs }: Case, layout: RunLayout, context: KindContext): Promise<BatchResult> {
  const file = path.join(context.upstream, flow ?? "");
  const opened = await openCase(file, context, { init: (inputs["init"] ?? {}) as ValueMap });
  const log = openRunLog(layout.logs);
  try {
    const limits = (inputs["run_kwargs"] ?? {}) as ValueMap;
    const maxRows = limits["max_lines_count"] as number | undefined;
    const sources = new Map<string, NamedSource>();
    for (const [name, given] of Object.entries(inputs["input_dirs"] as ValueMap)) {
      const origin = path.join(path.dirname(file), String(given as string));
      // A flow that takes nothing is refused before anybody looks for its data, which may not be there.
      const isFile = !Array.isArray(given) && opened.plan.inputs.length > 0;
      const rows = Array.isArray(given) ? (given.slice(0, maxRows) as ValueMap[]) : [];
      const source = isFile ? await openDataset(origin, { maxRows }) : rowsInMemory(rows);
      sources.set(name, { ...source, origin });
    }
    const stopOnFailure = limits["raise_on_line_failure"] === true;
    const mapping = (inputs["mapping"] ?? {}) as ValueMap;
    return await runBatch(
      {
        flow: opened,
        runId: "case",
        layout,
        sources,
        mapping,
        concurrency: 4,
        lineTimeoutMs: 50_000,
        stopOnFailure,
        log,
      },
      context.signal,
    );
  } finally {
    await opened.close();
    await log.close();
  }
}

function judgeCounts(result: BatchResult, expect: ValueMap): void {
  const counts: ValueMap = { total: result.total, completed: result.completed, failed: result.failed };
  for (const [name, count] of Object.entries(counts)) {
    if (expect[name] !== undefined) expectEqual(count, expect[name], name);
  }
  if (expect["node_status"] !== undefined) expectEqual(result.nodeStatus, expect["node_status"], "node_status");
  if (expect["metrics"] !== undefined) expectEqual(plain(result.metrics), plain(expect["metrics"]), "metrics");
}

/** All that was seen of a run: its lines, and the error of each that failed. */
function judgeWhole({ aggregationErrors }: BatchResult, layout: RunLayout, observed: ValueMap): void {
  expectEqual(
    named(readRows(path.join(layout.flowOutputs, "output.jsonl"))),
    named(observed["outputs"] ?? []),
    "outputs",
  );
  const errors = readErrors(layout.error).flatMap((row) => {
    const { line_number: line, error } = row as { line_number?: number; error: NestedError & ValueMap };
    if (line === undefined) return [];
    return [{ line, code: nestedErrorChain(error), message: error["message"] as Value }];
  });
  const wanted = (observed["errors"] as ValueMap[]).map(({ line, code, message }) => ({ line, code, message }));
  expectEqual(errors, wanted, "errors");
  const failed = Object.entries(aggregationErrors).map(([node, { message }]) => [node, message]);
  expectEqual(Object.fromEntries(failed), observed["aggr_errors"] ?? {}, "aggregation errors");
}

/** Without the names of image files, which the original draws, and where the flows lie. */
function named(rows: Value): Value {
  const text = stringifyJson(rows).replace(/[\w-]{36,40}(?=\.(?:png|jpg|jpeg)")/g, "<name>");
  return parseJson(text.replace(/(?:[^"\s]*\/)?test_configs\/|\$TEST_CONFIGS\//g, "<configs>/"));
}

function judgeOutputs(layout: RunLayout, expect: ValueMap): void {
  const rows = readRows(path.join(layout.flowOutputs, "output.jsonl"));
  if (expect["outputs"] !== undefined) expectEqual(rows, expect["outputs"], "outputs");
  if (expect["line_numbers"] !== undefined) {
    expectEqual(
      rows.map((row) => row["line_number"]),
      rows.map((_row, index) => index),
      "line numbers",
    );
  }
  if (isMap(expect["each_output"])) {
    for (const [name, value] of Object.entries(expect["each_output"])) {
      for (const row of rows) {
        if (value === "list") expectTrue(Array.isArray(row[name]), `${name} is no list`);
        else expectEqual(row[name], value, name);
      }
    }
  }
  if (expect["input_type"] === "string") {
    for (const row of rows) expectEqual(typeof row["answer"], "string", "type of the input");
  }
  const image = expect["output_image_dict_key"];
  if (typeof image === "string") {
    for (const row of rows) expectTrue(/"data:image\/[^;]+;path"/.test(JSON.stringify(row[image])), "no image file");
  }
}

function judgeErrors(layout: RunLayout, expect: ValueMap): void {
  const errors = readErrors(layout.error);
  if (expect["errors"] !== undefined) expectEqual(errors, expect["errors"], "errors");
  const last = expect["error_code_last"];
  if (last !== undefined) expectTrue(JSON.stringify(errors).includes(`"${String(last as string)}"`), "error code");
  for (const part of (expect["failed_contains"] ?? []) as string[]) {
    expectTrue(JSON.stringify(errors).includes(part), `no error has "${part}": ${JSON.stringify(errors)}`);
  }
}

function readErrors(file: string): Value[] {
  try {
    const { additionalInfo } = parseJson(readFileSync(file, "utf8")) as {
      additionalInfo: { info: { errors: Value[] } }[];
    };
    return additionalInfo[0]?.info.errors ?? [];
  } catch {
    return [];
  }
}

function readRows(file: string): ValueMap[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => parseJson(line) as ValueMap);
}
