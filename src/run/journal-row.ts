// A line's result as the fields of a journal row, and back. Most fields are JSON texts that go into the run's files as
// they are, so that publishing a run parses next to nothing.

import { parseJson, stringifyJson } from "../base/json.ts";
import type { ValueMap } from "../base/value.ts";
import type { TokenUsage } from "../flow/event.ts";
import type { LineResult } from "./line-run.ts";
import type { NodeRunRecord } from "./record.ts";
import { exportImages } from "./row-image.ts";

/** What is counted of a line. */
export interface LineSummary {
  nodes: [name: string, status: string][];
  usage: TokenUsage;
  log: string;
}

export interface JournalRow {
  /** JSON texts. */
  inputs: string;
  output: string;
  error: string;
  flowRecord: string;
  nodeRecords: string[];
  summary(): LineSummary;
  needed(): ValueMap;
}

/** @param imageFolder where images of the line are put; the row then names them */
export async function encodeRow(result: LineResult, imageFolder: string): Promise<string[]> {
  const place = { line_number: result.line };
  // An output of that name does not stand for the line.
  const output = await exportImages({ ...place, ...result.output, ...place }, imageFolder);
  const flowRun = (await exportImages(result.flowRun as ValueMap, imageFolder)) as ValueMap;
  const { start_time, end_time, status } = flowRun;
  const flowRecord = {
    ...place,
    run_info: flowRun,
    start_time,
    end_time,
    name: "",
    description: "",
    status,
    tags: null,
  };
  const nodes: string[] = [];
  for (const node of result.nodes) nodes.push(await nodeRecord(node, result.line, imageFolder));
  const summary: LineSummary = {
    nodes: result.nodes.map(({ node, status: nodeStatus }) => [node, nodeStatus]),
    usage: result.usage,
    log: logText(result),
  };
  const rest = [output, result.error, summary, result.needed, flowRecord].map((field) => stringifyJson(field));
  return [await encodeInputs(result.line, result.inputs, imageFolder), ...rest, ...nodes];
}

/** The first field of a row: two lines with the same text have the same inputs. */
export async function encodeInputs(line: number, inputs: ValueMap, imageFolder: string): Promise<string> {
  return stringifyJson(await exportImages({ ...inputs, line_number: line }, imageFolder));
}

export function decodeRow(fields: readonly string[]): JournalRow {
  const [inputs = "{}", output = "{}", error = "null", summary = "{}", needed = "{}", flowRecord = "{}", ...nodes] =
    fields;
  return {
    inputs,
    output,
    error,
    flowRecord,
    nodeRecords: nodes,
    summary: () => JSON.parse(summary) as LineSummary,
    needed: () => parseJson(needed) as ValueMap,
  };
}

/** The record of one node as it stands in `node_artifacts`. */
export async function nodeRecord(run: NodeRunRecord, line: number | null, imageFolder: string): Promise<string> {
  const { node, start_time, end_time, status } = run;
  const run_info = await exportImages(run as unknown as ValueMap, imageFolder);
  return stringifyJson({ NodeName: node, line_number: line, run_info, start_time, end_time, status });
}

/** What nodes printed, and warnings, each line with its place. */
function logText({ line, nodes, warnings }: LineResult): string {
  const printed = nodes.flatMap(({ node, logs }) =>
    (["stdout", "stderr"] as const).flatMap((stream) =>
      logs[stream] === ""
        ? []
        : logs[stream]
            .replace(/\n$/, "")
            .split("\n")
            .map((text) => `[${node} in line ${line} (index starts from 0)] ${stream}> ${text}\n`),
    ),
  );
  return [...printed, ...warnings.map((text) => `[line ${line} (index starts from 0)] warning> ${text}\n`)].join("");
}
