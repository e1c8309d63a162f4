// Python's format specification, `[[fill]align][sign][#][0][width][,][.precision][type]`, for `str.format` and `%`.

import { float, pyFloat } from "../../base/value.ts";
import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { type Numeric, asDouble, isFloating, numeric } from "./number.ts";
import { characterCount, characters, str } from "./text.ts";
import { type Cell, Thing, typeName } from "./value.ts";

export interface FormatSpec {
  fill: string;
  align: string;
  sign: string;
  alternate: boolean;
  width: number;
  grouping: string;
  precision: number | undefined;
  type: string;
}

const SPEC = /^(?:([^])?([<>=^]))?([-+ ]?)(z?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([^\d.,_]?)$/u;

export function formatValue(value: Cell, specification: string, budget: Budget): string {
  if (specification === "") return str(value);
  const name = typeName(value);
  const number = numeric(value);
  if (number === undefined && typeof value !== "string" && !(value instanceof Thing)) {
    return fault("TypeError", `unsupported format string passed to ${name}.__format__`);
  }
  const match = SPEC.exec(specification);
  if (!match) return fault("ValueError", `Invalid format specifier '${specification}' for object of type '${name}'`);
  const [, fill, align, sign = "", noMinus, alternate, zero, width, grouping = "", precision, type = ""] = match;
  if (type !== "" && !typesOf(number).includes(type)) {
    fault("ValueError", `Unknown format code '${type}' for object of type '${name}'`);
  }
  if (
    precision !== undefined &&
    number !== undefined &&
    !isFloating(number) &&
    (type === "" || "bcdnoxX".includes(type))
  ) {
    fault("ValueError", "Precision not allowed in integer format specifier");
  }
  const spec: FormatSpec = {
    fill: fill ?? (zero ? "0" : " "),
    align: align ?? (zero && number !== undefined ? "=" : number === undefined ? "<" : ">"),
    sign,
    alternate: alternate === "#",
    width: Number(width || 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
  budget.room(spec.width + (spec.precision ?? 0));
  if (number !== undefined) {
    const shown = formatNumber(number, spec);
    return noMinus && /^-[0.,_%]*$/.test(shown.trim()) ? formatNumber(float(0), spec) : shown;
  }
  if (sign !== "") fault("ValueError", `${sign === " " ? "Space" : "Sign"} not allowed in string format specifier`);
  if (align === "=") fault("ValueError", "'=' alignment not allowed in string format specifier");
  const text = str(value);
  return pad(spec.precision === undefined ? text : characters(text).slice(0, spec.precision).join(""), "", spec);
}

/** The letters that end the specification of a text, an int or a float. */
function typesOf(number: Numeric | undefined): string {
  if (number === undefined) return "s";
  return isFloating(number) ? "eEfFgGn%" : "bcdeEfFgGnoxX%";
}

export function formatNumber(value: Numeric, spec: FormatSpec): string {
  const isNegative = asDouble(value) < 0 || Object.is(asDouble(value), -0);
  const sign = isNegative ? "-" : spec.sign === "-" ? "" : spec.sign;
  return pad(group(digits(value, spec), spec), sign, spec);
}

function digits(value: Numeric, spec: FormatSpec): string {
  const { type } = spec;
  if (type === "c") {
    const point = asDouble(value);
    return point >= 0 && point <= 0x10ffff
      ? String.fromCodePoint(point)
      : fault("OverflowError", "%c arg not in range(0x110000)");
  }
  if (!isFloating(value) && (type === "" || "bdnoxX".includes(type)))
    return integerDigits(BigInt(value as number), spec);
  return floatDigits(Math.abs(asDouble(value)), spec);
}

function integerDigits(value: bigint, { type, alternate }: FormatSpec): string {
  const magnitude = value < 0n ? -value : value;
  const radix = ({ b: 2, o: 8, x: 16, X: 16 } as Record<string, number>)[type] ?? 10;
  const text = magnitude.toString(radix);
  const prefix = alternate && radix !== 10 ? `0${type}` : "";
  return prefix + (type === "X" ? text.toUpperCase() : text);
}

function floatDigits(value: number, spec: FormatSpec): string {
  const { type } = spec;
  const upper = type === "E" || type === "F" || type === "G";
  if (!Number.isFinite(value)) {
    const word = `${Number.isNaN(value) ? "nan" : "inf"}${type === "%" ? "%" : ""}`;
    return upper ? word.toUpperCase() : word;
  }
  const precision = spec.precision ?? 6;
  if (precision > 100) fault("ValueError", "precision too big");
  let text: string;
  if (type === "f" || type === "F") text = fixed(value, precision);
  else if (type === "%") text = `${fixed(value * 100, precision)}%`;
  else if (type === "e" || type === "E") text = exponent(value.toExponential(precision));
  else if (type === "" && spec.precision === undefined) text = pyFloat(value);
  else text = general(value, precision, spec.alternate, type === "");
  return upper ? text.toUpperCase() : text;
}

function fixed(value: number, precision: number): string {
  const text = value.toFixed(precision);
  return text.includes("e")
    ? BigInt(value).toString() + (precision > 0 ? `.${"0".repeat(precision)}` : "")
    : evened(value, precision, text);
}

/** `toFixed` rounds halves up, Python to even. */
function evened(value: number, precision: number, rounded: string): string {
  const exact = value.toFixed(Math.min(100, precision + 30));
  const cut = exact.indexOf(".") + 1 + precision;
  if (!/^50*$/.test(exact.slice(cut))) return rounded;
  const kept = exact.slice(0, cut).replace(/\.$/, "");
  return Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}

function general(value: number, precision: number, alternate: boolean, keepsPoint: boolean): string {
  const significant = Math.max(1, precision);
  const scientific = value.toExponential(significant - 1);
  const power = Number(scientific.slice(scientific.indexOf("e") + 1));
  const limit = keepsPoint ? significant - 1 : significant;
  if (power < -4 || power >= limit) {
    const [mantissa = "", tail = ""] = scientific.split("e");
    return exponent(`${alternate ? mantissa : withoutZeros(mantissa)}e${tail}`);
  }
  const text = value.toFixed(Math.max(0, significant - 1 - power));
  const short = alternate ? text : withoutZeros(text);
  return keepsPoint && !short.includes(".") ? `${short}.0` : short;
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** Puts the separator between the digits, of which a zero-padded number may need more. */
function group(text: string, { grouping, type, fill, align, width }: FormatSpec): string {
  if (grouping === "") return text;
  const size = type !== "" && "boxX".includes(type) ? 4 : 3;
  const [, whole = "", rest = ""] = /^([\da-fA-F]*)([^]*)$/.exec(text) ?? [];
  const room = fill === "0" && align === "=" ? width - rest.length : 0;
  const zeros = Math.max(0, Math.ceil((room * size) / (size + 1)) - whole.length);
  const digits = "0".repeat(zeros) + whole;
  return digits.replace(new RegExp(`(?<=.)(?=(?:.{${size}})+$)`, "g"), grouping) + rest;
}

export function pad(text: string, sign: string, { fill, align, width }: FormatSpec): string {
  const missing = width - characterCount(text) - sign.length;
  if (missing <= 0) return sign + text;
  if (align === "=") return sign + fill.repeat(missing) + text;
  if (align === "<") return sign + text + fill.repeat(missing);
  if (align === ">") return fill.repeat(missing) + sign + text;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + sign + text + fill.repeat(missing - left);
}
