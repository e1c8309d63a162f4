// One run or several as a page: one file that loads nothing. Everything in it that comes from runs is data, which the page's
// script only ever puts in as text.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";
import { readMetrics, readRunFaults } from "./outcome.ts";
import { type JournalRow, decodeRow } from "./journal-row.ts";
import { LineJournal } from "./line-journal.ts";
import { LINE_NUMBER } from "./mapping.ts";
import { reportImages } from "./report-image.ts";
import type { RunInfo } from "./run-info.ts";
import type { RunStore } from "./run-store.ts";

export interface ReportOptions {
  store: RunStore;
  runs: readonly RunInfo[];
  file: string;
  /** Lines of each run; a page of a million is no page. */
  maxLines?: number;
}

const STYLES = ["page.css", "table.css", "trace.css"];
/** Modules that become one function, in this order: the page loads nothing. */
const SCRIPTS = ["element.js", "trace.js", "line.js", "run.js", "page.js"];
const MAX_LINES = 5_000;
/** Characters of one value; what is cut says so. */
const MAX_TEXT = 20_000;

/** Writes the page. @returns how many lines of each run are in it, and how many there are */
export async function writeReport({ store, runs, file, maxLines = MAX_LINES }: ReportOptions): Promise<LineCount[]> {
  const assets = path.join(packageRoot(), "web/report");
  const read = (name: string): string => readFileSync(path.join(assets, name), "utf8");
  const style = STYLES.map(read).join("\n");
  const script = `"use strict";\n(() => {\n${SCRIPTS.map((name) => inlined(read(name))).join("\n")}})();\n`;
  const counts: LineCount[] = [];
  const page = await open(file, "w", 0o600);
  try {
    await page.write(head(runs, style, script));
    await page.write('<script type="application/json" id="data">{"runs":[');
    for (const [index, run] of runs.entries()) {
      if (index > 0) await page.write(",");
      counts.push(await writeRun(run, { store, maxLines, write: (text) => page.write(asData(text)) }));
    }
    await page.write(`]}</script>\n<script>${script}</script>\n</body>\n</html>\n`);
  } finally {
    await page.close();
  }
  return counts;
}

function inlined(module: string): string {
  return module.replaceAll(/^import [^;]*;\n/gm, "").replaceAll(/^export /gm, "");
}

export interface LineCount {
  shown: number;
  total: number;
}

interface RunWriter {
  store: RunStore;
  maxLines: number;
  write(text: string): Promise<unknown>;
}

async function writeRun(run: RunInfo, { store, maxLines, write }: RunWriter): Promise<LineCount> {
  const layout = store.layout(run.name);
  const journal = await LineJournal.open(layout.journal, { readOnly: true }).catch(() => undefined);
  try {
    const all = journal?.lines() ?? [];
    const failed = journal?.lines("Failed").length ?? 0;
    const shown = all.slice(0, maxLines);
    const metrics = (await readMetrics(store, run.name)) as ValueMap;
    const facts = {
      name: run.name,
      title: run.display_name,
      description: run.description ?? "",
      status: run.status,
      flow: run.flow_name,
      source: run.request.run ?? "",
      data: run.request.data ?? "",
      variant: run.request.variant ?? "",
      created: run.created_on,
      ended: run.end_time ?? "",
      tags: run.tags,
      faults: await readRunFaults(store, run),
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, textOf(value)])),
      total: all.length,
      failed,
      tokens: run.system_metrics["total_tokens"] ?? 0,
    };
    const { data } = run.request;
    const images = reportImages([layout.flowOutputs, ...(data === null ? [] : [path.dirname(data)])]);
    await write(`{"run":${JSON.stringify(facts)},"lines":[`);
    for (const [index, line] of shown.entries()) {
      const row = decodeRow((await journal?.read(line)) ?? []);
      await images.add([parseJson(row.inputs()), parseJson(row.output)]);
      await write(`${index > 0 ? "," : ""}${JSON.stringify(reportLine(line, row))}\n`);
    }
    await write(`],"images":${JSON.stringify(images.found)}}`);
    return { shown: shown.length, total: all.length };
  } finally {
    await journal?.close();
  }
}

