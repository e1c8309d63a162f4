// The files that a test leaves beside the flow, under the original's names: `.promptflow/flow.detail.json` and its kin.

import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringifyJson } from "../../base/json.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { FlowTarget } from "../../flow/flow-target.ts";
import { RunRecord } from "../../run/record.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";

/** Where a test's files go, and what their names begin with. */
export interface RecordPlace {
  folder: string;
  /** `flow`, `flow-<node>-<variant>`, `flow-<node>.node` or `chat`. */
  prefix: string;
  /** The log's name without its ending: a node's, or `flow` whatever else is tested. */
  log: string;
}

export interface PlaceOptions {
  /** Path of the flow's folder or of its file. */
  flow: string;
  /** In place of the flow's own `.promptflow`. */
  detail?: string | undefined;
  node?: string | undefined;
  variant?: { node: string; variant: string } | undefined;
  chat?: boolean;
}

/** For a test of a flow, whose aggregation nodes run with it. */
export function testRecord({ plan }: FlowTarget): RunRecord {
  return new RunRecord({
    messageFormat: plan.definition.messageFormat,
    aggregations: new Set(plan.aggregations.map(({ name }) => name)),
  });
}

export function recordPlace({ flow, detail, node, variant, chat = false }: PlaceOptions): RecordPlace {
  const folder = detail ?? promptflowFolder(flow);
  if (node !== undefined) return { folder, prefix: `flow-${node}.node`, log: `${node}.node` };
  if (chat) return { folder, prefix: "chat", log: "flow" };
  return { folder, prefix: variant ? `flow-${variant.node}-${variant.variant}` : "flow", log: "flow" };
}

/** The folder in which the original keeps what it knows of a flow. */
export function promptflowFolder(flow: string): string {
  return path.join(folderOfFlow(flow), ".promptflow");
}

/** The folder that a flow is in, named by its file, by `module:function` or by itself. */
export function folderOfFlow(flow: string): string {
  return statSync(flow, { throwIfNoEntry: false })?.isDirectory() ? flow : path.dirname(flow);
}

/** What a person sees while a flow runs, kept as `flow.log`. */
export class FlowLog {
  #lines: string[] = [];

  add(event: FlowEvent): void {
    const line = eventLine(event);
    if (line === undefined) return;
    const failed = event.type === "error" || (event.type === "node-end" && event.status === "failed");
    const level = failed ? "ERROR" : event.type === "warning" ? "WARNING" : "INFO";
    this.#lines.push(`${new Date().toISOString()} ${level.padEnd(8)}${line}`);
    if (event.type === "node-end" && event.error) this.#lines.push(event.error.message);
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }
}

const CUT_SHORT = {
  length: "; its text was cut off at the limit of tokens (max_tokens)",
  content_filter: "; a filter of content cut its text off",
};

/** An event in words, or nothing for one that a person need not see. */
export function eventLine(event: FlowEvent): string | undefined {
  if (event.type === "node-log") return `[${event.node}] ${event.text.trimEnd()}`;
  if (event.type === "node-end") {
    const { node, status, durationMs, cutShort } = event;
    return `${node}: ${status} in ${(durationMs / 1000).toFixed(2)} s${cutShort ? CUT_SHORT[cutShort] : ""}`;
  }
  if (event.type === "warning") return `warning: ${event.message}`;
  return undefined;
}

/** @returns why the files could not be written, in words; nothing when they were. */
export async function writeRecord(
  { folder, prefix, log }: RecordPlace,
  record: RunRecord,
  flowLog: FlowLog,
): Promise<string | undefined> {
  const ofNode = prefix.endsWith(".node");
  const { detail, outputs } = record;
  const files: [string, unknown][] = [
    [`${prefix}.detail.json`, ofNode ? { flow_runs: [], node_runs: detail.node_runs } : detail],
    [`${prefix}.output.json`, (ofNode ? outputs?.["output"] : outputs) ?? {}],
    [`${prefix}.metrics.json`, record.metrics],
  ];
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of files)
      await writeFileAtomic(path.join(folder, name), `${stringifyJson(content, 4)}\n`);
    await writeFile(path.join(folder, `${log}.log`), flowLog.text);
    return undefined;
  } catch (thrown) {
    return `the record of this test is not kept: ${(thrown as Error).message}`;
  }
}
