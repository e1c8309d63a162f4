// The attributes and methods of numbers.

import { float } from "../../base/value.ts";
import { bindNative } from "./bind.ts";
import { fault } from "./fault.ts";
import { type Method, methods } from "./method.ts";
import { type Numeric, asDouble, integer, isFloating, numeric } from "./number.ts";
import { type Call, type Cell, Tuple } from "./value.ts";

type NumberMethod = (self: Numeric) => Cell;

const BOTH: Record<string, NumberMethod> = { conjugate: (self) => self, as_integer_ratio: (self) => ratio(self) };
const INT_METHODS = table("int", {
  ...BOTH,
  bit_length: (self) => magnitude(self).toString(2).replace(/^0$/, "").length,
  bit_count: (self) => magnitude(self).toString(2).replaceAll("0", "").length,
});
const FLOAT_METHODS = table("float", {
  ...BOTH,
  is_integer: (self) => Number.isInteger(asDouble(self)),
  hex: (self) => hexadecimal(asDouble(self)),
});

/** What an int has and a float has not, as in Python 3.11, and the other way round. */
export function numberMethods(value: Numeric): ReadonlyMap<string, Method<boolean | Numeric>> {
  return isFloating(value) ? FLOAT_METHODS : INT_METHODS;
}

export function numberAttribute(target: Cell, name: string): Cell | undefined {
  const value = numeric(target);
  if (value === undefined) return undefined;
  const isFloat = isFloating(value);
  if (name === "real") return value;
  if (name === "imag") return isFloat ? float(0) : 0;
  if (isFloat) return undefined;
  return name === "numerator" ? value : name === "denominator" ? 1 : undefined;
}

function table(type: string, entries: Record<string, NumberMethod>): ReadonlyMap<string, Method<boolean | Numeric>> {
  return methods(
    Object.fromEntries(
      Object.entries(entries).map(([name, run]) => [
        name,
        (self: boolean | Numeric, call: Call): Cell => {
          bindNative([type, name], call, []);
          return run(numeric(self) ?? 0);
        },
      ]),
    ),
  );
}

function magnitude(value: Numeric): bigint {
  const whole = BigInt(value as number);
  return whole < 0n ? -whole : whole;
}

function ratio(value: Numeric): Cell {
  if (!isFloating(value)) return new Tuple([value, 1]);
  let numerator = asDouble(value);
  if (Number.isNaN(numerator)) return fault("ValueError", "cannot convert NaN to integer ratio");
  if (!Number.isFinite(numerator)) return fault("OverflowError", "cannot convert Infinity to integer ratio");
  let denominator = 1n;
  for (; !Number.isInteger(numerator); denominator *= 2n) numerator *= 2;
  return new Tuple([integer(BigInt(numerator)), integer(denominator)]);
}

/** `float.hex()`: the sign, the binary digits in base 16 and the power of two. */
function hexadecimal(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return `${sign}inf`;
  if (value === 0) return `${sign}0x0.0p+0`;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const power = Number(bits >> 52n);
  const digits = (bits & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  const exponent = power === 0 ? -1022 : power - 1023;
  return `${sign}0x${power === 0 ? 0 : 1}.${digits}p${exponent < 0 ? "" : "+"}${exponent}`;
}
