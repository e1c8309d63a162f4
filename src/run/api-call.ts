// What a node called, as the original's records of nodes tell it: `api_calls`, each with the calls made within it.

import type { Value } from "../base/value.ts";
import type { FlowEvent, NodeCallKind } from "../flow/event.ts";

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
  error: { message: string; type: string } | null;
  children: ApiCall[];
  system_metrics?: Record<string, number>;
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

function apiCall({ name, kind, node, time, durationMs, inputs, output, error, usage }: NodeCallEvent): ApiCall {
  return {
    name,
    type: TYPES[kind],
    node_name: node,
    start_time: time / 1000,
    end_time: (time + durationMs) / 1000,
    inputs: inputs ?? null,
    output: output ?? null,
    error: error ? { message: error.message, type: error.code } : null,
    children: [],
    ...(usage
      ? {
          system_metrics: {
            prompt_tokens: usage.promptTokens,
            completion_tokens: usage.completionTokens,
            total_tokens: usage.totalTokens,
          },
        }
      : {}),
  };
}

function byStart(one: ApiCall, other: ApiCall): number {
  return one.start_time - other.start_time;
}
