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
import { truth } from "../sequence.ts";
import { str } from "../text.ts";
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
    return toInteger(value, bound.integer("base", 10)) ?? bound.get("default") ?? 0;
  },
  float(value, call) {
    const bound = bind("float", call, ["default"]);
    if (value instanceof Undefined) value.fail();
    const number = typeof value === "string" ? parseFloating(value) : numeric(value);
    return number === undefined ? (bound.get("default") ?? float(0)) : float(asDouble(number));
  },
  round(value, call) {
    const bound = bind("round", call, ["precision", "method"]);
    const method = bound.text("method", "common");
    const digits = bound.integer("precision", 0);
    if (!["common", "ceil", "floor"].includes(method)) {
      fault("FilterArgumentError", "method must be common, ceil or floor");
    }
    if (value instanceof Undefined) value.fail();
    const number = numeric(value);
    if (number === undefined) return fault("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
    const scale = 10 ** digits;
    if (method === "ceil") return float(Math.ceil(asDouble(number) * scale) / scale);
    if (method === "floor") return float(Math.floor(asDouble(number) * scale) / scale);
    if (!isFloating(number) && digits >= 0) return number;
    const rounded = roundHalfEven(asDouble(number), digits);
    return isFloating(number) ? float(rounded) : integer(BigInt(rounded));
  },
  filesizeformat(value, call) {
    const binary = truth(bind("filesizeformat", call, ["binary"]).get("binary") ?? false);
    const bytes = typeof value === "string" ? parseFloating(value) : asDouble(numeric(value) ?? Number.NaN);
    if (bytes === undefined || Number.isNaN(bytes))
      return fault("ValueError", `could not convert to float: '${str(value)}'`);
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
