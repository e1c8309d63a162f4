// Spans and metrics as OTLP messages, in the names and shapes of OTLP's JSON.

import type { Dimensions, HistogramPoint, Meter, SumPoint } from "./meter.ts";
import { BUCKETS, METER, TRACER } from "./name.ts";
import type { AttributeValue, Attributes, Span } from "./span.ts";

export type Message = { [field: string]: Message | Message[] | string | number | boolean | string[] | number[] };

const KIND = { internal: 1, server: 2, client: 3 } as const;
const STATUS_OK = 1;
const STATUS_ERROR = 2;
/** Sums since the start, not since the last export. */
const CUMULATIVE = 2;

export function traceMessage(spans: readonly Span[], resource: Attributes): Message {
  const scopeSpans = [{ scope: { name: TRACER }, spans: spans.map(spanMessage) }];
  return { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans }] };
}

function spanMessage(span: Span): Message {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.tracestate ? { traceState: span.tracestate } : {}),
    ...(span.parentSpanId ? { parentSpanId: span.parentSpanId } : {}),
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: nanos(span.startMs),
    endTimeUnixNano: nanos(span.endMs),
    attributes: keyValues(span.attributes),
    events: span.events.map(({ name, timeMs, attributes }) => ({
      timeUnixNano: nanos(timeMs),
      name,
      attributes: keyValues(attributes),
    })),
    status: span.error === undefined ? { code: STATUS_OK } : { message: span.error, code: STATUS_ERROR },
  };
}

export function metricMessage(meter: Meter, resource: Attributes): Message {
  const times = { startTimeUnixNano: nanos(meter.startMs), timeUnixNano: nanos(Date.now()) };
  const sum = ({ dimensions, value }: SumPoint): Message => ({
    ...times,
    asInt: String(value),
    attributes: keyValues(dimensions),
  });
  const histogram = ({ dimensions, count, sum: total, min, max, buckets }: HistogramPoint): Message => ({
    ...times,
    count: String(count),
    sum: total,
    bucketCounts: buckets.map(String),
    explicitBounds: [...BUCKETS],
    attributes: keyValues(dimensions),
    min,
    max,
  });
  const metrics: Message[] = [
    ...[...meter.sums()].map(([name, points]) => ({
      name,
      sum: { dataPoints: points.map(sum), aggregationTemporality: CUMULATIVE, isMonotonic: true },
    })),
    ...[...meter.histograms()].map(([name, points]) => ({
      // Milliseconds. No unit is told, as in the original: collectors would add it to the name.
      name,
      histogram: { dataPoints: points.map(histogram), aggregationTemporality: CUMULATIVE },
    })),
  ];
  const scopeMetrics = [{ scope: { name: METER }, metrics }];
  return { resourceMetrics: [{ resource: { attributes: keyValues(resource) }, scopeMetrics }] };
}

function keyValues(attributes: Attributes | Dimensions): Message[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): Message {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}

/** As text, since nanoseconds since the epoch do not fit a number. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, "0")}`;
}