/** A call as the page shows it: the line, a node, or what a node called. */
interface ReportCall {
  name: string;
  kind: string;
  status: string;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  inputs?: string;
  output?: string;
  error?: string;
  log?: string;
  tokens: number;
  children: ReportCall[];
}

function reportLine(line: number, row: JournalRow): object {
  const { [LINE_NUMBER]: _line, ...inputs } = parseJson(row.inputs()) as ValueMap;
  const { [LINE_NUMBER]: _same, ...outputs } = parseJson(row.output) as ValueMap;
  const info = runInfo(parseJson(row.flowRecord));
  const nodes = row.nodeRecords.map((record) => nodeCall(parseJson(record)));
  return {
    line,
    inputs: texts(inputs),
    outputs: texts(outputs),
    ...callOf({ ...info, output: null, inputs: null }, "", "flow"),
    children: nodes.sort((a, b) => a.start - b.start),
  };
}

function nodeCall(record: Value): ReportCall {
  const info = runInfo(record);
  const name = textOf(info["node"] ?? (isMap(record) ? (record["NodeName"] ?? "") : ""));
  const [own] = listOf(info["api_calls"]);
  const children = isMap(own ?? null) ? listOf((own as ValueMap)["children"]).map(innerCall) : [];
  return { ...callOf(info, name, "node"), children };
}

/** What the original's tracer, and ours, note below a node. */
function innerCall(call: Value): ReportCall {
  const info = isMap(call) ? call : {};
  const call_ = callOf(info, textOf(info["name"] ?? ""), textOf(info["type"] ?? "call"));
  return { ...call_, children: listOf(info["children"]).map(innerCall) };
}

function callOf(info: ValueMap, name: string, kind: string): ReportCall {
  const { inputs = null, output = null, error = null, logs = null, system_metrics: metrics = null } = info;
  const tokens = isMap(metrics) ? Number(metrics["total_tokens"] ?? 0) : 0;
  const log = isMap(logs) ? [logs["stdout"], logs["stderr"]].map((text) => textOf(text ?? "")).join("") : "";
  return {
    name,
    kind,
    status: textOf(info["status"] ?? (error === null ? "Completed" : "Failed")),
    start: timeOf(info["start_time"]),
    end: timeOf(info["end_time"]),
    ...(inputs === null ? {} : { inputs: textOf(inputs) }),
    ...(output === null ? {} : { output: textOf(output) }),
    ...(error === null ? {} : { error: errorText(error, kind !== "flow") }),
    ...(log === "" ? {} : { log }),
    tokens: Number.isFinite(tokens) ? tokens : 0,
    children: [],
  };
}

/** @param whole with where in the author's code it was raised, when that is known */
function errorText(error: Value, whole: boolean): string {
  if (!isMap(error)) return textOf(error);
  const [first] = listOf(error["additionalInfo"]);
  const info = isMap(first ?? null) ? ((first as ValueMap)["info"] ?? null) : null;
  const { traceback = null } = isMap(info) ? info : {};
  const message = textOf(error["message"] ?? error);
  return traceback === null || !whole ? message : `${message}\n\n${textOf(traceback)}`;
}

function runInfo(record: Value): ValueMap {
  const info = isMap(record) ? (record["run_info"] ?? null) : null;
  return isMap(info) ? info : {};
}

function listOf(value: Value | undefined): Value[] {
  return Array.isArray(value) ? value : [];
}

/** ISO 8601, or seconds as the original's tracer has them. */
function timeOf(value: Value | undefined): number {
  if (typeof value === "string") return Date.parse(value) || 0;
  return typeof value === "number" ? value * 1000 : 0;
}

function texts(values: ValueMap): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: Value): string {
  const text = typeof value === "string" ? value : stringifyJson(value, 2);
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}\n… (${text.length - MAX_TEXT} more characters)`;
}

/** JSON within a page: nothing in it can end the element that it stands in. */
function asData(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function head(runs: readonly RunInfo[], style: string, script: string): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; img-src data:; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
  const title = runs.map(({ display_name }) => display_name).join(", ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page needs JavaScript to show its runs. It loads nothing from anywhere.</noscript>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
