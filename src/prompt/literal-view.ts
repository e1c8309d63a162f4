// A literal of a flow's file as a template sees it, where JSON does not say all of it.

import { PythonLiteral, type Value } from "../base/value.ts";
import { Foreign, ForeignDict, ForeignTuple } from "./foreign.ts";

const PARTS = ["year", "month", "day", "hour", "minute", "second", "microsecond"];

export function literalView({ facts }: PythonLiteral): unknown {
  const { type, text, repr, items, entries, wire } = facts;
  if (entries) return new ForeignDict(entries.map(([key, value]) => [viewOf(key), viewOf(value)]));
  if (type === "list") return items?.map(viewOf);
  if (type === "tuple") return new ForeignTuple(items?.map(viewOf) ?? []);
  const name = type === "TimeStamp" ? "ruamel.yaml.timestamp.TimeStamp" : type;
  if (items) return new Foreign({ type, name, text, repr, length: items.length, items: items.map(viewOf) });
  const { date, time } = wire as { date?: number[]; time?: number[] };
  const numbers = date ?? time ?? [];
  return new Foreign({
    type,
    name,
    text,
    repr,
    attributes: Object.fromEntries(PARTS.slice(0, numbers.length).map((part, index) => [part, numbers[index]])),
    results: numbers.length > 0 ? methods(text) : {},
  });
}

/** Those of a date's methods that templates call without arguments. */
function methods(text: string): Record<string, unknown> {
  const weekday = (new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7;
  return { isoformat: text.replace(" ", "T"), weekday, isoweekday: weekday + 1 };
}

function viewOf(value: Value): unknown {
  return value instanceof PythonLiteral ? literalView(value) : value;
}
