import { FlowsteadError } from "../../base/error/error.ts";
import { type Expression, type Path, pathText } from "../filter/expression.ts";
import type { Schema, SchemaField } from "./definition.ts";

/** @throws FlowsteadError `InvalidRequest` for fields that are not there, not filterable, or of another type. */
export function checkFilter(filter: Expression, schema: Schema): void {
  check(filter, schema, new Map());
}

type Variables = ReadonlyMap<string, readonly string[]>;

function check(filter: Expression, schema: Schema, variables: Variables): void {
  switch (filter.op) {
    case "and":
    case "or":
      for (const arg of filter.args) check(arg, schema, variables);
      return;
    case "not":
      check(filter.arg, schema, variables);
      return;
    case "any":
    case "all": {
      const { field, names } = resolve(filter.path, schema, variables);
      if (!field.isCollection)
        throw wrong(filter.path, `'${pathText(filter.path)}' is no collection, so it has no ${filter.op}()`);
      if (filter.arg) check(filter.arg, schema, new Map([...variables, [filter.variable ?? "", names]]));
      return;
    }
    case "in":
    case "compare": {
      const { field } = resolve(filter.path, schema, variables);
      if (field.isCollection && !variables.has(filter.path.names[0] ?? "")) {
        throw wrong(filter.path, `'${pathText(filter.path)}' is a collection: use any() or all()`);
      }
      if (filter.op === "in") {
        if (field.type !== "Edm.String") throw wrong(filter.path, "search.in needs a field of texts");
      } else if (filter.value !== null && !fits(filter.value, field)) {
        throw wrong(
          filter.path,
          `'${pathText(filter.path)}' is of the type '${field.type}' and cannot be compared with ${JSON.stringify(filter.value)}`,
        );
      }
      return;
    }
    default:
  }
}

function resolve(path: Path, schema: Schema, variables: Variables): { field: SchemaField; names: readonly string[] } {
  const [first = "", ...rest] = path.names;
  const names = [...(variables.get(first) ?? [first]), ...rest];
  const field = schema.fields.get(names.join("/"));
  if (!field) {
    throw wrong(path, `Could not find a property named '${pathText(path)}' on type 'search.document'`);
  }
  if (!field.filterable && field.type !== "Edm.ComplexType")
    throw wrong(path, `the field '${names.join("/")}' is not filterable`);
  return { field, names };
}

function fits(value: string | number | boolean | Date, { type }: SchemaField): boolean {
  switch (type) {
    case "Edm.String":
      return typeof value === "string";
    case "Edm.Boolean":
      return typeof value === "boolean";
    case "Edm.DateTimeOffset":
      return value instanceof Date;
    case "Edm.ComplexType":
    case "Edm.GeographyPoint":
      return false;
    default:
      return typeof value === "number";
  }
}

function wrong(path: Path, why: string): FlowsteadError {
  return new FlowsteadError(
    "InvalidRequest",
    `Invalid expression: ${why} (position ${path.position}). Parameter name: $filter`,
    {
      details: { parameter: "$filter", position: path.position },
    },
  );
}
