// A filter as the text of OData, for services that speak it.

import { type Expression, type Literal, pathText } from "./expression.ts";

/** What `parseFilter` would read back as the same expression. */
export function filterText(expression: Expression): string {
  switch (expression.op) {
    case "and":
    case "or":
      if (expression.args.length === 0) return expression.op === "and" ? "true" : "false";
      return expression.args.map((arg) => `(${filterText(arg)})`).join(` ${expression.op} `);
    case "not":
      return `not (${filterText(expression.arg)})`;
    case "constant":
      return String(expression.value);
    case "compare":
      return `${pathText(expression.path)} ${expression.comparison} ${literal(expression.value)}`;
    case "in":
      return inList(pathText(expression.path), expression.values);
    case "any":
    case "all": {
      const { op, path, variable, arg } = expression;
      return arg ? `${pathText(path)}/${op}(${variable}: ${filterText(arg)})` : `${pathText(path)}/${op}()`;
    }
    default: {
      const { query, fields, syntax, mode, scoring } = expression;
      const name = scoring ? "search.ismatchscoring" : "search.ismatch";
      const given = fields ? quoted(fields.join(",")) : "null";
      return `${name}(${quoted(query)}, ${given}, ${quoted(syntax)}, ${quoted(mode)})`;
    }
  }
}

/** `search.in` splits at a separator, so it takes one that stands in none of the values, and comparisons when all do. */
function inList(path: string, values: readonly string[]): string {
  const separator = ["|", ",", ";", "~", "\u001f"].find((one) => values.every((value) => !value.includes(one)));
  const isSafe = values.every((value) => value !== "" && value.trim() === value);
  if (separator !== undefined && isSafe && values.length > 0)
    return `search.in(${path}, ${quoted(values.join(separator))}, ${quoted(separator)})`;
  if (values.length === 0) return "false";
  return values.map((value) => `(${path} eq ${quoted(value)})`).join(" or ");
}

function literal(value: Literal): string {
  if (value === null) return "null";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "string") return quoted(value);
  return String(value).replace("Infinity", "INF");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
