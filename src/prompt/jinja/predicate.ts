// The tests of `x is ...`.

import type { Budget } from "./budget.ts";
import { isFloating, numeric } from "./number.ts";
import { type Cell, Callable, Dict, Lazy, Range, Thing, Tuple, Undefined, hashKey } from "./value.ts";
import { contains, operate, order, same } from "./operate.ts";
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
    iterable: (value) => value instanceof Lazy || itemsOf(value) !== undefined,
    callable: (value) => value instanceof Callable || value instanceof Undefined,
    lower: (value) => str(value) === str(value).toLowerCase() && str(value) !== str(value).toUpperCase(),
    upper: (value) => str(value) === str(value).toUpperCase() && str(value) !== str(value).toLowerCase(),
    escaped: () => false,
    even: (value, _args, { budget }) => same(operate("%", value, 2, budget), 0),
    odd: (value, _args, { budget }) => same(operate("%", value, 2, budget), 1),
    divisibleby: (value, [divisor = null], { budget }) => same(operate("%", value, divisor, budget), 0),
    sameas: (value, [other = null]) => value === other,
    in: (value, [container = null]) => contains(container, value),
    filter: (value, _args, { filters }) => filters.has(hashable(value)),
    test: (value, _args, { tests }) => tests.has(hashable(value)),
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

/** A name to look up. @throws Fault TypeError for a list or dict */
function hashable(value: Cell): string {
  hashKey(value);
  return str(value);
}
