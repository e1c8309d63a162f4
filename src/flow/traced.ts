// A target whose runs are told to telemetry: spans and metrics, made of the events that pass by.

import {
  type TraceContext,
  newSpanId,
  newTraceId,
  parseBaggage,
  parseTraceparent,
  traceparentOf,
} from "../base/trace-context.ts";
import { FEEDBACK_SPAN, METRIC, SPAN } from "../trace/name.ts";
import type { Meter } from "../trace/meter.ts";
import type { AttributeValue, Attributes } from "../trace/span.ts";
import type { Telemetry } from "../trace/telemetry.ts";
import { innermostCode } from "./error-chain.ts";
import type { FlowEvent } from "./event.ts";
import { RunSpans } from "./flow-span.ts";
import type { FlowCall, Target } from "./target.ts";

/** The target itself when there is no telemetry: then nothing stands in between. */
export function tracedTarget<T extends Target>(target: T, telemetry: Telemetry | undefined): T {
  if (!telemetry) return target;
  const invoke = (call: FlowCall, signal: AbortSignal): AsyncIterable<FlowEvent> =>
    tracedRun(target, telemetry, { call, signal });
  return new Proxy(target, {
    get: (object, key) => {
      if (key === "invoke") return invoke;
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === "function" ? (value.bind(object) as unknown) : value;
    },
  });
}

async function* tracedRun(
  target: Target,
  { record, meter, content }: Telemetry,
  { call, signal }: { call: FlowCall; signal: AbortSignal },
): AsyncGenerator<FlowEvent> {
  const parent = parseTraceparent(call.traceparent);
  // A caller that does not record its trace does not want parts of it recorded here.
  const isRecorded = record !== undefined && (!parent || (Number.parseInt(parent.flags, 16) & 1) === 1);
  const spanId = newSpanId();
  const traceId = parent?.traceId ?? newTraceId();
  const spans = isRecorded
    ? new RunSpans({
        traceId,
        spanId,
        parentSpanId: parent?.spanId,
        tracestate: call.tracestate,
        requestId: call.requestId,
        line: call.line,
        content,
      })
    : undefined;
  // What is told to telemetry is made of the events of nodes.
  const traced: FlowCall = spans
    ? {
        ...call,
        traceparent: traceparentOf({ traceId, spanId, flags: "01" }),
        brief: !content && call.brief === true,
        quiet: false,
      }
    : { ...call, quiet: call.quiet === true && meter === undefined };
  let flow = "";
  let ended = false;
  try {
    for await (const event of target.invoke(traced, signal)) {
      if (event.type === "flow-start") flow = event.flow;
      ended = event.type === "flow-end" || event.type === "error";
      spans?.take(event);
      if (meter) count(meter, flow, event);
      if (ended && spans) record?.(spans.spans);
      yield event;
    }
  } finally {
    if (!ended && spans) {
      // The reader left: what ran until then is still worth seeing.
      const error = { code: "Canceled", message: "The caller left.", status: 499, retryable: false } as const;
      spans.take({ type: "error", time: Date.now(), error: { ...error, actor: "caller" } });
      record?.(spans.spans);
    }
  }
}

const STATUS = { completed: "Completed", failed: "Failed", bypassed: "Bypassed", canceled: "Canceled" } as const;

function count(meter: Meter, flow: string, event: FlowEvent): void {
  if (event.type === "node-end") {
    const { node, status, durationMs, error } = event;
    const about = { flow, node, run_status: STATUS[status] };
    meter.record(METRIC.nodeLatency, durationMs, about);
    meter.add(METRIC.nodeRequest, 1, { ...about, exception: error ? innermostCode(error) : "" });
  } else if (event.type === "node-call") {
    const { node, name, path = name, target = "", usage, durationMs, error } = event;
    meter.record(METRIC.callLatency, durationMs, { flow, node, api_call: path });
    meter.add(METRIC.callRequest, 1, { flow, node, api_call: path, exception: error ? innermostCode(error) : "" });
    // Tokens of embeddings are not counted there.
    if (!usage || event.kind !== "llm") return;
    const about = { flow, node, llm_engine: target };
    if (usage.promptTokens > 0) meter.add(METRIC.tokens, usage.promptTokens, { ...about, token_type: "prompt_tokens" });
    if (usage.completionTokens > 0)
      meter.add(METRIC.tokens, usage.completionTokens, { ...about, token_type: "completion_tokens" });
  }
}

/** A span of what a user said about an answer, in the trace of that answer. */
export function recordFeedback(
  { record }: Telemetry,
  { text, flatten, trace }: { text: string; flatten: boolean; trace: TraceContext | undefined },
): void {
  const parent = parseTraceparent(trace?.traceparent);
  const now = Date.now();
  record?.([
    {
      traceId: parent?.traceId ?? newTraceId(),
      spanId: newSpanId(),
      parentSpanId: parent?.spanId,
      tracestate: trace?.tracestate,
      name: FEEDBACK_SPAN,
      kind: "internal",
      startMs: now,
      endMs: now,
      attributes: { ...said(text, flatten), ...parseBaggage(trace?.baggage) },
      events: [],
    },
  ]);
}

function said(text: string, flatten: boolean): Attributes {
  const fields = flatten ? tryObject(text) : undefined;
  if (!fields) return { [SPAN.feedback]: text };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, attribute(value)]));
}

function tryObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function attribute(value: unknown): AttributeValue {
  return Array.isArray(value) ? value.map(plain) : plain(value);
}

function plain(value: unknown): string | number | boolean {
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? value : JSON.stringify(value);
}
