// Values in the types of flow.dag.yaml, converted as the original's Python converts them.

import { parseJson } from "../base/json.ts";
import { Float, PythonLiteral, type Value, float, isFloat, isInt, pyRepr, pyStr, toNumber } from "../base/value.ts";
import { decodeJson } from "./decode-json.ts";

/** A value that does not fit a type; the message is Python's. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** The types that inputs and outputs of a flow and parameters of tools can have. */
export const VALUE_TYPES: ReadonlySet<string> = new Set([
  "int",
  "double",
  "bool",
  "string",
  "secret",
  "prompt_template",
  "list",
  "object",
  "file_path",
  "image",
  "assistant_definition",
]);

const INT = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/;

/**
 * Converts a value to a type; types with no rule of their own leave it as it is.
 * @throws ValueError, or `JsonDecodeError` for text that should be a JSON list.
 */
export function parseTyped(type: string, value: Value): Value {
  switch (type) {
    case "int":
      return toInt(value);
    case "double":
      return toFloat(value);
    case "bool":
      return toBool(value);
    case "string":
      return pyStr(value);
    case "list":
      return toList(value);
    case "object":
      return toObject(value);
    default:
      return value;
  }
}

function toInt(value: Value): Value {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isInt(value)) return value;
  if (isFloat(value)) {
    const whole = Math.trunc(toNumber(value));
    if (!Number.isFinite(whole)) throw new ValueError("cannot convert float infinity or NaN to integer");
    return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole);
  }
  if (typeof value === "string" && INT.test(value.trim())) {
    const big = BigInt(value.trim().replaceAll("_", "").replace(/^\+/, ""));
    return Number.isSafeInteger(Number(big)) ? Number(big) : big;
  }
  throw new ValueError(`invalid literal for int() with base 10: ${pyRepr(value)}`);
}

function toFloat(value: Value): Value {
  if (typeof value === "boolean") return float(value ? 1 : 0);
  if (value instanceof Float) return value;
  if (typeof value === "number" || typeof value === "bigint") return float(Number(value));
  if (typeof value === "string") {
    const text = value.trim().toLowerCase();
    const word = /^([+-]?)(inf|infinity|nan)$/.exec(text);
    if (word) {
      if (word[2] === "nan") return Number.NaN;
      return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (FLOAT.test(text)) return float(Number(text.replaceAll("_", "")));
  }
  throw new ValueError(`could not convert string to float: ${pyRepr(value)}`);
}

function toBool(value: Value): Value {
  if (typeof value === "boolean") return value;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (text === "true" || text === "false") return text === "true";
  throw new ValueError(`Invalid boolean value ${pyRepr(value)}`);
}

function toList(value: Value): Value {
  const list = typeof value === "string" ? decodeJson(value) : value;
  if (list instanceof PythonLiteral && list.facts.type === "list") return list;
  if (!Array.isArray(list)) throw new ValueError(`Invalid list value ${pyRepr(list)}`);
  return list;
}

function toObject(value: Value): Value {
  if (typeof value !== "string") return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}
