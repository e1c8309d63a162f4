import { open } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import { readErrors, readMetrics } from "../../run/create-run.ts";
import { readDetails } from "../../run/details.ts";
import { type RunInfo, shownRun } from "../../run/run-info.ts";
import { type RunStore, openRunStore } from "../../run/run-store.ts";
import type { Console } from "../console.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";
import { table } from "../table.ts";

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
  const runs = options.allResults ? wanted : wanted.slice(0, options.maxResults);
  if (options.output === "json" || options.json) {
    console.print(
      stringifyJson(
        runs.map((run) => shownRun(run, store.layout(run.name).folder)),
        4,
      ),
    );
    return;
  }
  const row = ({ name, status, created_on, display_name, flow_name }: RunInfo): string[] => [
    name,
    status,
    created_on,
    flow_name,
    display_name,
  ];
  console.print(table(["name", "status", "created_on", "flow", "display name"], runs.map(row)));
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
  const rows: ValueMap[] = [];
  const limit = options.allResults ? Number.POSITIVE_INFINITY : options.maxResults;
  for await (const row of readDetails(store.layout(options.name), limit)) rows.push(row);
  if (options.json) {
    console.print(stringifyJson(rows, 4));
    return;
  }
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  console.print(
    table(
      columns,
      rows.map((row) => columns.map((column) => cell(row[column]))),
    ),
  );
}

export async function streamRun(options: NamedRunOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  let run = await store.get(options.name);
  await followLog(store.layout(run.name).logs, console, async () => {
    run = await store.get(options.name);
    return run.status !== "Running";
  });
  await printRun(store, run, console);
  if (run.status === "Completed") return;
  throw new FlowsteadError("BatchRunError", `Run ${run.name} is ${run.status}.`);
}

const POLL_MS = 200;

/** Says each line of the log as it comes, until it is known to have ended. */
export async function followLog(
  file: string,
  console: Console,
  hasEnded: () => boolean | Promise<boolean>,
): Promise<void> {
  let at = 0;
  let rest = "";
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    // Asked before the file is read, so that what was written last is said too.
    const ended = await hasEnded();
    const handle = await open(file, "r").catch(() => undefined);
    if (handle) {
      try {
        for (;;) {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) break;
          at += bytesRead;
          rest += buffer.toString("latin1", 0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) console.say(Buffer.from(line, "latin1").toString("utf8"));
    if (ended) return;
    await delay(POLL_MS);
  }
}

function cell(value: Value | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : stringifyJson(value);
}
