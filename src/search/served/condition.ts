// Filters as data, of the few forms that passages need.

import type { Comparison, Expression, Literal } from "../filter/expression.ts";
import type { Readers, Within } from "../visibility.ts";

export function is(name: string, comparison: Comparison, value: Literal): Expression {
  return { op: "compare", comparison, path: { names: [name], position: 1 }, value };
}

export function oneOf(name: string, values: readonly string[]): Expression {
  return { op: "or", args: values.map((value) => is(name, "eq", value)) };
}

export function all(...args: (Expression | undefined)[]): Expression | undefined {
  const given = args.filter((one) => one !== undefined);
  return given.length > 1 ? { op: "and", args: given } : given[0];
}

/** What readers may see; undefined when that is everything. */
export function visibleTo(readers: Readers): Expression | undefined {
  if (readers === "all") return undefined;
  const open = is("isRestricted", "eq", false);
  if (readers.length === 0) return open;
  const groups = { names: ["groups"], position: 1 };
  const member: Expression = { op: "any", path: groups, variable: "g", arg: oneOf("g", readers) };
  return { op: "or", args: [open, member] };
}

export function conditionOf({ documentIds, readers }: Within): Expression | undefined {
  return all(visibleTo(readers), documentIds && oneOf("documentId", documentIds));
}
