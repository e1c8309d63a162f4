// The folder of a run that the original made: its artifacts become the journal and the record that are read here.

import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import type { LineSummary } from "./journal-row.ts";
import { type RunLayout, runLayout } from "./layout.ts";
import { readLines } from "./line-file.ts";
import { LineJournal } from "./line-journal.ts";
import type { RunInfo } from "./run-info.ts";

const metadataSchema = z.looseObject({
  name: z.string().optional(),
  display_name: z.string().nullish(),
  description: z.string().nullish(),
  tags: z.record(z.string(), z.unknown()).nullish(),
  created_on: z.string().nullish(),
  end_time: z.string().nullish(),
});

/** @throws FlowsteadError `UsageError` for a folder that holds no run. */
export async function importRun(folder: string): Promise<RunInfo> {
  const layout = runLayout(folder);
  const lines = await readArtifacts(layout.flowArtifacts);
  if (lines.length === 0) {
    throw new FlowsteadError(
      "UsageError",
      `Invalid run source: ${folder} holds no run. It needs the folder flow_artifacts, or run.json and lines.tsv.`,
    );
  }
  const nodes = await readNodes(layout);
  const journal = await LineJournal.open(layout.journal);
  try {
    for (const { line, record } of lines) {
      if (!journal.has(line)) await journal.append(line, statusOf(record), rowOf(line, record, nodes.get(line) ?? []));
    }
  } finally {
    await journal.close();
  }
  return recordOf(folder, layout, lines);
}

interface ArtifactLine {
  line: number;
  record: ValueMap;
}

async function readArtifacts(folder: string): Promise<ArtifactLine[]> {
  const lines: ArtifactLine[] = [];
  for (const name of (await readdir(folder).catch((): string[] => [])).toSorted()) {
    for await (const rows of readLines(path.join(folder, name))) {
      for (const { text } of rows) {
        const record = text.trim() === "" ? null : parseJson(text);
        if (isMap(record) && typeof record["line_number"] === "number")
          lines.push({ line: record["line_number"], record });
      }
    }
  }
  return lines.sort((a, b) => a.line - b.line);
}

/** Records of nodes by line; those of aggregation nodes have none. */
async function readNodes(layout: RunLayout): Promise<Map<number, ValueMap[]>> {
  const nodes = new Map<number, ValueMap[]>();
  for (const name of (await readdir(layout.nodeArtifacts).catch((): string[] => [])).toSorted()) {
    for (const { line, record } of await readArtifacts(path.join(layout.nodeArtifacts, name)))
      nodes.set(line, [...(nodes.get(line) ?? []), record]);
  }
  return nodes;
}

function statusOf(record: ValueMap): "Completed" | "Failed" {
  return infoOf(record)["status"] === "Completed" ? "Completed" : "Failed";
}

function infoOf(record: ValueMap): ValueMap {
  const info = record["run_info"] ?? null;
  return isMap(info) ? info : {};
}

function rowOf(line: number, record: ValueMap, nodes: readonly ValueMap[]): string[] {
  const { inputs = {}, output = {}, error = null, system_metrics: metrics = {} } = infoOf(record);
  const tokens = (name: string): number => Number((isMap(metrics) ? metrics[name] : undefined) ?? 0);
  const ordered = nodes.toSorted((a, b) => startOf(a).localeCompare(startOf(b)));
  const summary: LineSummary = {
    nodes: ordered.map((node) => [
      pyStr(infoOf(node)["node"] ?? node["NodeName"] ?? ""),
      pyStr(infoOf(node)["status"] ?? ""),
    ]),
    usage: {
      promptTokens: tokens("prompt_tokens"),
      completionTokens: tokens("completion_tokens"),
      totalTokens: tokens("total_tokens"),
    },
    log: "",
  };
  const numbered = { ...(isMap(inputs) ? inputs : {}), line_number: line };
  const result = { line_number: line, ...(isMap(output) ? output : {}) };
  const fields: Value[] = [numbered, result, error, summary as unknown as Value, {}, record];
  return [...fields, ...ordered].map((field) => stringifyJson(field));
}

function startOf(record: ValueMap): string {
  return pyStr(infoOf(record)["start_time"] ?? "");
}

async function recordOf(folder: string, layout: RunLayout, lines: readonly ArtifactLine[]): Promise<RunInfo> {
  const text = await readFile(path.join(folder, "run_metadata.json"), "utf8").catch(() => "{}");
  const parsed = metadataSchema.safeParse(parseJson(text));
  const metadata = parsed.success ? parsed.data : {};
  const name = metadata.name ?? path.basename(folder);
  const starts = lines.map(({ record }) => startOf(record)).sort();
  const ends = lines.map(({ record }) => pyStr(infoOf(record)["end_time"] ?? "")).sort();
  const created = Date.parse(metadata.created_on ?? starts[0] ?? "");
  const ended = Date.parse(metadata.end_time ?? ends.at(-1) ?? "");
  const failed = lines.filter(({ record }) => statusOf(record) === "Failed").length;
  return {
    name,
    status: "Completed",
    display_name: metadata.display_name ?? name,
    description: metadata.description ?? null,
    tags: Object.fromEntries(
      Object.entries(metadata.tags ?? {}).map(([key, value]) => [key, pyStr((value ?? null) as Value)]),
    ),
    created_on: new Date(Number.isNaN(created) ? (await stat(folder)).mtimeMs : created).toISOString(),
    end_time: Number.isNaN(ended) ? null : new Date(ended).toISOString(),
    flow_name: name.replace(/_[^_]+_\d+_\d{8}_\d{6}_\d+$|_\d{8}_\d{6}_\d+$/, ""),
    is_archived: false,
    request: {
      flow: layout.snapshot,
      data: null,
      run: null,
      column_mapping: null,
      variant: null,
      environment_variables: {},
      resume_from: null,
      connections: {},
      init: {},
    },
    properties: { source: folder },
    system_metrics: { "__pf__.lines.completed": lines.length - failed, "__pf__.lines.failed": failed },
  };
}
