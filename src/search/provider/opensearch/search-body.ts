// A search in the cluster's query language, and its hits as this program's documents.

import { wordQuery as readWords } from "../../document/answer.ts";
import { checkFilter } from "../../document/check-filter.ts";
import type { Schema, SchemaField } from "../../document/definition.ts";
import { parseOrder } from "../../document/order.ts";
import { type SearchBody, type VectorQueryBody, listed } from "../../document/request.ts";
import { scoringOf } from "../../document/scoring.ts";
import type { StoredDocument } from "../../document/value.ts";
import type { Expression } from "../../filter/expression.ts";
import { parseFilter } from "../../filter/parse.ts";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Json } from "./client.ts";
import { filterQuery } from "./filter.ts";
import { exactName, fieldName, refuse } from "./mapping.ts";
import { wordQuery } from "./word-query.ts";

export interface Hit {
  _id: string;
  _score: number | null;
  _source: Json;
  highlight?: Record<string, string[]>;
  sort?: unknown[];
}

export const DEFAULT_K = 50;

/** What is to be found; the page and its order come on top. */
export function queryOf(body: SearchBody, within: Expression | undefined, schema: Schema): Json {
  const asked = body.filter ? parseFilter(body.filter) : undefined;
  if (asked) checkFilter(asked, schema);
  const filter = [asked, within].filter((one) => one !== undefined).map((one) => filterQuery(one, schema));
  const [vector] = body.vectorQueries ?? [];
  if (vector) {
    const isPost = body.vectorFilterMode === "postFilter" || body.vectorFilterMode === "strictPostFilter";
    const near = nearQuery(vector, isPost ? [] : filter, schema);
    return isPost && filter.length > 0 ? { bool: { must: [near], filter } } : near;
  }
  const { weights } = scoringOf(schema, body.scoringProfile, body.scoringParameters);
  const byPath = new Map([...schema.fields].filter(([, field]) => field.searchable && !field.vector));
  const named = listed(body.searchFields).map((text) => {
    const field = byPath.get(text.split("^")[0] ?? "");
    if (field) return field;
    throw new FlowsteadError("InvalidRequest", `The field '${text}' in the search field list is not searchable.`);
  });
  const fields = named.length > 0 ? named : [...byPath.values()];
  const words = wordQuery(readWords(body), { fields, byPath, weights });
  return filter.length > 0 ? { bool: { must: [words], filter } } : words;
}

function nearQuery({ kind, vector, fields, k }: VectorQueryBody, filter: readonly Json[], schema: Schema): Json {
  const name = listed(fields)[0] ?? "";
  const field = schema.fields.get(name);
  if (kind !== "vector" || !vector)
    throw refuse("vector queries of the kind 'text' without an embedder of this program");
  if (!field?.vector || vector.length !== field.vector.dimensions) {
    const why = field?.vector
      ? `the vector field '${name}' has ${field.vector.dimensions} dimensions and the query's vector ${vector.length}`
      : `'${name}' is no vector field of the index`;
    throw new FlowsteadError("InvalidRequest", `The vector query is invalid: ${why}. Parameter name: vectorQueries`);
  }
  const narrowed = filter.length > 0 ? { filter: { bool: { filter } } } : {};
  return { knn: { [fieldName(field)]: { vector, k: k ?? DEFAULT_K, ...narrowed } } };
}

/** The same order on every page: what is equal stands in the order of keys. */
export function sortOf(body: SearchBody, schema: Schema): Json[] {
  const clauses = parseOrder(body.orderby, schema).map(({ names, isDescending }): Json => {
    const order = isDescending ? "desc" : "asc";
    if (!names) return { _score: { order } };
    const field = schema.fields.get(names.join("/"))!;
    // Absent values are the least.
    return { [exactName(field)]: { order, missing: isDescending ? "_last" : "_first" } };
  });
  const score = clauses.some((clause) => "_score" in clause) ? [] : [{ _score: { order: "desc" } }];
  return [...clauses, ...score, { [exactName(schema.fields.get(schema.key)!)]: { order: "asc" } }];
}

export function highlightOf(body: SearchBody, schema: Schema): Json | undefined {
  const asked = listed(body.highlight);
  if (asked.length === 0) return undefined;
  const fields = asked.map((text) => {
    const [, path = "", count] = /^(.*?)(?:-(\d+))?$/.exec(text) ?? [];
    const field = schema.fields.get(path);
    if (!field?.searchable)
      throw new FlowsteadError("InvalidRequest", `The field '${path}' in the highlight list is not searchable.`);
    return [fieldName(field), { number_of_fragments: Number(count ?? 5) }] as const;
  });
  return {
    fields: Object.fromEntries(fields),
    pre_tags: [body.highlightPreTag ?? "<em>"],
    post_tags: [body.highlightPostTag ?? "</em>"],
  };
}

export function toStoredHit({ _id: key, _source }: Pick<Hit, "_id" | "_source">, schema: Schema): StoredDocument {
  const fields: Json = {};
  const vectors: Record<string, Float32Array> = {};
  for (const { path, names, vector, isCollection } of schema.fields.values()) {
    if (names.length > 1) continue;
    const value = _source[path];
    if (!vector) fields[path] = value ?? (isCollection ? [] : null);
    else if (Array.isArray(value)) vectors[path] = Float32Array.from(value as number[]);
  }
  return { key, fields, vectors };
}

/** The cluster's score of nearness as this program's, which is that of the original. */
export function nearness(score: number, field: SchemaField | undefined): number {
  switch (field?.vector?.metric) {
    case "dotProduct":
      return score > 1 ? score - 1 : 1 - 1 / score;
    case "euclidean":
      return 1 / (1 + Math.sqrt(Math.max(0, 1 / score - 1)));
    default:
      return 1 / (2 - (2 * score - 1));
  }
}
