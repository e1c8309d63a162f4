// Brings a value from outside into a template, as a copy: a template that appends to a list changes nothing of the flow's.

import { Float } from "../../base/value.ts";
import { Foreign, ForeignDict, ForeignFault, type ForeignFacts, ForeignTuple } from "../foreign.ts";
import { Image } from "../image.ts";
import { RenderedText } from "../rendered-text.ts";
import { type FaultType, fault } from "./fault.ts";
import { type Cell, Callable, ChatList, Dict, Thing, Tuple } from "./value.ts";

const MAX_DEPTH = 500;

/** `chatLists` makes every list print one item a line. */
export function importValue(value: unknown, chatLists: boolean, depth = 0): Cell {
  if (depth > MAX_DEPTH) fault("RecursionError", `a value is nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return value;
    case "object":
      if (value === null || value instanceof Float || value instanceof Image || value instanceof RenderedText)
        return value;
      if (Array.isArray(value)) {
        const list: Cell[] = chatLists ? new ChatList() : [];
        for (const item of value) list.push(importValue(item, chatLists, depth + 1));
        return list;
      }
      if (isForeign(value)) return importForeign(value, (item) => importValue(item, chatLists, depth + 1));
      return Dict.of(Object.entries(value).map(([key, item]) => [key, importValue(item, chatLists, depth + 1)]));
    default:
      return null;
  }
}

type AnyForeign = Foreign | ForeignDict | ForeignFault | ForeignTuple;

function isForeign(value: object): value is AnyForeign {
  return [Foreign, ForeignDict, ForeignFault, ForeignTuple].some((kind) => value instanceof kind);
}

function importForeign(value: AnyForeign, inner: (item: unknown) => Cell): Cell {
  if (value instanceof ForeignTuple) return new Tuple(value.items.map(inner));
  if (value instanceof ForeignFault) return fault(value.type as FaultType, value.message); // Of any class that its code has.
  if (value instanceof ForeignDict) return Dict.of(value.entries.map(([key, item]) => [inner(key), inner(item)]));
  return importThing(value.facts, inner);
}

function importThing(
  { items, entries, attributes = {}, results = {}, base, ...facts }: ForeignFacts,
  inner: (item: unknown) => Cell,
): Thing {
  const read = new Map<string, () => Cell>();
  for (const [name, item] of Object.entries(attributes)) read.set(name, () => inner(item));
  for (const [name, item] of Object.entries(results)) read.set(name, () => new Callable(name, () => inner(item)));
  return new Thing({
    ...facts,
    ...(base === undefined ? {} : { base: inner(base) }),
    ...(items ? { items: items.map(inner) } : {}),
    ...(entries ? { entries: Dict.of(entries.map(([key, item]) => [inner(key), inner(item)])) } : {}),
    read,
  });
}
