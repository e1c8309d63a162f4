// Where things stand in the folder of a run: the original's layout, and two files of our own (`run.json`, `lines.tsv`).

import path from "node:path";

const WIDTH = 9;
/** Up to this many lines each has artifact files of its own, as in the original; above, a file holds this many. */
const CHUNK_LINES = 1000;

export interface RunLayout {
  readonly folder: string;
  /** The run's record. */
  readonly record: string;
  /** The journal of lines. */
  readonly journal: string;
  readonly snapshot: string;
  readonly inputs: string;
  readonly outputs: string;
  readonly flowOutputs: string;
  readonly flowArtifacts: string;
  readonly nodeArtifacts: string;
  readonly flowLogs: string;
  readonly logs: string;
  readonly meta: string;
  readonly metrics: string;
  readonly error: string;
}

export function runLayout(folder: string): RunLayout {
  const at = (...names: string[]): string => path.join(folder, ...names);
  return {
    folder,
    record: at("run.json"),
    journal: at("lines.tsv"),
    snapshot: at("snapshot"),
    inputs: at("inputs.jsonl"),
    outputs: at("outputs.jsonl"),
    flowOutputs: at("flow_outputs"),
    flowArtifacts: at("flow_artifacts"),
    nodeArtifacts: at("node_artifacts"),
    flowLogs: at("flow_logs"),
    logs: at("logs.txt"),
    meta: at("meta.json"),
    metrics: at("metrics.json"),
    error: at("error.json"),
  };
}

/** Lines per artifact file, for `meta.json`. */
export function batchSize(lines: number): number {
  return lines <= CHUNK_LINES ? 1 : CHUNK_LINES;
}

/** The file of a line in `flow_artifacts`. */
export function artifactName(line: number, size: number): string {
  const first = Math.floor(line / size) * size;
  return `${padded(first)}_${padded(first + size - 1)}.jsonl`;
}

/** The first line of a line's chunk: the name of its files in `node_artifacts` and `flow_logs`. */
export function chunkName(line: number, size: number): string {
  return padded(Math.floor(line / size) * size);
}

function padded(line: number): string {
  return String(line).padStart(WIDTH, "0");
}
