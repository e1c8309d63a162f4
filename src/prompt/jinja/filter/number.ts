// Filters that make numbers.

import { float } from "../../../base/value.ts";
import { bind } from "../bind.ts";
import { fault } from "../fault.ts";
import {
  asDouble,
  integer,
  isFloating,
  negate,
  numeric,
  parseFloating,
  parseInteger,
  roundHalfEven,
} from "../number.ts";
import { operate } from "../operate.ts";
import { truth } from "../sequence.ts";
import { repr } from "../text.ts";
import { type Cell, Undefined, typeName } from "../value.ts";
import type { Filter } from "./filter.ts";

export const NUMBER_FILTERS: Record<string, Filter> = {
  abs(value) {
    if (value instanceof Undefined) value.fail();
    const number = numeric(value);
    if (number === undefined) return fault("TypeError", `bad operand type for abs(): '${typeName(value)}'`);
    return asDouble(number) < 0 || Object.is(asDouble(number), -0) ? negate(number) : number;
  },
  int(value, call) {
    const bound = bind("int", call, ["default", "base"]);
    return toInteger(value, bound.integer("base", 10)) ?? given(bound.get("default"), 0);
  },
  float(value, call) {
    const bound = bind("float", call, ["default"]);
    if (value instanceof Undefined) value.fail();
    const number = typeof value === "string" ? parseFloating(value) : numeric(value);
    return number === undefined ? given(bound.get("default"), float(0)) : float(asDouble(number));
  },
  round(value, call, { budget }) {
    const bound = bind("round", call, ["precision", "method"]);
    const method = bound.text("method", "common");
    if (!["common", "ceil", "floor"].includes(method)) {
      fault("FilterArgumentError", "method must be common, ceil or floor");
    }
    if (method !== "common") {
      const digits = bound.integer("precision", 0);
      const scaled = operate("*", value, digits < 0 ? float(10 ** digits) : 10 ** digits, budget);
      const number = numeric(scaled);
      if (number === undefined) return fault("TypeError", `must be real number, not ${typeName(scaled)}`);
      const whole = method === "ceil" ? Math.ceil(asDouble(number)) : Math.floor(asDouble(number));
      return float(whole / 10 ** digits);
    }
    const number = numeric(value);
    if (number === undefined) return fault("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
    const digits = bound.integer("precision", 0);
    if (isFloating(number)) return float(roundHalfEven(asDouble(number), digits));
    return digits >= 0 ? number : roundInteger(BigInt(number as number), -digits);
  },
  filesizeformat(value, call) {
    const binary = truth(bind("filesizeformat", call, ["binary"]).get("binary") ?? false);
    if (value instanceof Undefined) value.fail();
    const number = typeof value === "string" ? parseFloating(value) : numeric(value);
    if (number === undefined && typeof value === "string") {
      return fault("ValueError", `could not convert string to float: ${repr(value)}`);
    }
    if (number === undefined) {
      return fault("TypeError", `float() argument must be a string or a real number, not '${typeName(value)}'`);
    }
    const bytes = asDouble(number);
    const base = binary ? 1024 : 1000;
    if (bytes === 1) return "1 Byte";
    if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
    const units = binary
      ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
      : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    const power = Math.min(units.length, Math.floor(Math.log(bytes) / Math.log(base)));
    return `${(bytes / base ** power).toFixed(1)} ${units[power - 1]}`;
  },
};

/** What was given, None too. */
function given(value: Cell | undefined, fallback: Cell): Cell {
  return value === undefined ? fallback : value;
}

/** Python `round(whole, -zeros)`: halves go to the even neighbour. */
function roundInteger(whole: bigint, zeros: number): number | bigint {
  if (zeros > 4300) return 0;
  const unit = 10n ** BigInt(zeros);
  const magnitude = whole < 0n ? -whole : whole;
  const rest = magnitude % unit;
  let quotient = magnitude / unit;
  if (rest * 2n > unit || (rest * 2n === unit && quotient % 2n === 1n)) quotient += 1n;
  return integer(whole < 0n ? -quotient * unit : quotient * unit);
}

function toInteger(value: Cell, base: number): number | bigint | undefined {
  if (value instanceof Undefined) value.fail();
  if (typeof value === "string") {
    const whole = parseInteger(value, base);
    const double = whole === undefined ? parseFloating(value) : undefined;
    return whole ?? (double !== undefined && Number.isFinite(double) ? integer(BigInt(Math.trunc(double))) : undefined);
  }
  const number = numeric(value);
  if (number === undefined || !isFloating(number)) return number as number | bigint | undefined;
  return Number.isFinite(asDouble(number)) ? integer(BigInt(Math.trunc(asDouble(number)))) : undefined;
}
