// Python's `text % values`.

import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { type FormatSpec, formatNumber, pad } from "./format-spec.ts";
import { asDouble, integer, isFloating, numeric } from "./number.ts";
import { characters, repr, str } from "./text.ts";
import { type Cell, Dict, Tuple, Undefined, typeName } from "./value.ts";

const DIRECTIVE = /%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([^])?/g;

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
      _all,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string | undefined,
    ) => {
      if (type === "%") return "%";
      if (type === undefined) return fault("ValueError", "incomplete format");
      const size = width === "*" ? asDouble(numeric(next()) ?? 0) : Number(width ?? 0);
      const digits =
        precision === "*" ? asDouble(numeric(next()) ?? 0) : precision === undefined ? undefined : Number(precision);
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

function keyed(values: Cell, key: string): Cell {
  if (!(values instanceof Dict)) return fault("TypeError", "format requires a mapping");
  return values.get(key) ?? fault("KeyError", `'${key}'`);
}

function directive(value: Cell, spec: FormatSpec): string {
  const { type } = spec;
  if (type === "s" || type === "r" || type === "a") {
    const text = type === "s" ? str(value) : repr(value);
    const cut = spec.precision === undefined ? text : characters(text).slice(0, spec.precision).join("");
    return pad(cut, "", { ...spec, fill: " ", align: spec.align === "=" ? ">" : spec.align });
  }
  if (type === "c")
    return pad(typeof value === "string" ? value : String.fromCodePoint(asDouble(numeric(value) ?? 0)), "", spec);
  if (!"diouxXeEfFgG".includes(type)) {
    fault("ValueError", `unsupported format character '${type}' (0x${type.charCodeAt(0).toString(16)})`);
  }
  const number = numeric(value);
  if (number === undefined) {
    const wanted = "diu".includes(type) ? "a real number is required" : "must be real number";
    return fault(
      "TypeError",
      "diu".includes(type) ? `%${type} format: ${wanted}, not ${typeName(value)}` : `${wanted}, not ${typeName(value)}`,
    );
  }
  if ("diu".includes(type)) {
    const whole = isFloating(number) ? integer(BigInt(Math.trunc(asDouble(number)))) : number;
    return formatNumber(whole, { ...spec, type: "d" });
  }
  return formatNumber(number, spec);
}
