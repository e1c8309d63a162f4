import { FlowsteadError } from "../../base/error/error.ts";
import { type Document, follow } from "../filter/evaluate.ts";
import type { Schema } from "./definition.ts";
import { listed } from "./request.ts";
import type { StoredDocument } from "./value.ts";

export interface Found {
  document: StoredDocument;
  score: number;
}

const MOST_CLAUSES = 32;

/** Best first, or as `orderby` says; what is equal stands in the order of keys. */
export function sorted<F extends Found>(found: readonly F[], orderby: string | null | undefined, schema: Schema): F[] {
  const clauses = parseOrder(orderby, schema);
  return found.toSorted((a, b) => {
    for (const { names, isDescending } of clauses) {
      const order = names
        ? compareValues(follow(a.document.fields, names), follow(b.document.fields, names))
        : a.score - b.score;
      if (order !== 0) return isDescending ? -order : order;
    }
    return b.score - a.score || compareText(a.document.key, b.document.key);
  });
}

/** Clauses of an `orderby`; one without names is the score. @throws FlowsteadError `InvalidRequest`. */
export function parseOrder(
  orderby: string | null | undefined,
  schema: Schema,
): { names?: readonly string[]; isDescending: boolean }[] {
  const clauses = listed(orderby).map((clause) => parseClause(clause, schema));
  if (clauses.length > MOST_CLAUSES) throw wrong(`more than ${MOST_CLAUSES} clauses`);
  return clauses;
}

function parseClause(clause: string, schema: Schema): { names?: readonly string[]; isDescending: boolean } {
  const match = /^(\S+(?:\(\))?)(?:\s+(asc|desc))?$/.exec(clause);
  if (clause.startsWith("geo.")) throw wrong("geo.distance is not supported: there are no geography fields");
  if (!match) throw wrong(`'${clause}' is not a field with asc or desc`);
  const [, path = "", direction] = match;
  const isDescending = direction === "desc";
  if (path === "search.score()" || path === "search.rerankerScore()") return { isDescending: direction !== "asc" };
  const field = schema.fields.get(path);
  if (!field) throw wrong(`Could not find a property named '${path}'`);
  if (!field.sortable) throw wrong(`the field '${path}' is not sortable`);
  return { names: field.names, isDescending };
}

/** Absent values come first in ascending order, as the original has it. */
function compareValues(a: unknown, b: unknown): number {
  const [absentA, absentB] = [a === null || a === undefined, b === null || b === undefined];
  if (absentA || absentB) return Number(absentB) - Number(absentA);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return Number(a) - Number(b);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function wrong(why: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `Invalid expression: ${why}. Parameter name: $orderby`, {
    details: { parameter: "$orderby" },
  });
}

/** A document with the fields selected, or all that may be shown. @throws FlowsteadError `InvalidRequest`. */
export function selection(select: string | null | undefined, schema: Schema): (document: StoredDocument) => Document {
  const wanted = listed(select).filter((name) => name !== "*");
  for (const path of wanted) {
    const field = schema.fields.get(path);
    if (field?.retrievable) continue;
    throw new FlowsteadError(
      "InvalidRequest",
      field
        ? `The field '${path}' is not retrievable. Parameter name: $select`
        : `Could not find a property named '${path}' on type 'search.document'. Parameter name: $select`,
      { details: { parameter: "$select" } },
    );
  }
  const top = [...schema.fields.values()].filter(({ names, retrievable }) => names.length === 1 && retrievable);
  if (wanted.length === 0) {
    return ({ fields, vectors }) =>
      Object.fromEntries(
        top.map(({ path, vector }) => [path, vector ? plainVector(vectors[path]) : (fields[path] ?? null)]),
      );
  }
  return ({ fields, vectors }) => {
    const shown: Record<string, unknown> = {};
    for (const path of wanted) {
      const names = path.split("/");
      if (schema.fields.get(path)?.vector) shown[path] = plainVector(vectors[path]);
      else pick(shown, fields, names);
    }
    return shown;
  };
}

/** Whether what is selected has vectors in it. */
export function showsVectors(select: string | null | undefined, { fields }: Schema): boolean {
  const wanted = listed(select).filter((name) => name !== "*");
  return [...fields.values()].some(
    ({ path, vector, retrievable }) =>
      vector !== undefined && retrievable && (wanted.length === 0 || wanted.includes(path)),
  );
}

function plainVector(vector: Float32Array | undefined): number[] | null {
  return vector ? Array.from(vector) : null;
}

function pick(into: Record<string, unknown>, from: Document, [name = "", ...rest]: readonly string[]): void {
  const value = from[name] ?? null;
  if (rest.length === 0 || value === null) into[name] = value;
  else if (Array.isArray(value)) {
    const before = (into[name] ?? value.map(() => ({}))) as Record<string, unknown>[];
    value.forEach((item, at) => pick(before[at]!, item as Document, rest));
    into[name] = before;
  } else {
    const inner = (into[name] ?? {}) as Record<string, unknown>;
    pick(inner, value as Document, rest);
    into[name] = inner;
  }
}
