// Facets: how many of the documents found have each value of a field, or lie in each stretch of it.

import { FlowsteadError } from "../../base/error/error.ts";
import { follow } from "../filter/evaluate.ts";
import type { Schema, SchemaField } from "./definition.ts";
import type { StoredDocument } from "./value.ts";

export interface FacetQuery {
  field: SchemaField;
  count: number;
  sort: string;
  interval?: string;
  values?: string[];
}

type Bucket = Record<string, unknown>;

const UNITS = ["minute", "hour", "day", "week", "month", "quarter", "year"];

/** @throws FlowsteadError `InvalidRequest` for a field that is not facetable or a setting that is not known. */
export function countFacets(
  asked: readonly string[],
  documents: readonly StoredDocument[],
  schema: Schema,
): Record<string, Bucket[]> {
  const facets: Record<string, Bucket[]> = {};
  for (const text of asked) {
    const query = parseFacet(text, schema);
    facets[query.field.path] = buckets(query, documents);
  }
  return facets;
}

/** `category,count:5`. @throws FlowsteadError `InvalidRequest`. */
export function parseFacet(text: string, schema: Schema): FacetQuery {
  const [name = "", ...settings] = text.split(",").map((part) => part.trim());
  const field = schema.fields.get(name);
  if (!field?.facetable)
    throw wrong(text, field ? `the field '${name}' is not facetable` : `there is no field '${name}'`);
  const query: FacetQuery = { field, count: 10, sort: "count" };
  for (const setting of settings) {
    const [key = "", ...rest] = setting.split(":");
    const value = rest.join(":");
    if (key === "count" && /^\d+$/.test(value)) query.count = Number(value);
    else if (key === "sort" && /^-?(?:count|value)$/.test(value)) query.sort = value;
    else if (key === "interval" && (UNITS.includes(value) || Number(value) > 0)) query.interval = value;
    else if (key === "values" && value !== "") query.values = value.split("|").map((one) => one.trim());
    else throw wrong(text, `the setting '${setting}' is not supported`);
  }
  const { interval, values } = query;
  if (interval !== undefined && values) throw wrong(text, "`interval` and `values` exclude each other");
  if (interval !== undefined && !intervalFits(field, interval)) {
    throw wrong(text, `an interval needs a number, or for a date one of ${UNITS.join(", ")}`);
  }
  return query;
}

function intervalFits({ type }: SchemaField, interval: string): boolean {
  if (type === "Edm.DateTimeOffset") return UNITS.includes(interval);
  return !["Edm.String", "Edm.Boolean"].includes(type) && Number(interval) > 0;
}

function buckets(query: FacetQuery, documents: readonly StoredDocument[]): Bucket[] {
  if (query.values) return ranges(query.values, query, documents);
  const counts = new Map<string | number | boolean, number>();
  for (const document of documents) {
    for (const value of new Set(valuesOf(document, query.field).map((one) => slot(one, query)))) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  const byValue = (a: unknown, b: unknown): number => (a === b ? 0 : (a as string) < (b as string) ? -1 : 1);
  const found = [...counts].sort((a, b) => {
    const order =
      query.sort.endsWith("value") || query.interval ? byValue(a[0], b[0]) : b[1] - a[1] || byValue(a[0], b[0]);
    return query.sort.startsWith("-") ? -order : order;
  });
  const most = query.interval ? found.length : query.count;
  return found.slice(0, most).map(([value, count]) => ({ value, count }));
}

function valuesOf(document: StoredDocument, field: SchemaField): (string | number | boolean)[] {
  const found = follow(document.fields, field.names);
  const values = Array.isArray(found) ? found : [found];
  return values.filter((value) => value !== null && value !== undefined);
}

function slot(value: string | number | boolean, { interval }: FacetQuery): string | number | boolean {
  if (interval === undefined) return value;
  if (typeof value === "number") return Math.floor(value / Number(interval)) * Number(interval);
  const date = new Date(String(value));
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const starts: Record<string, () => number> = {
    minute: () => Math.floor(date.getTime() / 60_000) * 60_000,
    hour: () => Math.floor(date.getTime() / 3_600_000) * 3_600_000,
    day: () => Date.UTC(year, month, day),
    week: () => Date.UTC(year, month, day - date.getUTCDay()),
    month: () => Date.UTC(year, month, 1),
    quarter: () => Date.UTC(year, month - (month % 3), 1),
    year: () => Date.UTC(year, 0, 1),
  };
  return new Date(starts[interval]?.() ?? date.getTime()).toISOString().replace(".000Z", "Z");
}

function ranges(edges: readonly string[], { field }: FacetQuery, documents: readonly StoredDocument[]): Bucket[] {
  const isDate = field.type === "Edm.DateTimeOffset";
  const read = (value: unknown): number => (isDate ? Date.parse(String(value)) : Number(value));
  const limits = edges.map(read);
  if (limits.some(Number.isNaN)) throw wrong(field.path, "`values` needs numbers, or dates for a date field");
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const document of documents) {
    const inside = new Set(
      valuesOf(document, field).map((value) => limits.filter((limit) => read(value) >= limit).length),
    );
    for (const at of inside) counts[at]!++;
  }
  const edge = (text: string): unknown => (isDate ? text : Number(text));
  return counts.map((count, at) => ({
    ...(at > 0 ? { from: edge(edges[at - 1]!) } : {}),
    ...(at < edges.length ? { to: edge(edges[at]!) } : {}),
    count,
  }));
}

function wrong(facet: string, why: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `The facet '${facet}' is invalid: ${why}.`, {
    details: { parameter: "facets" },
  });
}
