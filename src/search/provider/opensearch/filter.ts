// Filters in the cluster's query language. Over collections of plain values the cluster asks whether any value is such;
// what cannot be said that way is refused.

import type { Comparison, Expression, Literal, Path } from "../../filter/expression.ts";
import { pathText } from "../../filter/expression.ts";
import type { Schema, SchemaField } from "../../document/definition.ts";
import type { Json } from "./client.ts";
import { exactName, fieldName, refuse } from "./mapping.ts";

const NEGATED: Readonly<Record<Comparison, Comparison>> = {
  eq: "ne",
  ne: "eq",
  gt: "le",
  ge: "lt",
  lt: "ge",
  le: "gt",
};
const RANGES: Readonly<Partial<Record<Comparison, string>>> = { gt: "gt", ge: "gte", lt: "lt", le: "lte" };

/** Variables of the `any` and `all` around, with the names they stand for. */
type Variables = ReadonlyMap<string, readonly string[]>;

export function filterQuery(expression: Expression, schema: Schema): Json {
  return query(expression, schema, new Map());
}

function query(expression: Expression, schema: Schema, variables: Variables): Json {
  switch (expression.op) {
    case "and":
      return { bool: { filter: expression.args.map((arg) => query(arg, schema, variables)) } };
    case "or":
      if (expression.args.length === 0) return { match_none: {} };
      return { bool: { should: expression.args.map((arg) => query(arg, schema, variables)), minimum_should_match: 1 } };
    case "not":
      return not(query(expression.arg, schema, variables));
    case "constant":
      return expression.value ? { match_all: {} } : { match_none: {} };
    case "in":
      return { terms: { [exactName(fieldAt(expression.path, schema, variables))]: expression.values } };
    case "compare":
      return comparison(
        exactName(fieldAt(expression.path, schema, variables)),
        expression.comparison,
        expression.value,
      );
    case "match":
      throw refuse("search.ismatch in a filter");
    default:
      return quantified(expression, schema, variables);
  }
}

function comparison(name: string, operator: Comparison, value: Literal): Json {
  if (value === null) {
    if (operator === "eq") return not({ exists: { field: name } });
    return operator === "ne" ? { exists: { field: name } } : { match_none: {} };
  }
  const given = value instanceof Date ? value.toISOString() : value;
  if (operator === "eq") return { term: { [name]: given } };
  if (operator === "ne") return not({ term: { [name]: given } });
  return { range: { [name]: { [RANGES[operator]!]: given } } };
}

type Quantified = Extract<Expression, { op: "any" | "all" }>;

function quantified({ op, path, variable = "", arg }: Quantified, schema: Schema, variables: Variables): Json {
  const field = fieldAt(path, schema, variables);
  if (field.type === "Edm.ComplexType") {
    const inner = arg ? query(arg, schema, new Map([...variables, [variable, field.names]])) : { match_all: {} };
    const holds = (found: Json): Json => ({ nested: { path: fieldName(field), query: found } });
    return op === "any" ? holds(inner) : not(holds(not(inner)));
  }
  if (!arg) return { exists: { field: exactName(field) } };
  return op === "any" ? ofAny(arg, field, path) : not(ofAny(negated(arg), field, path));
}

/** Whether any value of a collection is such. */
function ofAny(expression: Expression, field: SchemaField, path: Path): Json {
  const name = exactName(field);
  switch (expression.op) {
    case "constant":
      return expression.value ? { exists: { field: name } } : { match_none: {} };
    case "in":
      return { terms: { [name]: expression.values } };
    case "or":
      if (expression.args.length === 0) return { match_none: {} };
      return { bool: { should: expression.args.map((arg) => ofAny(arg, field, path)), minimum_should_match: 1 } };
    case "compare":
      if (expression.comparison !== "ne" && expression.value !== null)
        return comparison(name, expression.comparison, expression.value);
      break;
    case "and": {
      // One value between two bounds is one range.
      const bounds = expression.args.map((arg) =>
        arg.op === "compare" && RANGES[arg.comparison] && arg.value !== null
          ? [RANGES[arg.comparison]!, arg.value instanceof Date ? arg.value.toISOString() : arg.value]
          : undefined,
      );
      if (bounds.every((bound) => bound !== undefined)) return { range: { [name]: Object.fromEntries(bounds) } };
      break;
    }
    default:
  }
  throw refuse(`any() or all() over '${pathText(path)}' with a condition that is not eq, search.in or a range`);
}

function negated(expression: Expression): Expression {
  switch (expression.op) {
    case "and":
    case "or":
      return { op: expression.op === "and" ? "or" : "and", args: expression.args.map(negated) };
    case "not":
      return expression.arg;
    case "constant":
      return { op: "constant", value: !expression.value };
    case "compare":
      return { ...expression, comparison: NEGATED[expression.comparison] };
    default:
      return { op: "not", arg: expression };
  }
}

function fieldAt({ names: [first = "", ...rest] }: Path, schema: Schema, variables: Variables): SchemaField {
  const path = [...(variables.get(first) ?? [first]), ...rest].join("/");
  const field = schema.fields.get(path);
  if (field) return field;
  throw refuse(`a filter by '${path}', which the index does not have`);
}

function not(inner: Json): Json {
  return { bool: { must_not: [inner] } };
}
