// `str()` and `repr()` of template values.

import { Float, pyFloat, pyRepr } from "../../base/value.ts";
import { Image } from "../image.ts";
import { RenderedText } from "../rendered-text.ts";
import { roomFor, visit } from "./budget.ts";
import { fault } from "./fault.ts";
import {
  Callable,
  type Cell,
  ChatList,
  Dict,
  DictView,
  Lazy,
  LoopState,
  Namespace,
  Range,
  Thing,
  Tuple,
  Undefined,
} from "./value.ts";

const MAX_DEPTH = 200;

export function str(value: Cell): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  if (value instanceof RenderedText) return value.text;
  if (value instanceof Thing) return value.text;
  if (value instanceof ChatList) return value.map(str).join("\n");
  return repr(value);
}

export function repr(value: Cell): string {
  return show(value, []);
}

/** Python `ascii()`: as `repr`, with every other character escaped. */
export function ascii(value: Cell): string {
  return repr(value).replace(/[^\p{ASCII}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
}

function show(value: Cell, outer: Cell[]): string {
  if (typeof value !== "object" || value === null || value instanceof Float) return scalar(value);
  if (value instanceof RenderedText) return pyRepr(value.text);
  if (value instanceof Image) return value.toString();
  if (value instanceof Thing) return value.repr;
  if (outer.includes(value)) return Array.isArray(value) ? "[...]" : "{...}";
  if (outer.length > MAX_DEPTH)
    fault("RecursionError", "maximum recursion depth exceeded while getting the repr of an object");
  const inner = [...outer, value];
  const part = (item: Cell): string => {
    visit();
    return roomFor(show(item, inner));
  };
  const all = (items: readonly Cell[]): string => items.map(part).join(", ");
  if (Array.isArray(value)) return `[${all(value)}]`;
  if (value instanceof Tuple) return value.items.length === 1 ? `(${all(value.items)},)` : `(${all(value.items)})`;
  if (value instanceof Dict) {
    return `{${value
      .entries()
      .map(([key, item]) => `${part(key)}: ${part(item)}`)
      .join(", ")}}`;
  }
  if (value instanceof DictView) return `dict_${value.kind}([${all(value.items())}])`;
  if (value instanceof Range) {
    return value.step === 1
      ? `range(${value.start}, ${value.stop})`
      : `range(${value.start}, ${value.stop}, ${value.step})`;
  }
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Lazy)
    return value.type === "generator" ? `<generator object ${value.name}>` : `<${value.name} object>`;
  if (value instanceof Callable) return value.shown;
  if (value instanceof Namespace) {
    const entries: [Cell, Cell][] = [...value.attributes];
    return `<Namespace ${show(Dict.of(entries), inner)}>`;
  }
  if (value instanceof LoopState) return `<LoopContext ${value.index0 + 1}/${value.items.length}>`;
  return fault("TypeError", "a value without a text");
}

function scalar(value: Cell): string {
  if (typeof value === "number" && !Number.isInteger(value)) return pyFloat(value);
  return pyRepr(value);
}

const SURROGATE = /[\uD800-\uDFFF]/;

/** Python counts characters, JavaScript counts UTF-16 units. */
export function characters(text: string): string[] {
  return SURROGATE.test(text) ? Array.from(text) : text.split("");
}

export function characterCount(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}
