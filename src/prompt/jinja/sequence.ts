// Truth, length and iteration of template values.

import { Float } from "../../base/value.ts";
import { Image } from "../image.ts";
import { RenderedText } from "../rendered-text.ts";
import { fault } from "./fault.ts";
import { characterCount, characters } from "./text.ts";
import { type Cell, Dict, DictView, Lazy, LoopState, Range, Thing, Tuple, Undefined, typeName } from "./value.ts";

export function truth(value: Cell): boolean {
  if (value === null || value === false || value instanceof Undefined) return false;
  if (typeof value === "string") return value !== "";
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof RenderedText) return value.text !== "";
  if (value instanceof Thing && value.base !== undefined) return truth(value.base);
  return lengthOf(value) !== 0;
}

/** Python `len()`, or undefined where there is none. */
export function lengthOf(value: Cell): number | undefined {
  if (typeof value === "string") return characterCount(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Tuple || value instanceof LoopState) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Range || value instanceof Thing) return value.length;
  if (value instanceof Image) return value.bytes.length;
  return value instanceof Undefined ? 0 : undefined;
}

/** The items of anything that can be iterated, or undefined. A generator is used up by this. */
export function itemsOf(value: Cell): readonly Cell[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return characters(value);
  if (value instanceof Tuple) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof DictView || value instanceof Range) return value.items();
  if (value instanceof Undefined) return [];
  if (value instanceof Image) return [...value.bytes];
  if (value instanceof Thing) return value.entries?.keys() ?? value.items;
  if (value instanceof Lazy) {
    const items: Cell[] = [];
    for (let next = value.iterator.next(); !next.done; next = value.iterator.next()) items.push(next.value);
    return items;
  }
  return undefined;
}

/** @throws Fault TypeError when the value can not be iterated. */
export function iterate(value: Cell): readonly Cell[] {
  return itemsOf(value) ?? fault("TypeError", `'${typeName(value)}' object is not iterable`);
}

/** A position from the end when negative, or undefined when there is no such item. */
export function at<T>(items: readonly T[], index: number): T | undefined {
  return items[index < 0 ? items.length + index : index];
}

type Bounds = readonly (number | undefined)[];

/** Python's `slice(...).indices(length)`: any of the three may be missing, the step may be negative. */
function indices(length: number, [start, stop, step = 1]: Bounds): [start: number, stop: number, step: number] {
  if (step === 0) fault("ValueError", "slice step cannot be zero");
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (value: number): number => Math.min(Math.max(value < 0 ? value + length : value, low), high);
  const [first, last] = step > 0 ? [low, high] : [high, low];
  return [start === undefined ? first : clamp(start), stop === undefined ? last : clamp(stop), step];
}

/** Python's slice of a list. */
export function slice<T>(items: readonly T[], bounds: Bounds): T[] {
  const [start, stop, step] = indices(items.length, bounds);
  const taken: T[] = [];
  for (let index = start; step > 0 ? index < stop : index > stop; index += step) taken.push(items[index] as T);
  return taken;
}

export function sliceRange({ start, step, length }: Range, bounds: Bounds): Range {
  const [from, to, stride] = indices(length, bounds);
  return new Range(start + from * step, start + to * step, step * stride);
}
