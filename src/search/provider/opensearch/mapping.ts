// An index definition as a mapping: what each field can be searched, filtered and sorted by.

import { FlowsteadError } from "../../../base/error/error.ts";
import { STEMMERS } from "../../analysis/language.ts";
import type { Schema, SchemaField } from "../../document/definition.ts";
import type { Json } from "./client.ts";

const PLAIN: Readonly<Record<string, string>> = {
  keyword: "keyword",
  simple: "simple",
  stop: "stop",
  whitespace: "whitespace",
  pattern: "pattern",
  "standard.lucene": "standard",
};

const LANGUAGES: Readonly<Record<string, string>> = {
  ...STEMMERS,
  no: "norwegian",
  "pt-BR": "brazilian",
  ja: "cjk",
  ko: "cjk",
  zh: "cjk",
};

const NUMBERS: Readonly<Record<string, string>> = {
  Int16: "short",
  SByte: "byte",
  Byte: "short",
  Int32: "integer",
  Int64: "long",
  Double: "double",
  Single: "float",
  Half: "half_float",
  Boolean: "boolean",
  DateTimeOffset: "date",
};

const SPACES = { cosine: "cosinesimil", dotProduct: "innerproduct", euclidean: "l2" } as const;

/** Name of a field in the cluster. */
export function fieldName({ names }: Pick<SchemaField, "names">): string {
  return names.join(".");
}

/** The form of a field that filters, sorting and facets read: texts as they are, not as their words. */
export function exactName(field: SchemaField): string {
  return field.searchable && !field.vector ? `${fieldName(field)}.raw` : fieldName(field);
}

/** The words of a suggester's field as they are written, not as stems. */
export function plainName(field: SchemaField): string {
  return `${fieldName(field)}.plain`;
}

/** @throws FlowsteadError `InvalidRequest` naming what the cluster has not. */
export function mappingOf(schema: Schema): Json {
  const suggested = new Set((schema.definition.suggesters ?? []).flatMap(({ sourceFields }) => sourceFields));
  const top: Json = {};
  for (const field of schema.fields.values()) {
    const into = field.names.slice(0, -1).reduce((at, name) => (at[name] as { properties: Json }).properties, top);
    into[field.names.at(-1)!] = propertyOf(field, suggested.has(field.path));
  }
  return top;
}

function propertyOf(field: SchemaField, isSuggested: boolean): Json {
  if (field.synonymMaps.length > 0) throw refuse(`synonym maps (field '${field.path}')`);
  if (field.vector) {
    const { dimensions, metric } = field.vector;
    const method = { name: "hnsw", engine: "lucene", space_type: SPACES[metric] };
    return { type: "knn_vector", dimension: dimensions, method };
  }
  const kind = field.type.replace(/^Edm\./, "");
  if (kind === "ComplexType") {
    // What is in the parent too can be searched and counted as if it stood there.
    return field.isCollection
      ? { type: "nested", include_in_parent: true, properties: {} }
      : { type: "object", properties: {} };
  }
  if (kind === "GeographyPoint") return { type: "object", enabled: false };
  const isRead = field.isKey || field.filterable || field.sortable || field.facetable;
  if (kind !== "String") return { type: NUMBERS[kind] };
  const keyword = isRead ? { type: "keyword" } : { type: "keyword", index: false, doc_values: false };
  if (!field.searchable) return keyword;
  const fields = {
    ...(isRead ? { raw: keyword } : {}),
    ...(isSuggested ? { plain: { type: "text", analyzer: "standard" } } : {}),
  };
  return { type: "text", analyzer: analyzerOf(field), ...(Object.keys(fields).length > 0 ? { fields } : {}) };
}

function analyzerOf({ analyzer, path }: SchemaField): string {
  const [tag = ""] = analyzer.split(".");
  const found = PLAIN[analyzer] ?? LANGUAGES[tag] ?? LANGUAGES[tag.split("-")[0] ?? ""];
  if (found) return found;
  throw refuse(`the analyzer '${analyzer}' (field '${path}')`);
}

export function refuse(feature: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `OpenSearch cannot do this, and it cannot be done above it: ${feature}.`);
}
