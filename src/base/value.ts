// Values that travel between nodes, templates, Python and JSON.
//
// The original engine is Python, where `1` and `1.0` are different values: they print differently in a
// template and have different types in a node. A JavaScript number cannot tell them apart, so a float that
// happens to be integral is carried as a `Float`; every other number is what it looks like.

/** A Python float with an integral value, such as `1.0` or `1e16`; other floats are plain numbers. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  /** Plain `JSON.stringify` keeps the number and loses the point; `base/json.ts` keeps both. */
  toJSON(): number {
    return this.value;
  }
}

/** What Python and templates see of a literal, and what stands for it elsewhere; made by `base/python-literal.ts`. */
export interface LiteralFacts {
  /** How a Python process makes it again. */
  wire: Value;
  /** Python's `str` and `repr`. */
  text: string;
  repr: string;
  /** What it holds, if it holds something. */
  items?: readonly Value[];
  entries?: readonly (readonly [Value, Value])[];
  type: string;
  /** Equal for what Python calls equal. */
  key: string;
  /** Its JSON form: of dates in ISO's notation. */
  plain: Value;
  /** Why `json.dumps` refuses it, in Python's words. */
  refusal?: string | undefined;
}

/** A value of a flow's file that JSON has no word for: a date, bytes, a dict with keys that are no texts, or what holds one. */
export class PythonLiteral {
  readonly facts: LiteralFacts;
  constructor(facts: LiteralFacts) {
    this.facts = facts;
  }
  /** As the original's records show it: what JSON cannot say is told as Python's `repr`. */
  toJSON(): Value {
    return this.facts.refusal === undefined ? this.facts.plain : this.facts.repr;
  }
}

export type Value =
  | null
  | boolean
  | number
  | bigint
  | Float
  | PythonLiteral
  | string
  | Value[]
  | { [key: string]: Value };
export type ValueMap = { [key: string]: Value };

/** Wraps an integral number so that it stays a float; `NaN` and infinities are floats as they are. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

export function isInt(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

export function isFloat(value: unknown): value is number | Float {
  return value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
}

export function isMap(value: unknown): value is ValueMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Float) && !(value instanceof PythonLiteral);
}

/** The plain JavaScript number of an int or float. */
export function toNumber(value: number | bigint | Float): number {
  return value instanceof Float ? value.value : Number(value);
}

/** Python truthiness. */
export function truthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false;
  if (value instanceof Float) return value.value !== 0;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value === "string" || Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return true;
}

/** Python `==`: numbers by value (`1 == 1.0 == True`), lists and dicts deeply. */
export function pyEquals(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left instanceof PythonLiteral && right instanceof PythonLiteral) return left.facts.key === right.facts.key;
  const a = asNumeric(left);
  const b = asNumeric(right);
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && a == b;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => pyEquals(item, right[index]));
  }
  if (isMap(left) && isMap(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && pyEquals(left[key], right[key]))
    );
  }
  return false;
}

function asNumeric(value: unknown): number | bigint | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" || typeof value === "bigint") return value;
  return value instanceof Float ? value.value : undefined;
}

/** Python `str(value)`. */
export function pyStr(value: unknown): string {
  if (value instanceof PythonLiteral) return value.facts.text;
  return typeof value === "string" ? value : pyRepr(value);
}

/** Python `repr(value)`. */
export function pyRepr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return pyQuote(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Float) return pyFloat(value.value);
  if (value instanceof PythonLiteral) return value.facts.repr;
  if (typeof value === "number") return Number.isInteger(value) ? pyInt(value) : pyFloat(value);
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(", ")}]`;
  if (isMap(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${pyQuote(key)}: ${pyRepr(item)}`)
      .join(", ")}}`;
  }
  return `<${typeof value}>`;
}

function pyInt(value: number): string {
  return Object.is(value, -0) ? "0" : BigInt(value).toString();
}

/** Python's shortest float notation: `1.0`, `1e+16`, `1e-05`, `inf`, `nan`. */
export function pyFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e16 || magnitude < 1e-4) {
    const [mantissa = "", exponent = ""] = value.toExponential().split("e");
    const digits = exponent.replace(/[+-]/, "").padStart(2, "0");
    return `${mantissa}e${exponent.startsWith("-") ? "-" : "+"}${digits}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function pyQuote(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const char of text) {
    if (char === quote) out += `\\${char}`;
    else if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else out += isPrintable(char) ? char : pyEscape(char);
  }
  return out + quote;
}

/** What Python calls printable: not a control, format, surrogate, private, unassigned or separator other than the blank. */
function isPrintable(char: string): boolean {
  return char === " " || !/[\p{C}\p{Z}]/u.test(char);
}

function pyEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
