// Brings a value from outside into a template, as a copy: a template that appends to a list changes nothing of the flow's.

import { Float } from "../../base/value.ts";
import { Image } from "../image.ts";
import { RenderedText } from "../rendered-text.ts";
import { fault } from "./fault.ts";
import { type Cell, ChatList, Dict } from "./value.ts";

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
      return Dict.of(Object.entries(value).map(([key, item]) => [key, importValue(item, chatLists, depth + 1)]));
    default:
      return null;
  }
}
