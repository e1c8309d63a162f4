import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import { readErrorSummary, readErrors, readMetrics } from "../../run/outcome.ts";
import { readDetails } from "../../run/details.ts";
import { type RunInfo, shownRun } from "../../run/run-info.ts";
import { type RunStore, openRunStore } from "../../run/run-store.ts";
import type { Console } from "../console.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";
import { table } from "../table.ts";
import { followLog, tellRunSummary, teller } from "./log.ts";

export interface NamedRunOptions extends HomeOptions {
  name: string;
  json?: boolean;
}

export interface ListRunsOptions extends HomeOptions {
  maxResults: number;
  allResults?: boolean;
  archivedOnly?: boolean;
  includeArchived?: boolean;
  output: "json" | "table";
  json?: boolean;
}

export function runStoreOf(options: HomeOptions): RunStore {
  return openRunStore(path.join(path.resolve(ownConfigOf(options).config.home), "runs"));
}

export async function listRuns(options: ListRunsOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const all = await store.list();
  const wanted = all.filter(
    ({ is_archived }) => options.includeArchived || is_archived === (options.archivedOnly ?? false),
  );
  const runs = options.allResults || options.maxResults < 0 ? wanted : wanted.slice(0, options.maxResults);
  if (options.output === "json" || options.json) {
    const shown = runs.map(async (run) =>
      shownRun(run, store.layout(run.name).folder, await readErrorSummary(store, run.name)),
    );
    console.print(stringifyJson(await Promise.all(shown), 4));
    return;
  }
  const row = ({ name, status, created_on, display_name, flow_name }: RunInfo): string[] => [
    name,
    status,
    created_on,
    flow_name,
    display_name,
  ];
  console.print(table(["name", "status", "created_on", "flow", "display name"], runs.map(row), console.width));
}

/** The record as JSON, with what went wrong. */
export async function printRun(store: RunStore, run: RunInfo, console: Console): Promise<void> {
  const errors = await readErrors(store, run.name);
  console.print(stringifyJson(shownRun(run, store.layout(run.name).folder, errors), 4));
}

export async function showRun(options: NamedRunOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const run = await store.get(options.name);
  await printRun(store, run, console);
}

export async function showMetrics(options: NamedRunOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const { name, status } = await store.get(options.name);
  if (status !== "Completed")
    throw new FlowsteadError("InvalidRunStatusError", `Run '${name}' is not completed, the status is '${status}'.`);
  console.print(stringifyJson(await readMetrics(store, name), 4));
}

export async function showDetails(
  options: NamedRunOptions & { maxResults: number; allResults?: boolean },
  console: Console,
): Promise<void> {
  const store = runStoreOf(options);
  await store.get(options.name);
  const limit = options.allResults ? Number.POSITIVE_INFINITY : options.maxResults;
  const details = readDetails(store.layout(options.name), limit);
  let rows: ValueMap[] = [];
  let printed = 0;
  const print = (): void => {
    if (printed > 0) console.print("");
    console.print(detailsTable(rows, console.width));
    printed += rows.length;
    rows = [];
  };
  for await (const row of details) if (rows.push(row) === ROWS_A_TABLE && !options.json) print();
  if (options.json) return console.print(stringifyJson(rows, 4));
  if (rows.length > 0) print();
  if (printed === 0) console.say(`No line of run ${options.name} has ended.`);
}

/** Columns are as wide as what is in them, so a table is held as a whole; many rows become several of them. */
const ROWS_A_TABLE = 1000;

function detailsTable(rows: readonly ValueMap[], width: number): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    columns,
    rows.map((row) => columns.map((column) => cell(row[column]))),
    width,
  );
}

export async function streamRun(options: NamedRunOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  let run = await store.get(options.name);
  const { logs, folder } = store.layout(run.name);
  const tell = teller(options, console);
  await followLog(logs, tell, async () => {
    run = await store.get(options.name);
    return run.status !== "Running";
  });
  tellRunSummary(run, folder, tell);
  await printRun(store, run, console);
  if (run.status === "Completed") return;
  throw new FlowsteadError("BatchRunError", `Run ${run.name} is ${run.status}.`);
}

function cell(value: Value | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : stringifyJson(value);
}
