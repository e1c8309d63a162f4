// The tests of `x is ...`.

import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { arithmetic, asDouble, isFloating, numeric } from "./number.ts";
import { type Cell, Callable, Dict, Range, Thing, Tuple, Undefined, typeName } from "./value.ts";
import { contains, order, same } from "./operate.ts";
import { itemsOf, lengthOf } from "./sequence.ts";
import { str } from "./text.ts";

interface Names {
  filters: ReadonlyMap<string, unknown>;
  tests: ReadonlyMap<string, unknown>;
  budget: Budget;
}

type Predicate = (value: Cell, args: readonly Cell[], names: Names) => boolean;

const equal: Predicate = (value, [other = null]) => same(value, other);
const unequal: Predicate = (value, [other = null]) => !same(value, other);
const greater: Predicate = (value, [other = null]) => order(value, other, ">") > 0;
const greaterOrEqual: Predicate = (value, [other = null]) => order(value, other, ">=") >= 0;
const less: Predicate = (value, [other = null]) => order(value, other, "<") < 0;
const lessOrEqual: Predicate = (value, [other = null]) => order(value, other, "<=") <= 0;

export const PREDICATES: ReadonlyMap<string, Predicate> = new Map<string, Predicate>(
  Object.entries({
    defined: (value) => !(value instanceof Undefined),
    undefined: (value) => value instanceof Undefined,
    none: (value) => value === null,
    boolean: (value) => typeof value === "boolean",
    true: (value) => value === true,
    false: (value) => value === false,
    string: (value) => typeof (value instanceof Thing ? value.base : value) === "string",
    number: (value) => numeric(value) !== undefined,
    integer: (value) => typeof value !== "boolean" && isKind(value, false),
    float: (value) => typeof value !== "boolean" && isKind(value, true),
    mapping: (value) => value instanceof Dict || (value instanceof Thing && value.entries !== undefined),
    sequence: (value) =>
      lengthOf(value) !== undefined &&
      (typeof value === "string" ||
        Array.isArray(value) ||
        value instanceof Dict ||
        value instanceof Tuple ||
        value instanceof Range),
    iterable: (value) => typeName(value) === "generator" || itemsOf(value) !== undefined,
    callable: (value) => value instanceof Callable,
    lower: (value) => str(value) === str(value).toLowerCase() && str(value) !== str(value).toUpperCase(),
    upper: (value) => str(value) === str(value).toUpperCase() && str(value) !== str(value).toLowerCase(),
    escaped: () => false,
    even: (value) => remainder(value, 2) === 0,
    odd: (value) => remainder(value, 2) === 1,
    divisibleby: (value, [divisor = null]) => remainder(value, divisor) === 0,
    sameas: (value, [other = null]) => value === other,
    in: (value, [container = null]) => contains(container, value),
    filter: (value, _args, { filters }) => filters.has(str(value)),
    test: (value, _args, { tests }) => tests.has(str(value)),
    eq: equal,
    equalto: equal,
    "==": equal,
    ne: unequal,
    "!=": unequal,
    gt: greater,
    greaterthan: greater,
    ">": greater,
    ge: greaterOrEqual,
    ">=": greaterOrEqual,
    lt: less,
    lessthan: less,
    "<": less,
    le: lessOrEqual,
    "<=": lessOrEqual,
  } satisfies Record<string, Predicate>),
);

function isKind(value: Cell, floating: boolean): boolean {
  const number = numeric(value);
  return number !== undefined && isFloating(number) === floating;
}

function remainder(value: Cell, divisor: Cell): number {
  const a = numeric(value);
  const b = numeric(divisor);
  if (value instanceof Undefined) value.fail();
  if (a !== undefined && b !== undefined) return asDouble(arithmetic("%", a, b));
  return fault("TypeError", `unsupported operand type(s) for %: '${typeName(value)}' and '${typeName(divisor)}'`);
}
