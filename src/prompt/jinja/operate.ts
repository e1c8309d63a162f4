// Operators between template values.

import { RenderedText } from "../rendered-text.ts";
import type { BinaryOperator, Comparator } from "./ast.ts";
import { type Budget, visit } from "./budget.ts";
import { fault } from "./fault.ts";
import { percentFormat } from "./percent-format.ts";
import { arithmetic, asDouble, numeric, toIndex } from "./number.ts";
import { itemsOf } from "./sequence.ts";
import { type Cell, Dict, DictView, Range, Thing, Tuple, Undefined, typeName } from "./value.ts";

export function operate(operator: BinaryOperator, left: Cell, right: Cell, budget: Budget): Cell {
  for (const side of [left, right]) {
    if (side instanceof Undefined && !(operator === "%" && typeof left === "string")) side.fail();
  }
  const a = numeric(left);
  const b = numeric(right);
  if (a !== undefined && b !== undefined) return arithmetic(operator, a, b);
  if (operator === "%" && typeof left === "string") return percentFormat(left, right, budget);
  if (operator === "+") {
    const sum = join(left, right, budget);
    if (sum !== undefined) return sum;
  }
  if (operator === "*") {
    const product = repeat(left, right, budget) ?? repeat(right, left, budget);
    if (product !== undefined) return product;
  }
  const shown = operator === "**" ? "** or pow()" : operator;
  return fault("TypeError", `unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`);
}

function join(left: Cell, right: Cell, budget: Budget): Cell | undefined {
  if (typeof left === "string") {
    if (typeof right !== "string") fault("TypeError", `can only concatenate str (not "${typeName(right)}") to str`);
    budget.room(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right)) fault("TypeError", `can only concatenate list (not "${typeName(right)}") to list`);
    budget.room(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple) {
    if (!(right instanceof Tuple)) fault("TypeError", `can only concatenate tuple (not "${typeName(right)}") to tuple`);
    budget.room(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  return undefined;
}

function repeat(sequence: Cell, times: Cell, budget: Budget): Cell | undefined {
  if (typeof sequence !== "string" && !Array.isArray(sequence) && !(sequence instanceof Tuple)) return undefined;
  const count = toIndex(times);
  if (count === undefined) return fault("TypeError", `can't multiply sequence by non-int of type '${typeName(times)}'`);
  const rounds = Math.max(0, count);
  if (typeof sequence === "string") {
    budget.room(sequence.length * rounds);
    return sequence.repeat(rounds);
  }
  const items = sequence instanceof Tuple ? sequence.items : sequence;
  budget.room(items.length * rounds);
  const all = Array.from<unknown, readonly Cell[]>({ length: rounds }, () => items).flat();
  return sequence instanceof Tuple ? new Tuple(all) : all;
}

/** Python `==`. */
export function same(left: Cell, right: Cell, depth = 0): boolean {
  if (left === right) return true;
  visit();
  if (depth > 200) fault("RecursionError", "maximum recursion depth exceeded in comparison");
  if (left instanceof Thing || right instanceof Thing) return sameThing(left, right, depth);
  const a = numeric(left);
  const b = numeric(right);
  if (a !== undefined || b !== undefined) {
    if (a === undefined || b === undefined) return false;
    return typeof a === "bigint" || typeof b === "bigint" ? a == b : asDouble(a) === asDouble(b);
  }
  if (left instanceof RenderedText) return same(left.text, right, depth);
  if (right instanceof RenderedText) return same(left, right.text, depth);
  if (left instanceof Undefined) return right instanceof Undefined;
  if (left instanceof Dict && right instanceof Dict) {
    return (
      left.size === right.size &&
      left.entries().every(([key, value]) => right.has(key) && same(value, right.get(key) as Cell, depth + 1))
    );
  }
  const x = ordered(left);
  const y = ordered(right);
  if (!x || !y || left instanceof Tuple !== right instanceof Tuple) return false;
  return x.length === y.length && x.every((item, index) => same(item, y[index] as Cell, depth + 1));
}

/** An object is what it is a text, a number or a dict; every other one is itself only. */
function sameThing(left: Cell, right: Cell, depth: number): boolean {
  const [a, b] = [left, right].map((side) => (side instanceof Thing ? (side.base ?? side.entries) : side));
  return a !== undefined && b !== undefined && same(a, b, depth + 1);
}

function ordered(value: Cell): readonly Cell[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Range || (value instanceof DictView && value.kind === "keys")) return value.items();
  return value instanceof Tuple ? value.items : undefined;
}

/** Python's order: negative, zero or positive. @throws Fault TypeError when the two can not be ordered. */
export function order(left: Cell, right: Cell, operator: string = "<"): number {
  visit();
  const a = numeric(left);
  const b = numeric(right);
  if (a !== undefined && b !== undefined) {
    const x = typeof a === "bigint" ? a : asDouble(a);
    const y = typeof b === "bigint" ? b : asDouble(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : Number.NaN;
  }
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if ((Array.isArray(left) && Array.isArray(right)) || (left instanceof Tuple && right instanceof Tuple)) {
    const x = ordered(left) ?? [];
    const y = ordered(right) ?? [];
    for (let index = 0; index < Math.min(x.length, y.length); index++) {
      if (!same(x[index] as Cell, y[index] as Cell)) return order(x[index] as Cell, y[index] as Cell, operator);
    }
    return x.length - y.length;
  }
  if (left instanceof Undefined) left.fail();
  if (right instanceof Undefined) right.fail();
  const types = `'${typeName(left)}' and '${typeName(right)}'`;
  return fault("TypeError", `'${operator}' not supported between instances of ${types}`);
}

/** By code point, as Python orders text. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  let index = 0;
  while (index < left.length && left[index] === right[index]) index++;
  const a = left.charCodeAt(index);
  const b = right.charCodeAt(index);
  if (Number.isNaN(a)) return -1;
  if (Number.isNaN(b)) return 1;
  const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
  if (isHigh(a) !== isHigh(b)) return isHigh(a) ? 1 : -1;
  return a - b;
}

export function compare(operator: Comparator, left: Cell, right: Cell): boolean {
  switch (operator) {
    case "==":
      return same(left, right);
    case "!=":
      return !same(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    case "<":
      return order(left, right, operator) < 0;
    case "<=":
      return order(left, right, operator) <= 0;
    case ">":
      return order(left, right, operator) > 0;
    case ">=":
      return order(left, right, operator) >= 0;
  }
}

export function contains(container: Cell, item: Cell): boolean {
  if (typeof container === "string") {
    if (typeof item !== "string") {
      fault("TypeError", `'in <string>' requires string as left operand, not ${typeName(item)}`);
    }
    return container.includes(item);
  }
  if (container instanceof Dict) return container.has(item);
  const items = itemsOf(container);
  if (!items) return fault("TypeError", `argument of type '${typeName(container)}' is not iterable`);
  return items.some((member) => same(member, item));
}
