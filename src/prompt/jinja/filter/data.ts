// Filters that write data in another notation: JSON, URLs, Python's pretty print.

import { pythonJsonText } from "../../../base/python-json.ts";
import { Float, pyFloat } from "../../../base/value.ts";
import { bind } from "../bind.ts";
import { type Budget, visit } from "../budget.ts";
import { fault } from "../fault.ts";
import { compareText, order } from "../operate.ts";
import { iterate, itemsOf } from "../sequence.ts";
import { splitLines } from "../split.ts";
import { repr, str } from "../text.ts";
import { type Cell, Dict, Thing, Tuple, Undefined, typeName } from "../value.ts";
import type { Filter } from "./filter.ts";

const MAX_DEPTH = 200;

export const DATA_FILTERS: Record<string, Filter> = {
  tojson(value, call, { budget }) {
    const indent = bind("tojson", call, ["indent"]).get("indent") ?? null;
    const step =
      typeof indent === "string" ? indent : indent === null ? null : " ".repeat(Math.min(100, Number(indent)));
    const json = writeJson(value, { step, pad: "", depth: 0, budget });
    const unsafe: Record<string, string> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027" };
    return json.replace(/[<>&']/g, (char) => unsafe[char] ?? char);
  },
  urlencode(value) {
    if (typeof value === "string" || (!(value instanceof Dict) && itemsOf(value) === undefined))
      return quoteUrl(str(value), true);
    return pairsOf(value)
      .map(([key, item]) => `${quoteUrl(str(key), false)}=${quoteUrl(str(item), false)}`)
      .join("&");
  },
  pprint: (value) => pretty(value, 0, 0, true),
};

interface JsonState {
  step: string | null;
  pad: string;
  depth: number;
  budget: Budget;
}

/** As Python's `json.dumps` with sorted keys and ASCII only. */
function writeJson(value: Cell, state: JsonState): string {
  state.budget.step();
  if (state.depth > MAX_DEPTH) fault("RecursionError", "maximum recursion depth exceeded while encoding a JSON object");
  if (typeof value === "string") return pythonJsonText(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" || value instanceof Float) return jsonNumber(value);
  const inner = { ...state, pad: state.pad + (state.step ?? ""), depth: state.depth + 1 };
  if (Array.isArray(value) || value instanceof Tuple) {
    const items = Array.isArray(value) ? value : value.items;
    return enclose(
      "[]",
      items.map((item) => writeJson(item, inner)),
      state,
    );
  }
  if (value instanceof Dict) {
    const entries = value.entries().sort(([a], [b]) => order(a, b));
    return enclose(
      "{}",
      entries.map(([key, item]) => `${pythonJsonText(jsonKey(key))}: ${writeJson(item, inner)}`),
      state,
    );
  }
  if (value instanceof Thing && (value.base ?? value.entries) !== undefined) {
    return writeJson((value.base ?? value.entries) as Cell, state);
  }
  const type = typeName(value).split(".").at(-1);
  return fault("TypeError", `Object of type ${type} is not JSON serializable`);
}

function enclose(brackets: string, items: readonly string[], { step, pad }: JsonState): string {
  if (items.length === 0) return brackets;
  if (step === null) return brackets.charAt(0) + items.join(", ") + brackets.charAt(1);
  return `${brackets.charAt(0)}\n${pad}${step}${items.join(`,\n${pad}${step}`)}\n${pad}${brackets.charAt(1)}`;
}

function jsonNumber(value: number | Float): string {
  if (typeof value === "number" && Number.isInteger(value)) return repr(value);
  const double = Number(value);
  if (Number.isNaN(double)) return "NaN";
  return Number.isFinite(double) ? pyFloat(double) : double > 0 ? "Infinity" : "-Infinity";
}

function jsonKey(key: Cell): string {
  if (typeof key === "string") return key;
  if (key === null || typeof key === "boolean") return String(key);
  if (typeof key === "number" || typeof key === "bigint" || key instanceof Float) return repr(key);
  return fault("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function quoteUrl(text: string, keepSlash: boolean): string {
  const quoted = encodeURIComponent(text.replace(/\p{Cs}/gu, "\uFFFD")).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepSlash ? quoted.replaceAll("%2F", "/") : quoted.replaceAll("%20", "+");
}

/** As `for k, v in items` takes them. */
function pairsOf(value: Cell): readonly (readonly [Cell, Cell])[] {
  if (value instanceof Dict) return value.entries();
  return iterate(value).map((pair) => {
    const items = itemsOf(pair) ?? fault("TypeError", `cannot unpack non-iterable ${typeName(pair)} object`);
    if (items.length < 2) fault("ValueError", `not enough values to unpack (expected 2, got ${items.length})`);
    if (items.length > 2) fault("ValueError", "too many values to unpack (expected 2)");
    return [items[0] as Cell, items[1] as Cell];
  });
}

const WIDTH = 80;

/** As Python's `pprint.pformat`. */
function pretty(value: Cell, indent: number, allowance: number, isTop = false): string {
  if (indent > MAX_DEPTH) fault("RecursionError", "maximum recursion depth exceeded");
  const flat = repr(sortKeys(value));
  if (flat.length <= WIDTH - indent - allowance || value instanceof Undefined) return flat;
  const line = `,\n${" ".repeat(indent + 1)}`;
  if (value instanceof Dict && value.size > 0) {
    const entries = (sortKeys(value) as Dict).entries();
    const rows = entries.map(([key, item], index) => {
      const name = `${repr(key)}: `;
      return name + pretty(item, indent + 1 + name.length, index === entries.length - 1 ? allowance + 1 : 1);
    });
    return `{${rows.join(line)}}`;
  }
  if ((Array.isArray(value) && value.length > 0) || (value instanceof Tuple && value.items.length > 0)) {
    const items = Array.isArray(value) ? value : value.items;
    const rows = items.map((item, index) => pretty(item, indent + 1, index === items.length - 1 ? allowance + 1 : 1));
    const body = rows.join(line);
    return Array.isArray(value) ? `[${body}]` : `(${body}${items.length === 1 ? "," : ""})`;
  }
  if (typeof value === "string" && value !== "") return prettyText(value, indent, { allowance, isTop });
  return flat;
}

/** A long text broken between words and after line ends, in brackets where it stands alone. */
function prettyText(text: string, indent: number, place: { allowance: number; isTop: boolean }): string {
  const { isTop } = place;
  const room = WIDTH - indent - (isTop ? 1 : 0);
  const lastRoom = room - place.allowance - (isTop ? 1 : 0);
  const lines = splitLines(text, true);
  const chunks: string[] = [];
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    if (repr(line).length <= (isLast ? lastRoom : room)) {
      chunks.push(repr(line));
      continue;
    }
    const parts = line.match(/\S+\s*|\s+/g) ?? [];
    let current = "";
    for (const [number, part] of parts.entries()) {
      const limit = isLast && number === parts.length - 1 ? lastRoom : room;
      if (repr(current + part).length <= limit) {
        current += part;
      } else {
        if (current !== "") chunks.push(repr(current));
        current = part;
      }
    }
    if (current !== "") chunks.push(repr(current));
  }
  if (chunks.length === 1) return repr(lines.at(-1) ?? "");
  const body = chunks.join(`\n${" ".repeat(indent + (isTop ? 1 : 0))}`);
  return isTop ? `(${body})` : body;
}

function sortKeys(value: Cell): Cell {
  visit();
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!(value instanceof Dict)) return value;
  const entries = value.entries().map(([key, item]): [Cell, Cell] => [key, sortKeys(item)]);
  return Dict.of(entries.sort(([a], [b]) => compareText(str(a), str(b))));
}
