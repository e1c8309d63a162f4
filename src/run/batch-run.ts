// A whole batch run in a folder: its lines, then the aggregation over those that completed, then the files for readers.

import { copyFile, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { ERROR_TABLE, type ErrorRow } from "../base/error/table.ts";
import { stringifyJson } from "../base/json.ts";
import type { Value, ValueMap } from "../base/value.ts";
import { type AggregationNeeds, aggregationNeeds } from "../flow/aggregate.ts";
import type { FlowTarget } from "../flow/flow-target.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { runLines } from "./batch.ts";
import { belongingTo, decodeRow, encodeInputs, encodeRow, nodeRecord } from "./journal-row.ts";
import type { RunLayout } from "./layout.ts";
import { LineJournal } from "./line-journal.ts";
import type { BatchLine, LineResult } from "./line-run.ts";
import { type NamedSource, prepareLines } from "./lines.ts";
import type { ColumnMapping } from "./mapping.ts";
import { type BatchProgress, Pace } from "./progress.ts";
import {
  type PublishedTotals,
  countStatus,
  publishAggregationNode,
  publishBatchSize,
  publishErrors,
  publishLines,
  spend,
} from "./publish.ts";
import type { ErrorRecord } from "./error-record.ts";
import { RunRecord } from "./record.ts";
import type { RunLog } from "./run-log.ts";

export interface BatchRunOptions {
  flow: FlowTarget;
  runId: string;
  layout: RunLayout;
  sources: ReadonlyMap<string, NamedSource>;
  mapping?: ColumnMapping | undefined;
  concurrency: number;
  lineTimeoutMs: number;
  batchTimeoutMs?: number | undefined;
  /** The folder of an earlier run whose completed lines are taken over. */
  resumeFrom?: RunLayout | undefined;
  /** Whether the first line that fails ends the run. Default false. */
  stopOnFailure?: boolean;
  log: RunLog;
  /** Told what a person should know before they trust the result. */
  notice?(message: string): void;
  onProgress?(progress: BatchProgress): void;
}

export interface BatchResult extends PublishedTotals {
  total: number;
  metrics: Readonly<ValueMap>;
  aggregationErrors: Readonly<Record<string, ErrorRecord>>;
  durationMs: number;
}

const LOG_EVERY_MS = 10_000;
/** Rows that are copied between two waits for the disk. */
const TAKEN_AT_ONCE = 500;

/**
 * Resolves also when every line failed: the run itself is then complete. When it is stopped, what has come of the lines
 * so far is in the folder all the same.
 * @throws FlowsteadError for wrong data; `InputNotFound` where a flow of nodes takes nothing; `Canceled`,
 *   `BatchExecutionTimeoutError`, `BatchRunError`.
 */
export async function runBatch(options: BatchRunOptions, signal: AbortSignal): Promise<BatchResult> {
  const { flow, layout, log, runId } = options;
  const began = performance.now();
  await mkdir(layout.flowOutputs, { recursive: true });
  await publishBatchSize(layout, 1);
  const withNodes = hasNodes(flow);
  // All lines would be the same.
  if (withNodes && flow.plan.inputs.length === 0) {
    throw new FlowsteadError(
      "InputNotFound",
      "The input for flow cannot be empty in batch mode. Please review your flow and provide valid inputs.",
    );
  }
  const { inputs, optionalInputs } = flow.plan;
  const { total, lines } = await prepareLines(options.sources, inputs, options.mapping, optionalInputs);
  if (Object.keys(options.mapping ?? {}).length === 0) {
    log.warning(
      "Starting run without column mapping may lead to unexpected results. Please consult the following documentation for more information: https://aka.ms/pf/column-mapping",
    );
  }
  const journal = await LineJournal.open(layout.journal);
  try {
    if (options.resumeFrom) {
      const changed = await takeOver(options.resumeFrom, { runId, layout, journal, lines: lines() });
      if (changed > 0) options.notice?.(`The data of ${changed} completed lines has changed; they run again.`);
    }
    const needs = aggregationNeeds(flow.plan);
    const ended = await runOpenLines(options, { journal, needs, total, lines: lines() }, signal);
    const aggregated = ended ? NO_AGGREGATION : await aggregate(options, { journal, needs }, signal);
    const totals = await publishLines(journal, layout, withNodes);
    for (const { system_metrics: spent } of aggregated.nodes) spend(totals.usage, spent ?? {});
    for (const run of withNodes ? aggregated.nodes : []) {
      countStatus(totals.nodeStatus, run.node, run.status);
      await publishAggregationNode(layout, run.node, await nodeRecord(run, null, layout.flowOutputs));
    }
    const error = ended ?? aggregated.ended;
    const { errors: aggregationErrors, metrics } = aggregated;
    await writeFileAtomic(layout.metrics, `${stringifyJson(metrics)}\n`);
    await publishErrors(journal, layout, { totals, aggregation: aggregationErrors, error });
    sayFailures(log, totals, { total, aggregationErrors });
    if (error) throw error;
    return { ...totals, total, metrics, aggregationErrors, durationMs: performance.now() - began };
  } finally {
    await journal.close();
  }
}

/** Whether a flow is of nodes, and not one flex entry or one prompty. */
export function hasNodes({ plan }: FlowTarget): boolean {
  return plan.nodes.every(({ kind }) => kind !== "flex" && kind !== "prompty");
}

interface Work {
  journal: LineJournal;
  needs: AggregationNeeds;
}

/** Runs the lines that are not in the journal. @returns what ended the run before its lines, if anything */
async function runOpenLines(
  options: BatchRunOptions,
  { journal, needs, total, lines }: Work & { total: number; lines: AsyncIterable<BatchLine> },
  signal: AbortSignal,
): Promise<FlowsteadError | undefined> {
  const { flow, layout, log, runId, onProgress } = options;
  const pace = new Pace(total, journal.count);
  let lastLogged = performance.now();
  const onLine = async (result: LineResult): Promise<void> => {
    await journal.append(result.line, result.status, await encodeRow(result, layout.flowOutputs));
    const failed = result.status === "Failed";
    pace.add(failed);
    const progress = pace.progress();
    onProgress?.(progress);
    if (failed) log.error(`Line ${result.line} failed: ${result.error?.message ?? ""}`);
    if (progress.done === total || performance.now() - lastLogged > LOG_EVERY_MS) {
      lastLogged = performance.now();
      log.info(`Finished ${progress.done} / ${total} lines.`);
    }
    if (failed && options.stopOnFailure) {
      const message = `Flow run failed due to the error: ${result.error?.message ?? ""}`;
      throw new FlowsteadError("BatchRunError", message, { details: { line: result.line } });
    }
  };
  const { concurrency, batchTimeoutMs, lineTimeoutMs: timeoutMs } = options;
  const { messageFormat } = flow.plan.definition;
  const places = Math.max(1, Math.min(concurrency, total - journal.count));
  log.info(`Running ${total - journal.count} of ${total} lines, ${places} at a time.`);
  try {
    const open = notIn(journal, lines);
    await runLines(
      open,
      { target: flow, runId, needs, messageFormat, timeoutMs, concurrency: places, batchTimeoutMs, onLine },
      signal,
    );
    return undefined;
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    log.error(error.message);
    return error;
  }
}

async function* notIn(journal: LineJournal, lines: AsyncIterable<BatchLine>): AsyncGenerator<BatchLine> {
  for await (const line of lines) if (!journal.has(line.line)) yield line;
}

/**
 * Copies the completed lines of an earlier run that have the same inputs now, and the images that they name.
 * @returns how many completed lines have other inputs
 */
async function takeOver(
  from: RunLayout,
  {
    runId,
    layout,
    journal,
    lines,
  }: { runId: string; layout: RunLayout; journal: LineJournal; lines: AsyncIterable<BatchLine> },
): Promise<number> {
  const earlier = await LineJournal.open(from.journal, { readOnly: true }).catch(() => undefined);
  // A run whose data was wrong never began with a line.
  if (!earlier) return 0;
  let changed = 0;
  try {
    const completed = new Set(earlier.lines("Completed"));
    let written = Promise.resolve();
    let waiting = 0;
    for await (const { line, inputs } of lines) {
      if (!completed.has(line)) continue;
      const fields = await earlier.read(line);
      if (decodeRow(fields).given !== (await encodeInputs(line, inputs, layout.flowOutputs))) {
        changed++;
        continue;
      }
      written = journal.append(line, "Completed", belongingTo(runId, fields));
      // A write that fails is told by the next one that is waited for, too.
      written.catch(() => undefined);
      if (++waiting % TAKEN_AT_ONCE === 0) await written;
    }
    await written;
  } finally {
    await earlier.close();
  }
  const names = await readdir(from.flowOutputs).catch(() => []);
  for (const name of names) {
    if (!name.endsWith(".jsonl"))
      await copyFile(path.join(from.flowOutputs, name), path.join(layout.flowOutputs, name));
  }
  return changed;
}

interface Aggregated {
  metrics: Readonly<ValueMap>;
  nodes: RunRecord["detail"]["node_runs"];
  errors: Record<string, ErrorRecord>;
  ended?: FlowsteadError;
}

const NO_AGGREGATION: Aggregated = { metrics: {}, nodes: [], errors: {} };

async function aggregate(
  { flow, runId, log }: BatchRunOptions,
  { journal, needs }: Work,
  signal: AbortSignal,
): Promise<Aggregated> {
  if (flow.plan.aggregations.length === 0) return NO_AGGREGATION;
  const what = flow.plan.aggregations.some(({ kind }) => kind === "flex") ? "function" : "node";
  log.info(`Executing aggregation ${what}...`);
  const record = new RunRecord({ rootRunId: runId, index: null, messageFormat: flow.plan.definition.messageFormat });
  try {
    const lists = await collectLists(journal, needs);
    for await (const event of flow.aggregate({ runId, lists }, signal)) record.add(event);
  } catch (thrown) {
    return { ...NO_AGGREGATION, ended: FlowsteadError.from(thrown) };
  }
  const nodes = record.detail.node_runs;
  const failed = nodes.filter(({ status }) => status === "Failed");
  const errors = Object.fromEntries(failed.map(({ node, error }) => [node, error as ErrorRecord]));
  if (!record.error) {
    log.info(`Finish executing aggregation ${what}.`);
    return { metrics: record.metrics, nodes, errors };
  }
  // As in the original: nodes that a reference has nothing for do not run, and what the others gave counts.
  const row: ErrorRow | undefined = ERROR_TABLE[record.error.code];
  const isWhole = failed.length > 0 || row?.chain?.includes("/NodeReferenceError/") === true;
  if (isWhole) log.warning(`Not all aggregation nodes ran: ${record.error.message}`);
  return {
    metrics: record.metrics,
    nodes,
    errors,
    ...(isWhole ? {} : { ended: FlowsteadError.fromBody(record.error) }),
  };
}

async function collectLists(
  journal: LineJournal,
  needs: AggregationNeeds,
): Promise<{ inputs: ValueMap; nodes: ValueMap }> {
  const inputs = new Map(needs.inputs.map((name) => [name, [] as Value[]]));
  const nodes = new Map(needs.nodes.map(({ key }) => [key, [] as Value[]]));
  for (const line of journal.lines("Completed")) {
    const needed = decodeRow(await journal.read(line)).needed();
    for (const [name, list] of inputs) list.push(valueOf(needed, `\${inputs.${name}}`, line));
    for (const [key, list] of nodes) list.push(valueOf(needed, key, line));
  }
  return { inputs: Object.fromEntries(inputs), nodes: Object.fromEntries(nodes) };
}

/** A line taken over from an earlier run may know nothing of what the flow aggregates now. */
function valueOf(needed: ValueMap, key: string, line: number): Value {
  const value = needed[key];
  if (value !== undefined) return value;
  throw new FlowsteadError(
    "InvalidRunStatusError",
    `Line ${line} comes from an earlier run of another state of the flow: it has no ${key}, which an aggregation node wants. Run all lines again.`,
  );
}

function sayFailures(
  log: RunLog,
  { failed }: PublishedTotals,
  { total, aggregationErrors }: { total: number; aggregationErrors: Record<string, ErrorRecord> },
): void {
  if (failed > 0) log.warning(`${failed} out of ${total} runs failed in batch run.`);
  const nodes = Object.keys(aggregationErrors);
  if (nodes.length > 0) log.warning(`aggregation nodes ${JSON.stringify(nodes)} failed in batch run.`);
}
