// Queries of words in the cluster's query language: both syntaxes are read by this program, so they mean the same here.

import type { SchemaField } from "../../document/definition.ts";
import type { QueryNode } from "../../syntax/node.ts";
import type { Json } from "./client.ts";
import { fieldName } from "./mapping.ts";

export interface WordFields {
  /** Searched where the query names none. */
  fields: readonly SchemaField[];
  /** All searchable ones, by path. */
  byPath: ReadonlyMap<string, SchemaField>;
  weights: Readonly<Record<string, number>>;
}

/** `isNeeded`: what has stop words only is left out of what must be there, and finds nothing by itself. */
export function wordQuery(node: QueryNode, given: WordFields, isNeeded = false): Json {
  switch (node.kind) {
    case "everything":
      return { match_all: { boost: node.boost } };
    case "boolean": {
      const { must, should, not, boost } = node;
      return {
        bool: {
          must: must.map((one) => wordQuery(one, given, true)),
          should: should.map((one) => wordQuery(one, given)),
          must_not: not.map((one) => wordQuery(one, given)),
          minimum_should_match: must.length > 0 || should.length === 0 ? 0 : 1,
          boost,
        },
      };
    }
    default:
      return inFields(node, given, isNeeded);
  }
}

function inFields(
  node: Exclude<QueryNode, { kind: "boolean" | "everything" }>,
  { fields, byPath, weights }: WordFields,
  isNeeded: boolean,
): Json {
  const named = node.field === undefined ? undefined : byPath.get(node.field.replaceAll(".", "/"));
  const wanted = node.field === undefined ? fields : named ? [named] : [];
  if (wanted.length === 0) return { match_none: {} };
  const weighted = wanted.map((field) => ({ name: fieldName(field), boost: node.boost * (weights[field.path] ?? 1) }));
  const each = (of: (name: string, boost: number) => Json): Json => ({
    bool: { should: weighted.map(({ name, boost }) => of(name, boost)), minimum_should_match: 1 },
  });
  const names = weighted.map(({ name, boost }) => `${name}^${boost}`);
  const empty = { zero_terms_query: isNeeded ? "all" : "none" };
  switch (node.kind) {
    case "term":
      return { multi_match: { query: node.text, fields: names, type: "most_fields", operator: "and", ...empty } };
    case "phrase":
      return { multi_match: { query: node.text, fields: names, type: "phrase", slop: node.slop, ...empty } };
    case "prefix":
      return each((name, boost) => ({ prefix: { [name]: { value: node.text.toLowerCase(), boost } } }));
    case "fuzzy":
      return each((name, boost) => ({ match: { [name]: { query: node.text, fuzziness: node.distance, boost } } }));
    default:
      return each((name, boost) => ({ regexp: { [name]: { value: anchored(node.pattern), boost } } }));
  }
}

/** The cluster's expressions are always about a whole term, and have no signs for its beginning and end. */
function anchored({ source }: RegExp): string {
  return source.replace(
    /^\^(?:\(\?:(.*)\)\$|(.*)\$)$/su,
    (_, grouped?: string, plain?: string) => grouped ?? plain ?? "",
  );
}
