// The shape of a filter, and what filters share.

import { bind } from "../bind.ts";
import { fault } from "../fault.ts";
import type { Tools } from "../method.ts";
import { str } from "../text.ts";
import { type Call, type Cell, Lazy, Undefined, typeName } from "../value.ts";

export interface FilterTools extends Tools {
  /** Applies another filter by name, for `map`. */
  filter(name: string, value: Cell, call: Call): Cell;
  /** Asks a test by name, for `select`. */
  test(name: string, value: Cell, args: readonly Cell[]): boolean;
}

export type Filter = (value: Cell, call: Call, tools: FilterTools) => Cell;

export function lazy(name: string, items: () => Iterator<Cell>): Lazy {
  return new Lazy(name, items());
}

/** Python's complaint about a value of which an attribute was asked in vain. */
export function noAttribute(value: Cell, name: string): never {
  if (value instanceof Undefined) value.fail();
  return fault("AttributeError", `'${typeName(value)}' object has no attribute '${name}'`);
}

/** Reads `attribute`, which may be dotted and may have numbers (`a.0.b`), from an item. */
export function attributeGetter(attribute: Cell, tools: FilterTools, fallback?: Cell): (item: Cell) => Cell {
  const path =
    typeof attribute === "string"
      ? attribute.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [attribute];
  return (item) => {
    let value = item;
    for (const part of path) {
      value = tools.access.item(value, part);
      if (value instanceof Undefined && fallback !== undefined && fallback !== null) return fallback;
    }
    return value;
  };
}

/** The key to sort or compare by: an optional attribute, with text folded to lower case unless told otherwise. */
export function sortKey(
  call: { attribute: Cell | undefined; caseSensitive: boolean; fallback?: Cell },
  tools: FilterTools,
): (item: Cell) => Cell {
  const read =
    call.attribute === undefined || call.attribute === null
      ? (item: Cell) => item
      : attributeGetter(call.attribute, tools, call.fallback);
  return (item) => {
    const key = read(item);
    return !call.caseSensitive && typeof key === "string" ? key.toLowerCase() : key;
  };
}

/** A filter of text with named arguments, for the many that need no more than that. */
export function textFilter(
  name: string,
  parameters: readonly string[],
  run: (text: string, bound: ReturnType<typeof bind>, tools: FilterTools) => Cell,
): Filter {
  return (value, call, tools) => {
    const text = str(value);
    tools.budget.room(text.length);
    return run(text, bind(name, call, parameters), tools);
  };
}
