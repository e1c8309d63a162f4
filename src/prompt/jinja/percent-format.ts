// Python's `text % values`.

import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { type FormatSpec, formatNumber, pad } from "./format-spec.ts";
import { asDouble, integer, isFloating, numeric, toIndex } from "./number.ts";
import { ascii, characterCount, characters, repr, str } from "./text.ts";
import { type Cell, Dict, Tuple, Undefined, typeName } from "./value.ts";

const DIRECTIVE = /%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([^])?/gu;

export function percentFormat(template: string, values: Cell, budget: Budget): string {
  const list = values instanceof Tuple ? [...values.items] : [values];
  let used = 0;
  const next = (): Cell => {
    const value = list[used++];
    return value === undefined ? fault("TypeError", "not enough arguments for format string") : value;
  };
  const text = template.replace(
    DIRECTIVE,
    (
      all,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string | undefined,
      offset: number,
    ) => {
      if (type === "%") return "%";
      if (type === undefined) return fault("ValueError", "incomplete format");
      const size = width === "*" ? star(next()) : Number(width ?? 0);
      const digits = precision === "*" ? star(next()) : precision === undefined ? undefined : Number(precision);
      budget.room(Math.abs(size) + (digits ?? 0));
      const isLeft = flags.includes("-") || size < 0;
      const isZero = flags.includes("0") && !isLeft;
      const spec: FormatSpec = {
        fill: isZero ? "0" : " ",
        align: isLeft ? "<" : isZero ? "=" : ">",
        sign: flags.includes("+") ? "+" : flags.includes(" ") ? " " : "",
        alternate: flags.includes("#"),
        width: Math.abs(size),
        grouping: "",
        precision: digits,
        type,
      };
      if (!KNOWN.includes(type)) {
        const at = characterCount(template.slice(0, offset + all.length)) - 1;
        return fault("ValueError", `unsupported format character '${type}' (0x${hex(type)}) at index ${at}`);
      }
      return directive(key === undefined ? next() : keyed(values, key), spec);
    },
  );
  if (values instanceof Tuple && used < list.length) {
    fault("TypeError", "not all arguments converted during string formatting");
  }
  const isPlain = !(values instanceof Tuple || values instanceof Dict || values instanceof Undefined);
  if (isPlain && used === 0 && !Array.isArray(values))
    fault("TypeError", "not all arguments converted during string formatting");
  return text;
}

const KNOWN = "csradiouxXeEfFgG";

/** A width or precision that stands among the values. */
function star(value: Cell): number {
  return toIndex(value) ?? fault("TypeError", "* wants int");
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

function character(value: Cell): string {
  if (typeof value === "string" && characterCount(value) === 1) return value;
  const point = toIndex(value);
  if (point === undefined) return fault("TypeError", "%c requires int or char");
  if (point < 0 || point > 0x10ffff) return fault("OverflowError", "%c arg not in range(0x110000)");
  return String.fromCodePoint(point);
}

function keyed(values: Cell, key: string): Cell {
  if (values instanceof Undefined) return values.fail();
  if (Array.isArray(values)) return fault("TypeError", "list indices must be integers or slices, not str");
  if (!(values instanceof Dict)) return fault("TypeError", "format requires a mapping");
  const value = values.get(key);
  return value === undefined ? fault("KeyError", `'${key}'`) : value;
}

function directive(value: Cell, spec: FormatSpec): string {
  const { type } = spec;
  if (type === "s" || type === "r" || type === "a") {
    const text = type === "s" ? str(value) : type === "r" ? repr(value) : ascii(value);
    const cut = spec.precision === undefined ? text : characters(text).slice(0, spec.precision).join("");
    return pad(cut, "", { ...spec, fill: " ", align: spec.align === "=" ? ">" : spec.align });
  }
  if (type === "c") return pad(character(value), "", spec);
  const number = numeric(value);
  if ("oxX".includes(type) && (number === undefined || isFloating(number))) {
    return fault("TypeError", `%${type} format: an integer is required, not ${typeName(value)}`);
  }
  if (number === undefined) {
    if (value instanceof Undefined) value.fail();
    const wanted = "diu".includes(type) ? `%${type} format: a real number is required` : "must be real number";
    return fault("TypeError", `${wanted}, not ${typeName(value)}`);
  }
  if ("diu".includes(type)) {
    const whole = isFloating(number) ? integer(BigInt(Math.trunc(asDouble(number)))) : number;
    return formatNumber(whole, { ...spec, type: "d" });
  }
  return formatNumber(number, spec);
}
