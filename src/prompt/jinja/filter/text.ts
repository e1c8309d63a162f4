// Filters that make text of text.

import { bind, bindRequired } from "../bind.ts";
import { fault } from "../fault.ts";
import { percentFormat } from "../percent-format.ts";
import { lengthOf, truth } from "../sequence.ts";
import { splitLines, splitText } from "../split.ts";
import { capitalize } from "../text-case.ts";
import { replaceText, strip, stripped } from "../text-method.ts";
import { characterCount, characters, repr, str } from "../text.ts";
import { type Call, type Cell, Dict, Tuple, Undefined, typeName } from "../value.ts";
import { escapeHtml, unescapeHtml } from "../html.ts";
import { type Filter, type FilterTools, noAttribute, textFilter } from "./filter.ts";
import { linkOptions, urlize } from "./urlize.ts";
import { wrap } from "./wrap.ts";

const escape = textFilter("escape", [], escapeHtml);
const safe = textFilter("safe", [], (text) => text);

export const TEXT_FILTERS: Record<string, Filter> = {
  upper: textFilter("upper", [], (text) => text.toUpperCase()),
  lower: textFilter("lower", [], (text) => text.toLowerCase()),
  capitalize: textFilter("capitalize", [], capitalize),
  title: textFilter("title", [], (text) =>
    text
      .split(/([-\s({[<]+)/)
      .map(capitalize)
      .join(""),
  ),
  trim: textFilter("trim", ["chars"], (text, bound) => strip(text, stripped("strip", bound), "both")),
  string: safe,
  safe,
  escape,
  e: escape,
  forceescape: escape,
  replace(value, call, { budget }) {
    const bound = bindRequired("do_replace", call, ["old", "new"], ["count"]);
    const count = bound.get("count") === null ? -1 : bound.integer("count", -1);
    const pair = [str(bound.get("old") as Cell), str(bound.get("new") as Cell)] as const;
    return replaceText(str(value), pair, { count, room: (size) => budget.room(size) });
  },
  center: textFilter("center", ["width"], (text, bound, { budget }) => {
    const width = bound.integer("width", 80);
    budget.room(width);
    const missing = Math.max(0, width - characterCount(text));
    const left = Math.floor(missing / 2) + (missing % 2 === 1 && width % 2 === 1 ? 1 : 0);
    return " ".repeat(left) + text + " ".repeat(missing - left);
  }),
  indent: onlyText(
    indentable,
    textFilter("indent", ["width", "first", "blank"], (text, bound, { budget }) => {
      const width = bound.get("width");
      const indent = typeof width === "string" ? width : " ".repeat(clampWidth(bound.integer("width", 4)));
      const blank = truth(bound.get("blank") ?? false);
      const lines = splitLines(`${text}\n`, false);
      budget.room(text.length + indent.length * lines.length);
      const body = lines
        .map((line, index) => (index === 0 || (line === "" && !blank) ? line : indent + line))
        .join("\n");
      return truth(bound.get("first") ?? false) ? indent + body : body;
    }),
  ),
  truncate: onlyText(
    truncatable,
    textFilter("truncate", ["length", "killwords", "end", "leeway"], (text, bound) => {
      const length = bound.integer("length", 255);
      const end = bound.text("end", "...");
      const leeway = bound.get("leeway") === null ? 5 : bound.integer("leeway", 5);
      const room = length - characterCount(end);
      if (room < 0) fault("AssertionError", `expected length >= ${characterCount(end)}, got ${length}`);
      const letters = characters(text);
      if (letters.length <= length + leeway) return text;
      const cut = letters.slice(0, room).join("");
      if (truth(bound.get("killwords") ?? false)) return cut + end;
      return (splitText(cut, " ", { limit: 1, fromEnd: true })[0] ?? "") + end;
    }),
  ),
  wordwrap: onlyText(
    (value) => noAttribute(value, "splitlines"),
    textFilter("wordwrap", ["width", "break_long_words", "wrapstring", "break_on_hyphens"], (text, bound) =>
      wrap(text, {
        width: bound.integer("width", 79),
        breakLongWords: truth(bound.get("break_long_words") ?? true),
        breakOnHyphens: truth(bound.get("break_on_hyphens") ?? true),
        separator: bound.optionalText("wrapstring") ?? "\n",
      }),
    ),
  ),
  wordcount: textFilter("wordcount", [], (text) => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  striptags: textFilter("striptags", [], (text) =>
    unescapeHtml(splitText(cut(cut(text, "<!--", "-->"), "<", ">"), null, { limit: -1, fromEnd: false }).join(" ")),
  ),
  format(value, call, { budget }) {
    if (call.args.length > 0 && call.named.size > 0) {
      fault("FilterArgumentError", "can't handle positional and keyword arguments at the same time");
    }
    const values = call.named.size > 0 ? Dict.of(call.named) : new Tuple(call.args);
    return percentFormat(str(value), values, budget);
  },
  xmlattr(value, call) {
    const spaced = truth(bind("xmlattr", call, ["autospace"]).get("autospace") ?? true);
    if (!(value instanceof Dict)) return noAttribute(value, "items");
    const pairs = value.entries().filter(([, item]) => item !== null && !(item instanceof Undefined));
    const text = pairs.map(([key, item]) => `${attributeName(key)}="${escapeHtml(str(item))}"`).join(" ");
    return text !== "" && spaced ? ` ${text}` : text;
  },
  urlize: textFilter("urlize", ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"], (text, bound) =>
    urlize(text, linkOptions(bound)),
  ),
};

/** The text without the stretches from `open` to `close`. */
function cut(text: string, open: string, close: string): string {
  let out = "";
  let from = 0;
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, from)) {
    const end = text.indexOf(close, start + open.length);
    if (end < 0) break;
    out += text.slice(from, start);
    from = end + close.length;
  }
  return out + text.slice(from);
}

function clampWidth(width: number): number {
  return Math.min(Math.max(0, width), 10_000);
}

/** What these do with anything but a text is what Python's operators do with it, mostly a complaint. */
function onlyText(other: (value: Cell, call: Call, tools: FilterTools) => Cell, filter: Filter): Filter {
  return (value, call, tools) => (typeof value === "string" ? filter : other)(value, call, tools);
}

function indentable(value: Cell): never {
  if (Array.isArray(value)) return noAttribute(value, "splitlines");
  if (value instanceof Undefined) value.fail();
  if (value instanceof Tuple) return fault("TypeError", 'can only concatenate tuple (not "str") to tuple');
  return fault("TypeError", `unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`);
}

/** A list that is short enough stays as it is. */
function truncatable(value: Cell, call: Call): Cell {
  const bound = bind("truncate", call, ["length", "killwords", "end", "leeway"]);
  const end = bound.text("end", "...");
  const wanted = bound.integer("length", 255);
  if (wanted < characterCount(end)) fault("AssertionError", `expected length >= ${characterCount(end)}, got ${wanted}`);
  const length = lengthOf(value);
  if (length === undefined) return fault("TypeError", `object of type '${typeName(value)}' has no len()`);
  if (length <= wanted + (bound.get("leeway") === null ? 5 : bound.integer("leeway", 5))) {
    return value;
  }
  if (value instanceof Dict) return fault("TypeError", "unhashable type: 'slice'");
  if (!truth(bound.get("killwords") ?? false)) return noAttribute(value, "rsplit");
  return fault("TypeError", `can only concatenate ${typeName(value)} (not "str") to ${typeName(value)}`);
}

function attributeName(key: Cell): string {
  if (typeof key !== "string") {
    return fault("TypeError", `expected string or bytes-like object, got '${typeName(key)}'`);
  }
  if (/[\s/>=]/.test(key)) return fault("ValueError", `Invalid character in attribute name: ${repr(key)}`);
  return escapeHtml(key);
}
