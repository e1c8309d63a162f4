// Which documents of an index a person may see. An index says it by fields with a `permissionFilter`, as in Azure AI Search;
// an index of passages says it by the groups of each.

import { oneOf, visibleTo } from "../served/condition.ts";
import type { Expression } from "../filter/expression.ts";
import type { Schema, SchemaField } from "./definition.ts";

/** Who reads: a person with what they are, or whoever keeps the index. */
export type Viewer = "all" | { ids: readonly string[]; groups: readonly string[] };

/** Somebody of whom nothing is known. */
export const STRANGER: Viewer = { ids: [], groups: [] };

/** What is to be ANDed to everything the viewer asks; undefined when they may see all there is. */
export function permitted(schema: Schema, viewer: Viewer): Expression | undefined {
  if (viewer === "all") return undefined;
  if (isServed(schema)) return visibleTo(viewer.groups);
  const own: Expression[] = [];
  const people = permissionField(schema, "userIds");
  const groups = permissionField(schema, "groupIds");
  if (people) own.push(anyOf(people, ["all", ...viewer.ids]));
  if (groups) own.push(anyOf(groups, ["all", ...viewer.groups]));
  if (own.length > 0) return { op: "or", args: own };
  const kept = isPassages(schema) ? schema.fields.get("groups") : undefined;
  return kept && { op: "or", args: [nothingIn(kept), anyOf(kept, viewer.groups)] };
}

/** Groups of a document, undefined when it is for everyone. */
export function groupsOf(schema: Schema, document: Readonly<Record<string, unknown>>): string[] | undefined {
  const field = permissionField(schema, "groupIds") ?? (isPassages(schema) ? schema.fields.get("groups") : undefined);
  if (!field) return undefined;
  const groups = document[field.path];
  return Array.isArray(groups) && !groups.includes("all") ? (groups as string[]) : undefined;
}

function permissionField({ definition, fields }: Schema, kind: string): SchemaField | undefined {
  if (definition["permissionFilterOption"] !== "enabled") return undefined;
  const found = definition.fields.find((field) => field["permissionFilter"] === kind);
  return found && fields.get(found.name);
}

/** The provider keeps passages as documents, and notes when their index was made. */
function isPassages({ definition, fields }: Schema): boolean {
  return typeof definition["created"] === "string" && fields.has("documentId") && fields.has("groups");
}

function isServed({ fields }: Schema): boolean {
  return ["isRestricted", "groups", "headTerms", "lexicon"].every((name) => fields.has(name));
}

function anyOf({ names }: SchemaField, values: readonly string[]): Expression {
  const path = { names: [...names], position: 1 };
  return { op: "any", path, variable: "it", arg: oneOf("it", values) };
}

function nothingIn({ names }: SchemaField): Expression {
  return { op: "compare", comparison: "eq", path: { names: [...names], position: 1 }, value: null };
}
