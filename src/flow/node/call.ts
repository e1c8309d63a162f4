// Calls that a node makes to models, embedders and indexes, as events: begun by the tool, told when they have ended.

import { type ErrorBody, FlowsteadError } from "../../base/error/error.ts";
import { type TraceContext, childContext, newSpanId } from "../../base/trace-context.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import type { FlowEvent, NodeCallKind, TokenUsage } from "../event.ts";

export interface CallStart {
  kind: NodeCallKind;
  /** What is called, as the original names it in traces: `openai_chat`, `openai_embeddings` ... */
  name: string;
  /** Model or index. */
  target?: string | undefined;
  /** Its span, where others have to name it before it is told. */
  span?: string | undefined;
  /** Span of the call that it is a part of, when that is not the node's own. */
  parent?: string | undefined;
  /** Its name behind those of the calls around it. */
  path?: string | undefined;
  /** What goes out: messages and parameters, texts, a query. Made only when somebody wants it. */
  inputs: () => ValueMap;
}

export interface CallEnd {
  /** The model that answered, when it says another name than it was asked by. */
  target?: string | undefined;
  /** Made only when somebody wants it. */
  output?: () => Value;
  usage?: TokenUsage | undefined;
  /** When it was and how long it took, if somebody else measured it. */
  measured?: { time: number; durationMs: number };
  /** What it failed with, in place of what was thrown. */
  error?: ErrorBody | undefined;
}

export interface RunningCall {
  /** `traceparent` and `tracestate` for the call's request; empty without a caller's trace. Baggage stays in the house. */
  readonly headers: Record<string, string>;
  done(end: CallEnd): void;
  failed(thrown: unknown): void;
}

export interface CallContext {
  node: string;
  trace: TraceContext | undefined;
  /** Leaves inputs and output out. */
  brief: boolean;
  /** Tells nothing of calls. */
  quiet: boolean;
  emit(event: FlowEvent): void;
}

const NO_HEADERS = {};
const UNTOLD: RunningCall = { headers: NO_HEADERS, done: () => {}, failed: () => {} };

export function beginCall(start: CallStart, { node, trace, brief, quiet, emit }: CallContext): RunningCall {
  if (quiet && !trace) return UNTOLD;
  const time = Date.now();
  const began = performance.now();
  const span = trace && (start.span ?? newSpanId());
  const end = ({ target, output, usage, measured, error }: CallEnd, thrown?: unknown): void => {
    if (quiet) return;
    const { kind, name } = start;
    const took = measured ?? { time, durationMs: performance.now() - began };
    const event: FlowEvent = { type: "node-call", node, kind, name, ...took };
    if (span !== undefined) event.span = span;
    if (start.parent !== undefined) event.parent = start.parent;
    if (start.path !== undefined && start.path !== name) event.path = start.path;
    const called = target ?? start.target;
    if (called !== undefined) event.target = called;
    if (usage) event.usage = usage;
    if (!brief) event.inputs = start.inputs();
    if (!brief && output) event.output = output();
    if (error) event.error = error;
    if (thrown !== undefined) event.error = FlowsteadError.from(thrown).toBody();
    emit(event);
  };
  return {
    headers: trace && span !== undefined ? traceHeaders(childContext(trace, span)) : NO_HEADERS,
    done: end,
    failed: (thrown) => end({}, thrown),
  };
}

/** Waits for a call that gives one result, and tells how it ended. */
export async function telling<T>(running: RunningCall, work: Promise<T>, end: (result: T) => CallEnd): Promise<T> {
  try {
    const result = await work;
    running.done(end(result));
    return result;
  } catch (thrown) {
    running.failed(thrown);
    throw thrown;
  }
}

function traceHeaders({ traceparent, tracestate }: TraceContext): Record<string, string> {
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}
