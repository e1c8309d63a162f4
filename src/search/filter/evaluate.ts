import type { Comparison, Expression, Literal, Path } from "./expression.ts";

export type Document = Readonly<Record<string, unknown>>;
export type Condition = (document: Document, key: string) => boolean;
type Match = Extract<Expression, { op: "match" }>;
type Scope = Readonly<Record<string, unknown>>;

/** A filter as a function; `match` gives the keys that a `search.ismatch` finds. */
export function conditionOf(expression: Expression, match: (query: Match) => ReadonlySet<string>): Condition {
  const test = build(expression, match);
  return (document, key) => test({ document, key, scope: {} });
}

interface Place {
  document: Document;
  key: string;
  /** Values of the variables of any and all. */
  scope: Scope;
}

function build(expression: Expression, match: (query: Match) => ReadonlySet<string>): (place: Place) => boolean {
  switch (expression.op) {
    case "and": {
      const tests = expression.args.map((arg) => build(arg, match));
      return (place) => tests.every((test) => test(place));
    }
    case "or": {
      const tests = expression.args.map((arg) => build(arg, match));
      return (place) => tests.some((test) => test(place));
    }
    case "not": {
      const test = build(expression.arg, match);
      return (place) => !test(place);
    }
    case "constant":
      return () => expression.value;
    case "in": {
      const values = new Set(expression.values);
      return (place) => {
        const value = valueAt(place, expression.path);
        return typeof value === "string" && values.has(value);
      };
    }
    case "any":
    case "all": {
      const { op, path, variable = "", arg } = expression;
      const test = arg ? build(arg, match) : () => true;
      return (place) => {
        const found = valueAt(place, path);
        const items = Array.isArray(found) ? found : [];
        const holds = (item: unknown): boolean => test({ ...place, scope: { ...place.scope, [variable]: item } });
        return op === "any" ? items.some(holds) : items.every(holds);
      };
    }
    case "match": {
      const keys = match(expression);
      return ({ key }) => keys.has(key);
    }
    default: {
      const { comparison, path, value } = expression;
      return (place) => compare(valueAt(place, path), comparison, value);
    }
  }
}

function valueAt({ document, scope }: Place, { names }: Path): unknown {
  const [first = "", ...rest] = names;
  return follow(Object.hasOwn(scope, first) ? scope[first] : document[first], rest);
}

/** The value under nested names; through a collection of objects, the values of all of them. */
export function follow(value: unknown, names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (Array.isArray(found)) found = found.map((item) => follow(item, [name])).flat();
    else found = typeof found === "object" && found !== null ? (found as Document)[name] : undefined;
  }
  return found;
}

function compare(found: unknown, comparison: Comparison, value: Literal): boolean {
  const given = found ?? null;
  if (value === null || given === null) {
    if (comparison === "eq") return given === value;
    return comparison === "ne" ? given !== value : false;
  }
  const [a, b] = value instanceof Date ? [Date.parse(given as string), value.getTime()] : [given, value];
  switch (comparison) {
    case "eq":
      return a === b;
    case "ne":
      return a !== b;
    case "gt":
      return a > b;
    case "ge":
      return a >= b;
    case "lt":
      return a < b;
    default:
      return a <= b;
  }
}
