// A line's result as the fields of a journal row, and back. Most fields are JSON texts that go into the run's files as
// they are, so that publishing a run parses next to nothing.

import { parseJson, stringifyJson } from "../base/json.ts";
import { type Value, type ValueMap, truthy } from "../base/value.ts";
import type { TokenUsage } from "../flow/event.ts";
import { lineLog } from "./line-log.ts";
import type { LineResult } from "./line-run.ts";
import type { NodeRunRecord } from "./record.ts";
import { exportImages } from "./row-image.ts";

/** Where the record of the line stands in a row. */
const FLOW_RECORD = 5;

/** What is counted of a line. */
export interface LineSummary {
  nodes: [name: string, status: string][];
  usage: TokenUsage;
  log: string;
  /** As the flow converted them, JSON text; absent where that is what it was given. */
  inputs?: string;
}

export interface JournalRow {
  /** JSON texts. What the data gave, by which a line is known again when a run is resumed. */
  given: string;
  output: string;
  error: string;
  flowRecord: string;
  nodeRecords: string[];
  summary(): LineSummary;
  /** What the flow made of `given`, as JSON text. */
  inputs(): string;
  needed(): ValueMap;
}

/** @param imageFolder where images of the line are put; the row then names them */
export async function encodeRow(result: LineResult, imageFolder: string): Promise<string[]> {
  const place = { line_number: result.line };
  // An output of that name does not stand for the line.
  const output = await exportImages({ ...place, ...result.output, ...place }, imageFolder);
  const flowRun = (await exportImages(unrepeated(result.flowRun) as unknown as ValueMap, imageFolder)) as ValueMap;
  const { start_time, end_time, status } = result.flowRun;
  const flowRecord = {
    ...place,
    run_info: flowRun,
    start_time: zoneless(start_time),
    end_time: zoneless(end_time),
    name: "",
    description: "",
    status,
    tags: null,
  };
  const nodes: string[] = [];
  for (const node of result.nodes) nodes.push(await nodeRecord(node, result.line, imageFolder));
  const given = await encodeInputs(result.line, result.inputs, imageFolder);
  const inputs = stringifyJson(flowRun["inputs"] ?? null);
  const summary: LineSummary = {
    nodes: result.nodes.map(({ node, status: nodeStatus }) => [node, nodeStatus]),
    usage: result.usage,
    log: lineLog(result),
    ...(inputs === given ? {} : { inputs }),
  };
  const rest = [output, result.error, summary, result.needed, flowRecord].map((field) => stringifyJson(field));
  return [given, ...rest, ...nodes];
}

/** The row of a line of another run as one of this run, which keeps the ids under which it ran. */
export function belongingTo(runId: string, fields: readonly string[]): string[] {
  const record = parseJson(fields[FLOW_RECORD] ?? "{}") as ValueMap;
  const run_info = { ...(record["run_info"] as ValueMap), parent_run_id: runId, root_run_id: runId };
  return fields.with(FLOW_RECORD, stringifyJson({ ...record, run_info }));
}

/** The first field of a row: two lines with the same text have the same inputs. */
export async function encodeInputs(line: number, inputs: ValueMap, imageFolder: string): Promise<string> {
  return stringifyJson(await exportImages({ ...inputs, line_number: line }, imageFolder));
}

export function decodeRow(fields: readonly string[]): JournalRow {
  const [given = "{}", output = "{}", error = "null", summary = "{}", needed = "{}", flowRecord = "{}", ...nodes] =
    fields;
  return {
    given,
    output,
    error,
    flowRecord,
    nodeRecords: nodes,
    summary: () => JSON.parse(summary) as LineSummary,
    inputs: () => (JSON.parse(summary) as LineSummary).inputs ?? given,
    needed: () => parseJson(needed) as ValueMap,
  };
}

/** The record of one node as it stands in `node_artifacts`. */
export async function nodeRecord(run: NodeRunRecord, line: number | null, imageFolder: string): Promise<string> {
  const { node, start_time, end_time, status } = run;
  const run_info = await exportImages(unrepeated(run) as unknown as ValueMap, imageFolder);
  const times = { start_time: zoneless(start_time), end_time: zoneless(end_time) };
  return stringifyJson({ NodeName: node, line_number: line, run_info, ...times, status });
}

/** On the disk a result that stands as output is not written again, as in the original; 0, false and "" are. */
function unrepeated<T extends { output: Value; result: Value }>(run: T): T {
  return truthy(run.output) ? { ...run, result: null } : run;
}

/** The outer times of a record have no zone in the original, the inner ones have. */
function zoneless(time: string): string {
  return time.replace(/Z$/, "");
}
