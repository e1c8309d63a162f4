// Sums and distributions since the start, by name and dimensions; read at each export.

import { BUCKETS } from "./name.ts";

export type Dimensions = Readonly<Record<string, string>>;

export interface SumPoint {
  dimensions: Dimensions;
  value: number;
}

export interface HistogramPoint {
  dimensions: Dimensions;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** One more than there are bounds. */
  buckets: number[];
}

export interface Meter {
  /** Counts up. */
  add(name: string, value: number, dimensions: Dimensions): void;
  /** Notes a duration in milliseconds. */
  record(name: string, value: number, dimensions: Dimensions): void;
  readonly startMs: number;
  sums(): Map<string, SumPoint[]>;
  histograms(): Map<string, HistogramPoint[]>;
}

/** Of one name; what comes after goes into a point that says `otel.metric.overflow`, as the standard has it. */
const MOST_POINTS = 2000;
const OVERFLOW: Dimensions = { "otel.metric.overflow": "true" };

/** @param common on every point */
export function createMeter(common: Dimensions = {}): Meter {
  const sums = new Map<string, Map<string, SumPoint>>();
  const histograms = new Map<string, Map<string, HistogramPoint>>();
  return {
    startMs: Date.now(),
    add(name, value, dimensions) {
      pointOf(sums, name, dimensions, (all) => ({ dimensions: { ...all, ...common }, value: 0 })).value += value;
    },
    record(name, value, dimensions) {
      const point = pointOf(histograms, name, dimensions, (all) => emptyHistogram({ ...all, ...common }));
      point.count++;
      point.sum += value;
      point.min = Math.min(point.min, value);
      point.max = Math.max(point.max, value);
      const at = BUCKETS.findIndex((bound) => value <= bound);
      const bucket = at < 0 ? BUCKETS.length : at;
      point.buckets[bucket] = (point.buckets[bucket] ?? 0) + 1;
    },
    sums: () => pointsOf(sums),
    histograms: () => pointsOf(histograms),
  };
}

function emptyHistogram(dimensions: Dimensions): HistogramPoint {
  const buckets = Array.from({ length: BUCKETS.length + 1 }, () => 0);
  return { dimensions, count: 0, sum: 0, min: Infinity, max: -Infinity, buckets };
}

function pointOf<P>(
  metrics: Map<string, Map<string, P>>,
  name: string,
  dimensions: Dimensions,
  make: (dimensions: Dimensions) => P,
): P {
  let points = metrics.get(name);
  if (!points) metrics.set(name, (points = new Map()));
  const wanted = Object.values(dimensions).join("\u0000");
  const found = points.get(wanted);
  if (found) return found;
  const isFull = points.size >= MOST_POINTS;
  const key = isFull ? "" : wanted;
  const known = points.get(key);
  if (known) return known;
  const point = make(isFull ? OVERFLOW : dimensions);
  points.set(key, point);
  return point;
}

function pointsOf<P>(metrics: Map<string, Map<string, P>>): Map<string, P[]> {
  return new Map([...metrics].map(([name, points]) => [name, [...points.values()]]));
}
