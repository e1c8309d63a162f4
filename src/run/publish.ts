// The files that others read, made from the journal in the order of the lines. May be done again at any time.

import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringifyJson } from "../base/json.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { type TokenCounts, tokenCounts } from "./api-call.ts";
import { bulkRunError } from "./error-record.ts";
import { decodeRow } from "./journal-row.ts";
import { type RunLayout, artifactName, batchSize, chunkName } from "./layout.ts";
import type { LineJournal } from "./line-journal.ts";
import { imagesFrom } from "./row-image.ts";
import { BUFFER, TextFile } from "./text-file.ts";

export interface PublishedTotals {
  completed: number;
  failed: number;
  /** Counts by `<node>.completed`, `<node>.failed` ... */
  nodeStatus: Record<string, number>;
  usage: TokenCounts;
  /** Message of the first failed line. */
  firstError?: string;
}

/**
 * Writes inputs and artifacts of all lines, and outputs of those that completed.
 * @param hasNodes whether nodes are told; functions, classes and prompties have none of their own
 */
export async function publishLines(
  journal: LineJournal,
  layout: RunLayout,
  hasNodes: boolean,
): Promise<PublishedTotals> {
  const lines = journal.lines();
  const size = batchSize((lines.at(-1) ?? 0) + 1);
  const folders = [layout.flowArtifacts, layout.nodeArtifacts, layout.flowLogs];
  for (const folder of folders) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await mkdir(layout.flowOutputs, { recursive: true });
  await publishBatchSize(layout, size);
  const inputs = new TextFile(layout.inputs);
  const outputs = new TextFile(layout.outputs);
  const completed = new TextFile(path.join(layout.flowOutputs, "output.jsonl"));
  const files = [inputs, outputs, completed];
  const placed = (file: string, json: string): string => imagesFrom(file, layout.flowOutputs, json);
  const chunks = new ChunkFiles();
  const failed = new Set(journal.lines("Failed"));
  const usage = { total_tokens: 0, prompt_tokens: 0, completion_tokens: 0 };
  const totals: PublishedTotals = { completed: lines.length - failed.size, failed: failed.size, nodeStatus: {}, usage };
  try {
    for (const line of lines) {
      const row = decodeRow(await journal.read(line));
      const { nodes, usage: spent, log, inputs: converted = row.given } = row.summary();
      await inputs.write(placed(layout.inputs, converted));
      if (failed.has(line)) totals.firstError ??= (JSON.parse(row.error) as { message: string }).message;
      else {
        await outputs.write(placed(layout.outputs, lineLast(row.output, line)));
        await completed.write(row.output);
      }
      const name = chunkName(line, size);
      const artifact = path.join(layout.flowArtifacts, artifactName(line, size));
      await chunks.write(artifact, placed(artifact, row.flowRecord));
      if (log !== "") await chunks.write(path.join(layout.flowLogs, `${name}.log`), log.slice(0, -1));
      for (const [index, [node, status]] of hasNodes ? nodes.entries() : []) {
        countStatus(totals.nodeStatus, node, status);
        const file = path.join(layout.nodeArtifacts, fileName(node), `${name}.jsonl`);
        await chunks.write(file, placed(file, row.nodeRecords[index] ?? "{}"));
      }
      spend(usage, tokenCounts(spent));
    }
    await chunks.flush();
    for (const file of files) await file.complete();
  } catch (thrown) {
    // Half of the artifacts would look like all of them; the journal has everything.
    await Promise.all(files.map((file) => file.discard()));
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
  const firstLog = path.join(layout.flowLogs, `${chunkName(0, size)}.log`);
  await appendFile(firstLog, "");
  return totals;
}

export function spend(sum: TokenCounts, spent: Partial<TokenCounts>): void {
  sum.total_tokens += spent.total_tokens ?? 0;
  sum.prompt_tokens += spent.prompt_tokens ?? 0;
  sum.completion_tokens += spent.completion_tokens ?? 0;
}

export function countStatus(counts: Record<string, number>, node: string, status: string): void {
  const key = `${node}.${status.toLowerCase()}`;
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Adds the record of an aggregation node to its artifacts; there is one run of it, so it is in the first file. */
export async function publishAggregationNode(layout: RunLayout, node: string, record: string): Promise<void> {
  const folder = path.join(layout.nodeArtifacts, fileName(node));
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${chunkName(0, 1)}.jsonl`);
  await writeFile(file, `${imagesFrom(file, layout.flowOutputs, record)}\n`);
}

/** How many lines a file of artifacts holds. */
export async function publishBatchSize(layout: RunLayout, size: number): Promise<void> {
  await writeFileAtomic(layout.meta, `${stringifyJson({ batch_size: size })}\n`);
}

export interface RunFailure {
  totals: PublishedTotals;
  aggregation: Readonly<Record<string, object>>;
  /** What ended the run as a whole. */
  error?: { message: string } | undefined;
}

/** Writes error.json with every failed line, or removes it when nothing failed. */
export async function publishErrors(
  journal: LineJournal,
  layout: RunLayout,
  { totals, aggregation, error }: RunFailure,
): Promise<void> {
  const failed = Object.entries(aggregation);
  if (totals.failed === 0 && failed.length === 0 && !error) return rm(layout.error, { force: true });
  const [, firstAggregation] = failed[0] ?? [];
  const first =
    error?.message ?? totals.firstError ?? (firstAggregation as { message?: string } | undefined)?.message ?? "";
  const total = totals.completed + totals.failed;
  const counted = totals.failed > 0 ? `Failed to run ${totals.failed}/${total} lines. ` : "";
  const head = stringifyJson(bulkRunError(first, counted)).slice(0, -1);
  const file = new TextFile(layout.error);
  try {
    await file.write(`${head},"additionalInfo":[{"type":"BulkRunErrors","info":{"errors":[`);
    let separator = "";
    for (const line of journal.lines("Failed")) {
      const row = decodeRow(await journal.read(line));
      await file.write(`${separator}{"line_number":${line},"error":${row.error}}`);
      separator = ",";
    }
    for (const [node, given] of failed) {
      await file.write(`${separator}{"error":${stringifyJson(given)},"aggregation_node_name":${JSON.stringify(node)}}`);
      separator = ",";
    }
    await file.write("]}}]}");
    await file.complete();
  } catch (thrown) {
    await file.discard();
    throw thrown;
  }
}

/** `{"line_number":3,"x":1}` with its number at the end, where the original has it in this file. */
function lineLast(output: string, line: number): string {
  const rest = output.replace(/^\{"line_number":\d+,?/, "");
  // Keys of digits come before it.
  if (rest === output) return output;
  return rest === "}" ? `{"line_number":${line}}` : `{${rest.slice(0, -1)},"line_number":${line}}`;
}

/** A node's name as the name of a folder: names with a slash or of dots alone must not lead elsewhere. */
function fileName(node: string): string {
  return /^\.+$/.test(node) ? `_${node}` : node.replace(/[/\\:]/g, "_");
}

/** Many files, each written in pieces; rows wait in memory until there are enough of them. */
class ChunkFiles {
  readonly #files = new Map<string, string>();
  readonly #folders = new Set<string>();
  #size = 0;

  async write(file: string, row: string): Promise<void> {
    this.#files.set(file, `${this.#files.get(file) ?? ""}${row}\n`);
    this.#size += row.length;
    if (this.#size > BUFFER) await this.flush();
  }

  async flush(): Promise<void> {
    const files = [...this.#files];
    this.#files.clear();
    this.#size = 0;
    for (const folder of new Set(files.map(([file]) => path.dirname(file)))) {
      if (!this.#folders.has(folder)) await mkdir(folder, { recursive: true });
      this.#folders.add(folder);
    }
    await Promise.all(files.map(([file, rows]) => appendFile(file, rows)));
  }
}
