// Facets as aggregations, and their buckets as this program's.

import { type FacetQuery, parseFacet } from "../../document/facet.ts";
import type { Schema } from "../../document/definition.ts";
import type { Json } from "./client.ts";
import { exactName } from "./mapping.ts";

/** More values than one aggregation gives are read page by page. */
export const FACET_PAGE = 10_000;

export interface Facet {
  name: string;
  query: FacetQuery;
  /** Whether all values are wanted, however many. */
  isPaged: boolean;
}

export function facetsOf(asked: readonly string[] | null | undefined, schema: Schema): Facet[] {
  return (asked ?? []).map((text) => {
    const query = parseFacet(text, schema);
    const isPaged = query.count > FACET_PAGE && !query.interval && !query.values;
    return { name: query.field.path, query, isPaged };
  });
}

export function aggregation({ query, isPaged }: Facet, after?: Json): Json {
  const { field, count, sort, interval, values } = query;
  const name = exactName(field);
  const isDate = field.type === "Edm.DateTimeOffset";
  if (isPaged) {
    const sources = [{ value: { terms: { field: name } } }];
    return { composite: { size: FACET_PAGE, sources, ...(after ? { after } : {}) } };
  }
  if (values) {
    const edges = isDate ? values : values.map(Number);
    const ranges = Array.from({ length: edges.length + 1 }, (_, at) => ({
      ...(at > 0 ? { from: edges[at - 1] } : {}),
      ...(at < edges.length ? { to: edges[at] } : {}),
    }));
    return { [isDate ? "date_range" : "range"]: { field: name, ranges } };
  }
  if (interval && isDate) {
    // Weeks begin on Sunday here and on Monday there.
    const offset = interval === "week" ? { offset: "-1d" } : {};
    return { date_histogram: { field: name, calendar_interval: interval, min_doc_count: 1, ...offset } };
  }
  if (interval) return { histogram: { field: name, interval: Number(interval), min_doc_count: 1 } };
  const direction = sort.startsWith("-");
  const order = sort.endsWith("value")
    ? [{ _key: direction ? "desc" : "asc" }]
    : [{ _count: direction ? "asc" : "desc" }, { _key: "asc" }];
  return { terms: { field: name, size: count, order } };
}

interface Bucket {
  key: unknown;
  key_as_string?: string;
  from?: number;
  to?: number;
  doc_count: number;
}

export function bucketsOf({ query, isPaged }: Facet, given: Json): Json[] {
  const { field, values, sort, interval } = query;
  const isDate = field.type === "Edm.DateTimeOffset";
  const buckets = given["buckets"] as Bucket[];
  if (values) {
    const edge = (at: number): unknown => (isDate ? values[at] : Number(values[at]));
    return buckets.map(({ doc_count: count }, at) => ({
      ...(at > 0 ? { from: edge(at - 1) } : {}),
      ...(at < values.length ? { to: edge(at) } : {}),
      count,
    }));
  }
  const found = buckets.map(({ key, doc_count: count }) => {
    const bare = isPaged ? (key as { value: unknown }).value : key;
    return { value: valueOf(bare, field.type), count };
  });
  const isBackward = sort === "-value" && (isPaged || interval !== undefined);
  if (isPaged && sort.endsWith("count"))
    found.sort((a, b) => (sort.startsWith("-") ? a.count - b.count : b.count - a.count));
  return isBackward ? found.toReversed() : found;
}

function valueOf(key: unknown, type: string): unknown {
  if (type === "Edm.DateTimeOffset") return new Date(Number(key)).toISOString().replace(".000Z", "Z");
  return type === "Edm.Boolean" ? key === 1 || key === true || key === "true" : key;
}
