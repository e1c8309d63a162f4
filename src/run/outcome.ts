// What came of a run, beside its lines: metrics and errors.

import { open, readFile } from "node:fs/promises";
import { parseJson } from "../base/json.ts";
import type { ErrorRecord } from "./error-record.ts";
import type { RunInfo } from "./run-info.ts";
import type { RunStore } from "./run-store.ts";

/** The metrics of a run. */
export async function readMetrics(store: RunStore, name: string): Promise<unknown> {
  await store.get(name);
  return readJson(store.layout(name).metrics, {});
}

/** What failed in a run, or undefined. */
export function readErrors(store: RunStore, name: string): Promise<unknown> {
  return readJson(store.layout(name).error);
}

/** What failed in a run beside its lines: nodes that aggregate, and the run as a whole (which has no node). */
export async function readRunFaults(store: RunStore, { name, status }: RunInfo): Promise<RunFault[]> {
  const { message = "", additionalInfo = [] } = ((await readErrors(store, name)) ?? {}) as Partial<ErrorRecord>;
  const [lines] = additionalInfo as { info?: { errors?: { aggregation_node_name?: string; error: ErrorRecord }[] } }[];
  const nodes = (lines?.info?.errors ?? []).flatMap(({ aggregation_node_name: node, error }) =>
    node === undefined ? [] : [{ node, message: error.message }],
  );
  return status === "Completed" || message === "" ? nodes : [{ message }, ...nodes];
}

export interface RunFault {
  node?: string;
  message: string;
}

const HEAD_BYTES = 1 << 16;

/** What failed in a run without its lines, for lists: of a long file no more than its beginning is read. */
export async function readErrorSummary(store: RunStore, name: string): Promise<unknown> {
  const handle = await open(store.layout(name).error).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const [head, more] = buffer.toString("utf8", 0, bytesRead).split(',"additionalInfo":', 2);
    return more === undefined ? await readErrors(store, name) : parseJson(`${head}}`);
  } finally {
    await handle.close();
  }
}

/** `fallback` where there is no such file. */
export async function readJson(file: string, fallback?: unknown): Promise<unknown> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? fallback : parseJson(text);
}
