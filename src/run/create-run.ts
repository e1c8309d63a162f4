// Runs a flow over data and keeps the run.

import { existsSync, realpathSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import type { FlowTarget } from "../flow/flow-target.ts";
import { parseVariant } from "../flow/variant.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { type BatchResult, hasNodes, runBatch } from "./batch-run.ts";
import { openDataset } from "./dataset.ts";
import type { NamedSource } from "./lines.ts";
import { checkMapping } from "./mapping.ts";
import type { BatchProgress } from "./progress.ts";
import { publishBatchSize } from "./publish.ts";
import { type RunInfo, type RunRequest, defaultRunName, filledName } from "./run-info.ts";
import { readJson } from "./outcome.ts";
import { errorRecord, runErrorRecord } from "./error-record.ts";
import { openRunLog } from "./run-log.ts";
import type { OpenRun, RunStore } from "./run-store.ts";
import { copySnapshot, folderChanges } from "./snapshot.ts";
import { runFault } from "./write-trouble.ts";

export interface CreateRunOptions {
  /** Made up from the flow's name and the time when absent. */
  name?: string | undefined;
  displayName?: string | undefined;
  description?: string | undefined;
  tags?: Record<string, string> | undefined;
  properties?: Record<string, string> | undefined;
  request: RunRequest;
  /** Where the run's folder is made, in place of the store's own. */
  folder?: string | undefined;
  /** Opens the flow that the request names, with its variant and variables. It is closed when the run ends. */
  openFlow(): Promise<{ flow: FlowTarget; close(): Promise<void> }>;
  concurrency: number;
  lineTimeoutMs: number;
  batchTimeoutMs?: number | undefined;
  /** Told once the run has its name and its folder. */
  onStart?(run: RunInfo): void;
  /** Told what a person should know before they trust the result. */
  onNotice?(message: string): void;
  onProgress?(progress: BatchProgress): void;
}

/**
 * Resolves with the record of the run when it has ended; lines that failed do not fail it.
 * @throws FlowsteadError before there is a run for a wrong request (`RunExistsError`, `RunNotFoundError`,
 *   `InvalidRunStatusError`, `UsageError`, anything wrong in the flow); afterwards for what is no fault of flow or data.
 */
export async function createRun(store: RunStore, options: CreateRunOptions, signal: AbortSignal): Promise<RunInfo> {
  const { request } = options;
  checkMapping(request.column_mapping ?? undefined);
  const resumeFrom = request.resume_from === null ? undefined : await endedRun(store, request.resume_from);
  const sources = await openSources(store, request);
  const opened = await options.openFlow().catch(whyNoFirstObject);
  try {
    // Only a class can fail to begin.
    const withNodes = !(opened instanceof FlowsteadError) && hasNodes(opened.flow);
    const run = await store.create(firstInfo(options, withNodes), options.folder);
    try {
      options.onStart?.(run.info);
      const resumeLayout = resumeFrom && store.layout(resumeFrom.name);
      if (opened instanceof FlowsteadError) await endUnopened(run, opened, flowFolder(request.flow));
      else await execute(run, { ...options, flow: opened.flow, sources, resumeFrom: resumeLayout }, signal);
      return run.info;
    } finally {
      await run.release();
    }
  } finally {
    if (!(opened instanceof FlowsteadError)) await opened.close();
  }
}

/** A class that takes no such `init` makes a run that failed, as in the original; without its flow there is no run at all. */
function whyNoFirstObject(thrown: unknown): FlowsteadError {
  if (thrown instanceof FlowsteadError && thrown.code === "FlowEntryInitializationError") return thrown;
  throw thrown;
}

interface Execution extends CreateRunOptions {
  flow: FlowTarget;
  sources: ReadonlyMap<string, NamedSource>;
  resumeFrom: OpenRun["layout"] | undefined;
}

async function execute(run: OpenRun, options: Execution, signal: AbortSignal): Promise<void> {
  const { layout } = run;
  const log = openRunLog(layout.logs);
  const { column_mapping } = options.request;
  try {
    const { flow, sources, resumeFrom, concurrency, lineTimeoutMs, batchTimeoutMs, onProgress } = options;
    const notice = (message: string): void => {
      log.warning(message);
      options.onNotice?.(message);
    };
    const began = await dataState(options.request.data);
    if (resumeFrom) await tellChanges(resumeFrom, flow.directory, notice);
    // The flow's own folder, with what its additional_includes bring in.
    await copySnapshot(flow.directory, layout.snapshot, [path.dirname(layout.folder), layout.folder]);
    const result = await runBatch(
      {
        flow,
        sources,
        resumeFrom,
        concurrency,
        lineTimeoutMs,
        batchTimeoutMs,
        log,
        notice,
        layout,
        runId: run.info.name,
        mapping: column_mapping ?? undefined,
        ...(onProgress ? { onProgress } : {}),
      },
      signal,
    );
    await tellEdits({ snapshot: layout.snapshot, flow: flow.directory, data: options.request.data, began }, notice);
    await run.update({
      status: "Completed",
      end_time: new Date().toISOString(),
      system_metrics: systemMetrics(result),
    });
  } catch (thrown) {
    const error = runFault(thrown, { name: run.info.name, folder: layout.folder });
    log.error(`Run ${run.info.name} failed: ${error.message}`);
    const ended = endFailed(run, error);
    if (error.actor !== "operator") return await ended;
    // A disk that is full takes no record either; a run that says Running without its process is a failed one.
    await ended.catch(() => undefined);
    throw error;
  } finally {
    await log.close();
  }
}

/** Lines that are taken over were made by the flow as it was. */
async function tellChanges(
  from: OpenRun["layout"],
  directory: string,
  notice: (message: string) => void,
): Promise<void> {
  const changes = await folderChanges(from.snapshot, directory);
  if (changes.length === 0) return;
  notice(
    `The flow is not what it was in the run that is resumed: ${changes.join(", ")}. Lines that completed there are taken over as they are; run all lines again if that matters.`,
  );
}

/** Whoever edits flow or data while a run goes on must know that its lines may be of either. */
async function tellEdits(
  { snapshot, flow, data, began }: { snapshot: string; flow: string; data: string | null; began: string },
  notice: (message: string) => void,
): Promise<void> {
  // What a flow itself leaves in its folder is no edit.
  const edits = (await folderChanges(snapshot, flow)).filter((change) => !change.startsWith("added "));
  if (edits.length > 0) {
    notice(
      `The flow was edited while the run went on: ${edits.join(", ")}. Its lines may be of the flow before the edit or after it.`,
    );
  }
  if (data !== null && (await dataState(data)) !== began) {
    notice(`The data at ${data} was changed while the run went on: lines may be of the old content or of the new.`);
  }
}

async function dataState(data: string | null): Promise<string> {
  const found = data === null ? undefined : await stat(data).catch(() => undefined);
  return found ? `${found.size} ${found.mtimeMs} ${found.ino}` : "none";
}

/** What a run leaves whose flow cannot be opened: what the flow was, and why. */
async function endUnopened(run: OpenRun, error: FlowsteadError, directory: string): Promise<void> {
  const { layout } = run;
  const log = openRunLog(layout.logs);
  log.error(`Run ${run.info.name} failed: ${error.message}`);
  await log.close();
  await publishBatchSize(layout, 1);
  await copySnapshot(directory, layout.snapshot, [path.dirname(layout.folder), layout.folder]);
  await endFailed(run, error);
}

/** Wrong data ends a run before there is anything to publish; its error.json is then made here. */
async function endFailed(run: OpenRun, error: FlowsteadError): Promise<void> {
  const file = run.layout.error;
  const exists = (await readJson(file)) !== undefined;
  const record = error.actor === "operator" ? errorRecord : runErrorRecord;
  if (!exists) await writeFileAtomic(file, `${stringifyJson(record(error.toBody()))}\n`);
  const status = error.code === "Canceled" ? "Canceled" : "Failed";
  await run.update({ status, end_time: new Date().toISOString() });
}

function firstInfo(
  { name, displayName, description, tags, properties, request }: CreateRunOptions,
  withNodes: boolean,
): RunInfo {
  const folder = path.basename(flowFolder(request.flow));
  const choice = request.variant === null ? "variant_0" : parseVariant(request.variant).variant;
  const variant = withNodes ? choice : undefined;
  const chosen = name ?? defaultRunName(folder, variant);
  return {
    name: chosen,
    status: "Running",
    display_name: filledName(displayName ?? chosen, { run: request.run, variant }),
    description: description ?? null,
    tags: tags ?? {},
    created_on: new Date().toISOString(),
    end_time: null,
    flow_name: path.extname(request.flow) === ".prompty" ? path.parse(request.flow).name : folder,
    is_archived: false,
    request,
    properties: properties ?? {},
    system_metrics: {},
  };
}

/** Where a flow lies when links are followed; a file is in its folder, and so is `module:function`. */
function flowFolder(flow: string): string {
  if (!existsSync(flow)) return path.dirname(flow);
  const real = realpathSync(flow);
  return statSync(real).isDirectory() ? real : path.dirname(real);
}

function systemMetrics({ usage, durationMs, completed, failed, nodeStatus }: BatchResult): Record<string, number> {
  const nodes = Object.entries(nodeStatus).map(([key, count]) => [`__pf__.nodes.${key}`, count] as const);
  return {
    ...usage,
    duration: Math.round(durationMs * 1000) / 1e6,
    ...Object.fromEntries(nodes),
    "__pf__.lines.completed": completed,
    "__pf__.lines.failed": failed,
  };
}

/** The data, and outputs and inputs of another run. What that run was given is the data that it was given. */
async function openSources(store: RunStore, { data, run }: RunRequest): Promise<Map<string, NamedSource>> {
  const sources = new Map<string, NamedSource>();
  const add = async (name: string, origin: string): Promise<void> => {
    sources.set(name, { ...(await openDataset(origin)), origin });
  };
  if (data === null && run === null) {
    throw new FlowsteadError("UsageError", "Either run or data or resume from run must be specified for flow run.");
  }
  if (data !== null) await add("data", data);
  if (run !== null) {
    const other = await store.get(run);
    if (other.status !== "Completed") {
      throw new FlowsteadError(
        "InvalidRunStatusError",
        `Referenced run ${run} is not completed, got status ${other.status}. Wait for it, or go on with it by --resume-from.`,
      );
    }
    await add("run.outputs", path.join(store.layout(run).flowOutputs, "output.jsonl"));
    await add("run.inputs", await originalData(store, other));
  }
  return sources;
}

/** A run over a run was given what the first run of the chain was given, where it had no data of its own. */
async function originalData(store: RunStore, info: RunInfo): Promise<string> {
  if (info.request.data !== null) return info.request.data;
  if (info.request.run !== null) return originalData(store, await store.get(info.request.run));
  return store.layout(info.name).inputs;
}

async function endedRun(store: RunStore, name: string): Promise<RunInfo> {
  const info = await store.get(name);
  if (info.status !== "Running") return info;
  throw new FlowsteadError(
    "InvalidRunStatusError",
    `Run ${name} is going on; only a run that has ended can be resumed.`,
  );
}
