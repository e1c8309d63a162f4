// What a node called, as the original's records of nodes tell it: `api_calls`, each with the calls made within it.

import type { ErrorBody } from "../base/error/error.ts";
import type { Value } from "../base/value.ts";
import type { ErrorRecord } from "./error-record.ts";
import type { FlowEvent, NodeCallKind, TokenUsage } from "../flow/event.ts";

type NodeCallEvent = Extract<FlowEvent, { type: "node-call" }>;

export interface ApiCall {
  name: string;
  type: string;
  node_name: string;
  /** Seconds since the epoch. */
  start_time: number;
  end_time: number;
  inputs: Value;
  output: Value;
  error: { message: string; type: string } | ErrorRecord | null;
  children: ApiCall[];
  system_metrics?: TokenCounts;
}

export interface TokenCounts {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

const TYPES: Readonly<Record<NodeCallKind, string>> = {
  llm: "LLM",
  embedding: "Embedding",
  retrieval: "Retrieval",
  function: "Function",
};

/** Python and this process round to it, each for itself. */
const CLOCK_MS = 1;

/** The calls of one node, which are told as they end: those within a function before it. */
export class ApiCalls {
  #open: { event: NodeCallEvent; call: ApiCall }[] = [];

  add(event: NodeCallEvent): void {
    const call = apiCall(event);
    if (event.kind === "function") {
      const within = this.#open.filter((one) => isWithin(one.event, event));
      call.children = within.map((one) => one.call).sort(byStart);
      this.#open = this.#open.filter((one) => !within.includes(one));
    }
    this.#open.push({ event, call });
  }

  get all(): ApiCall[] {
    return this.#open.map(({ call }) => call).sort(byStart);
  }
}

/** By spans, which only traced runs have; else by the name of its path and by its time, since whoever calls waits for the end. */
function isWithin(inner: NodeCallEvent, outer: NodeCallEvent): boolean {
  if (outer.span !== undefined && inner.parent !== undefined) return inner.parent === outer.span;
  if (inner.kind === "function" && inner.path !== `${outer.path ?? outer.name}_${inner.name}`) return false;
  return (
    inner.time >= outer.time - CLOCK_MS && inner.time + inner.durationMs <= outer.time + outer.durationMs + CLOCK_MS
  );
}

function apiCall(event: NodeCallEvent): ApiCall {
  const { name, kind, node, time, durationMs, inputs = null, output = null, error, usage } = event;
  const call = { name, type: TYPES[kind], node, startTime: time, endTime: time + durationMs, inputs, output, error };
  return { ...callRecord(call), ...(usage ? { system_metrics: tokenCounts(usage) } : {}) };
}

/** A call as the original writes it, without what was called within it. Times are in milliseconds. */
export function callRecord(call: {
  name: string;
  type: string;
  node: string;
  startTime: number;
  endTime: number;
  inputs: Value;
  output: Value;
  error: ErrorBody | undefined;
}): ApiCall {
  const { name, type, node, startTime, endTime, inputs, output, error } = call;
  return {
    name,
    type,
    node_name: node,
    start_time: startTime / 1000,
    end_time: endTime / 1000,
    inputs,
    output,
    error: error ? { message: error.message, type: error.code } : null,
    children: [],
  };
}

export function tokenCounts({ promptTokens, completionTokens, totalTokens }: TokenUsage): TokenCounts {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens };
}

function byStart(one: ApiCall, other: ApiCall): number {
  return one.start_time - other.start_time;
}
