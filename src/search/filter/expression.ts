// A filter as data, the same for every provider. It is written as OData and evaluated or translated from here.

export type Literal = string | number | boolean | Date | null;
export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

export type Expression =
  | { op: "and" | "or"; args: Expression[] }
  | { op: "not"; arg: Expression }
  | { op: "constant"; value: boolean }
  | { op: "compare"; comparison: Comparison; path: Path; value: Literal }
  | { op: "in"; path: Path; values: string[] }
  | { op: "any" | "all"; path: Path; variable?: string; arg?: Expression }
  | { op: "match"; query: string; fields?: string[]; syntax: "simple" | "full"; mode: "any" | "all"; scoring: boolean };

/** A field, or the variable of an `any` or `all` around it with what follows it. */
export interface Path {
  /** Names between the slashes. */
  names: string[];
  /** Where it stands in the filter, from 1, for messages. */
  position: number;
}

export function pathText({ names }: Path): string {
  return names.join("/");
}
