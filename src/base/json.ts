// JSON that keeps what Python's json keeps: ints of any size, the difference between 1 and 1.0, NaN and Infinity, and the
// order of keys that are digits.

import { types } from "node:util";
import { FlowsteadError } from "./error/error.ts";
import { orderedMap } from "./ordered-map.ts";
import { Float, PythonLiteral, type Value, float } from "./value.ts";

// What JSON.parse would change: an integral float, an exponent, 16 digits or more, Python's NaN and Infinity; and the
// place of a key of digits.
const LOSSY = /\d\.0*(?![\d])|\d[eE]|\d{16}|NaN|Infinity|"\d+"\s*:/g;

/** Parses JSON without losing number identity. @throws FlowsteadError `InvalidJson` with line and column. */
export function parseJson(text: string): Value {
  if (!isLossy(text)) {
    try {
      return JSON.parse(text) as Value;
    } catch {
      // The lossless parser below finds the place of the error.
    }
  }
  return new Parser(text).document();
}

/** As `plain(parseJson(text))`, for receivers that have only numbers. @throws FlowsteadError `InvalidJson`. */
export function parsePlainJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return plain(new Parser(text).document());
  }
}

/** The lossless parser takes twenty times as long, so prose such as "in 2020." must not cause it: only numbers may. */
function isLossy(text: string): boolean {
  let at = 0;
  LOSSY.lastIndex = 0;
  for (let hit = LOSSY.exec(text); hit; hit = LOSSY.exec(text)) {
    // The rest of a string that holds one is of no interest.
    while (at <= hit.index) {
      const open = text.indexOf('"', at);
      if (open < 0 || open > hit.index || (open === hit.index && hit[0].endsWith(":"))) return true;
      at = stringEnd(text, open);
    }
    LOSSY.lastIndex = at;
  }
  return false;
}

/** Where the text goes on behind a string; behind all of it when the string has no end. */
function stringEnd(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let before = close;
    while (text.charAt(before - 1) === "\\") before--;
    if ((close - before) % 2 === 0) return close + 1;
  }
  return text.length;
}

/** Serialises a value with floats kept as floats (`1.0`); `indent` as in `JSON.stringify`. */
export function stringifyJson(value: unknown, indent = 0): string {
  if (!needsCare(value)) return JSON.stringify(value, null, indent) ?? "null";
  return write(value, indent > 0 ? " ".repeat(indent) : "", "");
}

/** Plain JavaScript data: floats and big ints become numbers, for wire formats that have only numbers. */
export function plain(value: unknown): unknown {
  if (!needsCare(value)) return value;
  if (value instanceof Float) return value.value;
  if (value instanceof PythonLiteral) return plain(value.toJSON());
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

function needsCare(value: unknown): boolean {
  if (typeof value === "bigint" || value instanceof Float) return true;
  if (typeof value === "number") return !Number.isFinite(value) || Math.abs(value) >= 1e16;
  if (Array.isArray(value)) return value.some(needsCare);
  if (typeof value === "object" && value !== null) {
    // What keeps the order of its keys cannot be handed to a thread.
    if (value instanceof PythonLiteral || types.isProxy(value)) return true;
    for (const key in value) if (needsCare((value as Record<string, unknown>)[key])) return true;
  }
  return false;
}

function write(value: unknown, indent: string, pad: string): string {
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof PythonLiteral) return write(value.toJSON(), indent, pad);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value).toString() : floatText(value);
  if (value === undefined || value === null || typeof value !== "object") return JSON.stringify(value ?? null);
  const isArray = Array.isArray(value);
  const inner = pad + indent;
  const items = isArray
    ? value.map((item) => write(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}:${indent ? " " : ""}${write(item, indent, inner)}`);
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  return indent ? `${open}\n${inner}${items.join(`,\n${inner}`)}\n${pad}${close}` : open + items.join(",") + close;
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (!Number.isInteger(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0"; // A template literal drops the sign.
  return Math.abs(value) < 1e16 ? `${value}.0` : value.toExponential();
}

const MAX_DEPTH = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORDS: [string, Value][] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value(0);
    this.#blank();
    if (this.#at < this.#text.length) this.#fail("something follows the JSON value");
    return value;
  }

  #value(depth: number): Value {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    this.#blank();
    const char = this.#text[this.#at];
    if (char === "{") return this.#object(depth);
    if (char === "[") return this.#array(depth);
    if (char === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #number(): Value {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match)
      return this.#fail(this.#at >= this.#text.length ? "the text ends too early" : "no JSON value starts here");
    this.#at = NUMBER.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return float(Number(match[0]));
    const value = Number(match[0]);
    return Number.isSafeInteger(value) ? value : BigInt(match[0]);
  }

  #string(): string {
    const start = this.#at;
    for (let at = start + 1; at < this.#text.length; at++) {
      const char = this.#text[at];
      if (char === "\\") at++;
      else if (char === '"') {
        this.#at = at + 1;
        try {
          return JSON.parse(this.#text.slice(start, this.#at)) as string;
        } catch {
          this.#at = start;
          return this.#fail("this string has an invalid character or escape");
        }
      }
    }
    return this.#fail("this string is not closed");
  }

  #array(depth: number): Value[] {
    const items: Value[] = [];
    this.#at++;
    this.#blank();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#separator("]")) return items;
    }
  }

  #object(depth: number): Value {
    const entries: [string, Value][] = [];
    this.#at++;
    this.#blank();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return {};
    }
    for (;;) {
      this.#blank();
      if (this.#text[this.#at] !== '"') this.#fail("a key in double quotes is expected");
      const key = this.#string();
      this.#blank();
      if (this.#text[this.#at] !== ":") this.#fail(`":" is expected after the key`);
      this.#at++;
      entries.push([key, this.#value(depth + 1)]);
      if (this.#separator("}")) return orderedMap(entries);
    }
  }

  /** Consumes "," (false) or the closing bracket (true). */
  #separator(close: string): boolean {
    this.#blank();
    const char = this.#text[this.#at];
    if (char !== "," && char !== close) this.#fail(`"," or "${close}" is expected`);
    this.#at++;
    return char === close;
  }

  #blank(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #fail(why: string): never {
    const before = this.#text.slice(0, this.#at).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new FlowsteadError("InvalidJson", `Not valid JSON: ${why} (line ${before.length}, column ${column}).`);
  }
}
