// Python's numbers: ints of any size, floats that stay floats, and the operators on them.

import { Float, float } from "../../base/value.ts";
import { fault } from "./fault.ts";
import { type Cell, typeName } from "./value.ts";

export type Numeric = number | bigint | Float;

const MAX_BITS = 100_000;
const MAX_INTEGER = 1n << BigInt(MAX_BITS);

/** The number in a cell, with True as 1; undefined for what is no number. */
export function numeric(value: Cell): Numeric | undefined {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Float) return value;
  return typeof value === "boolean" ? (value ? 1 : 0) : undefined;
}

export function isFloating(value: Numeric): boolean {
  return value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
}

export function asDouble(value: Numeric): number {
  return Number(value);
}

/** The smallest of our forms of an int. */
export function integer(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** An int argument such as an index, as a JavaScript number. */
export function toIndex(value: Cell): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

export function arithmetic(operator: string, a: Numeric, b: Numeric): Numeric {
  if (operator === "/") return divide(a, b);
  if (operator === "**") return power(a, b);
  if (isFloating(a) || isFloating(b)) return onFloats(operator, asDouble(a), asDouble(b));
  if (typeof a === "number" && typeof b === "number") {
    const quick = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : Number.NaN;
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  return integer(onInts(operator, BigInt(a as number), BigInt(b as number)));
}

function onInts(operator: string, a: bigint, b: bigint): bigint {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return bounded(a * b);
  if (b === 0n) {
    fault("ZeroDivisionError", operator === "%" ? "integer modulo by zero" : "integer division or modulo by zero");
  }
  const rest = a % b;
  const isOff = rest !== 0n && rest < 0n !== b < 0n;
  if (operator === "%") return isOff ? rest + b : rest;
  return isOff ? a / b - 1n : a / b;
}

/** A product that is multiplied with itself again and again takes all the time there is. */
function bounded(product: bigint): bigint {
  if (product > MAX_INTEGER || product < -MAX_INTEGER) fault("OverflowError", "the result of * is too large");
  return product;
}

function onFloats(operator: string, a: number, b: number): Numeric {
  if (operator === "+") return float(a + b);
  if (operator === "-") return float(a - b);
  if (operator === "*") return float(a * b);
  if (b === 0) fault("ZeroDivisionError", operator === "%" ? "float modulo" : "float floor division by zero");
  const rest = a % b;
  if (operator === "//") return float(Math.floor(a / b));
  return float(rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest);
}

function divide(a: Numeric, b: Numeric): Numeric {
  const divisor = asDouble(b);
  if (divisor === 0)
    fault("ZeroDivisionError", isFloating(a) || isFloating(b) ? "float division by zero" : "division by zero");
  return float(asDouble(a) / divisor);
}

function power(a: Numeric, b: Numeric): Numeric {
  if (isFloating(a) || isFloating(b) || asDouble(b) < 0) {
    if (asDouble(a) === 0 && asDouble(b) < 0) {
      fault("ZeroDivisionError", "0.0 cannot be raised to a negative power");
    }
    const result = asDouble(a) ** asDouble(b);
    if (Number.isNaN(result) && asDouble(a) < 0)
      fault("ValueError", "negative number cannot be raised to a fractional power");
    if (!Number.isFinite(result) && Number.isFinite(asDouble(a)) && Number.isFinite(asDouble(b))) {
      fault("OverflowError", "(34, 'Numerical result out of range')");
    }
    return float(result);
  }
  const base = BigInt(a as number);
  const exponent = BigInt(b as number);
  if (base >= -1n && base <= 1n) return unitPower(base, exponent);
  if (base.toString(2).length * asDouble(b) > MAX_BITS) fault("OverflowError", "the result of ** is too large");
  return integer(base ** exponent);
}

function unitPower(base: bigint, exponent: bigint): number {
  if (exponent === 0n || base === 1n) return 1;
  return base === 0n ? 0 : exponent % 2n === 0n ? 1 : -1;
}

export function negate(value: Numeric): Numeric {
  if (value instanceof Float) return new Float(-value.value);
  if (typeof value === "bigint") return integer(-value);
  return value === 0 ? 0 : -value;
}

/** Python `round()`: halves go to the even neighbour. */
export function roundHalfEven(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  if (digits < 0) {
    const unit = 10 ** -digits;
    return roundHalfEven(value / unit, 0) * unit;
  }
  if (digits > 22) return value;
  const text = Math.abs(value).toFixed(Math.min(100, digits + 30));
  const cut = text.length - (text.length - text.indexOf(".") - 1 - digits);
  const isTie = /^50*$/.test(text.slice(cut));
  const rounded = Number(value.toFixed(digits));
  if (!isTie) return rounded;
  const kept = text.slice(0, cut).replace(".", "");
  if (Number(kept.at(-1)) % 2 === 1) return rounded;
  const down = Number(text.slice(0, cut));
  return value < 0 ? -down : down;
}

/** Python reads no longer ints from text. */
const MAX_DIGITS = 4300;

/** Python `int(text, base)`, or undefined. */
export function parseInteger(text: string, base = 10): number | bigint | undefined {
  let body = text.trim().toLowerCase();
  if (body.length > MAX_DIGITS) return undefined;
  if (!/^[+-]?[\da-z]+(?:_[\da-z]+)*$/.test(body)) return undefined;
  const isNegative = body.startsWith("-");
  body = body.replace(/^[+-]/, "").replaceAll("_", "");
  const prefix = ({ "0x": 16, "0o": 8, "0b": 2 } as Record<string, number>)[body.slice(0, 2)];
  let radix = base;
  if (prefix !== undefined && (base === 0 || base === prefix) && body.length > 2) {
    radix = prefix;
    body = body.slice(2);
  }
  if (radix === 0) radix = 10;
  let value = 0n;
  for (const char of body) {
    const digit = parseInt(char, 36);
    if (Number.isNaN(digit) || digit >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(digit);
  }
  return integer(isNegative ? -value : value);
}

const FLOATING = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/;

/** Python `float(text)`, or undefined. */
export function parseFloating(text: string): number | undefined {
  const body = text.trim().toLowerCase();
  const special = /^([+-]?)(inf(?:inity)?|nan)$/.exec(body);
  if (special) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  if (!FLOATING.test(body)) return undefined;
  return Number(body.replaceAll("_", ""));
}

/** An int argument that must be one. */
export function needInteger(value: Cell): number {
  return toIndex(value) ?? fault("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
}
