// The methods of `str`.

import { pyStrip, skipSpace, skipSpaceBack } from "../python-space.ts";
import { RenderedText } from "../rendered-text.ts";
import { type Bound, bind, bindNative } from "./bind.ts";
import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { type Method, methods } from "./method.ts";
import { toIndex } from "./number.ts";
import { itemsOf } from "./sequence.ts";
import { splitLines, splitText } from "./split.ts";
import { strFormat } from "./str-format.ts";
import { capitalize, caseFold, isTitle, swapCase, titleCase } from "./text-case.ts";
import { characterCount, characters, str } from "./text.ts";
import { translate, translation } from "./text-translate.ts";
import { type Call, type Cell, Dict, Tuple, typeName } from "./value.ts";

type TextMethod = (self: string, call: Call, tools: Parameters<Method<string>>[2]) => Cell;

const TABLE: Record<string, TextMethod> = {
  upper: (self) => self.toUpperCase(),
  lower: (self) => self.toLowerCase(),
  casefold: (self) => caseFold(self),
  translate: (self, call) => translate(self, bindNative(["str", "translate"], call, ["table"]).get("table") as Cell),
  maketrans: (_self, call) => translation(call),
  capitalize: (self) => capitalize(self),
  title: (self) => titleCase(self),
  swapcase: (self) => swapCase(self),
  strip: (self, call) => strip(self, stripped("strip", bindNative(["str", "strip"], call, [], ["chars"])), "both"),
  lstrip: (self, call) => strip(self, stripped("lstrip", bindNative(["str", "lstrip"], call, [], ["chars"])), "start"),
  rstrip: (self, call) => strip(self, stripped("rstrip", bindNative(["str", "rstrip"], call, [], ["chars"])), "end"),
  split: (self, call, { budget }) => split(self, call, { fromEnd: false, room: (size) => budget.room(size) }),
  rsplit: (self, call, { budget }) => split(self, call, { fromEnd: true, room: (size) => budget.room(size) }),
  splitlines: (self, call) => splitLines(self, bind("splitlines", call, ["keepends"]).get("keepends") === true),
  partition: (self, call) => partition(self, call, "partition"),
  rpartition: (self, call) => partition(self, call, "rpartition"),
  startswith: (self, call) => affix(self, call, "startswith"),
  endswith: (self, call) => affix(self, call, "endswith"),
  removeprefix(self, call) {
    const prefix = only(call, "removeprefix");
    return prefix !== "" && self.startsWith(prefix) ? self.slice(prefix.length) : self;
  },
  removesuffix(self, call) {
    const suffix = only(call, "removesuffix");
    return suffix !== "" && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
  },
  join(self, call, { budget }) {
    const items =
      itemsOf(bindNative(["str", "join"], call, ["iterable"]).get("iterable") as Cell) ??
      fault("TypeError", "can only join an iterable");
    const texts = items.map((item, index) => {
      if (typeof item === "string") return item;
      return fault("TypeError", `sequence item ${index}: expected str instance, ${typeName(item)} found`);
    });
    budget.room(texts.reduce((sum, text) => sum + text.length + self.length, 0));
    return texts.join(self);
  },
  replace(self, call, { budget }) {
    const bound = bindNative(["str", "replace"], call, ["old", "new"], ["count"]);
    const wrong = (position: number) => (type: string) => `replace() argument ${position} must be str, not ${type}`;
    return replaceText(self, [bound.text("old", "", wrong(1)), bound.text("new", "", wrong(2))], {
      count: bound.integer("count", -1),
      room: (size) => budget.room(size),
    });
  },
  format: (self, call, tools) => strFormat(self, call, tools),
  format_map(self, call, tools) {
    const mapping = bindNative(["str", "format_map"], call, ["mapping"]).get("mapping");
    if (!(mapping instanceof Dict)) return fault("TypeError", "format_map() argument must be a mapping");
    return strFormat(
      self,
      { args: [], named: new Map(mapping.entries().map(([key, value]) => [str(key), value])) },
      tools,
    );
  },
  find: (self, call) => find(self, call, { last: false, name: "find" }),
  rfind: (self, call) => find(self, call, { last: true, name: "rfind" }),
  index: (self, call) => found(find(self, call, { last: false, name: "index" })),
  rindex: (self, call) => found(find(self, call, { last: true, name: "rindex" })),
  count(self, call) {
    const { sub, body } = searched(self, call, "count");
    return sub === "" ? (body === undefined ? 0 : characterCount(body) + 1) : (body ?? "").split(sub).length - 1;
  },
  center: (self, call, { budget }) => justify(self, call, { name: "center", room: (size) => budget.room(size) }),
  ljust: (self, call, { budget }) => justify(self, call, { name: "ljust", room: (size) => budget.room(size) }),
  rjust: (self, call, { budget }) => justify(self, call, { name: "rjust", room: (size) => budget.room(size) }),
  zfill(self, call, { budget }) {
    const width = bindNative(["str", "zfill"], call, ["width"]).integer("width", 0);
    budget.room(width);
    const sign = /^[+-]/.exec(self)?.[0] ?? "";
    return sign + "0".repeat(Math.max(0, width - characterCount(self))) + self.slice(sign.length);
  },
  expandtabs(self, call, { budget }) {
    const size = bind("expandtabs", call, ["tabsize"]).integer("tabsize", 8);
    return expandTabs(self, size, budget);
  },
  isalnum: (self) => /^[\p{L}\p{N}]+$/u.test(self),
  isalpha: (self) => /^\p{L}+$/u.test(self),
  isascii: (self) => /^\p{ASCII}*$/u.test(self),
  isdecimal: (self) => /^\p{Nd}+$/u.test(self),
  isdigit: (self) => /^[\p{Nd}¹²³⁰⁴-⁹₀-₉]+$/u.test(self),
  isnumeric: (self) => /^\p{N}+$/u.test(self),
  isidentifier: (self) => /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(self),
  isspace: (self) => self !== "" && pyStrip(self) === "",
  islower: (self) => self === self.toLowerCase() && self !== self.toUpperCase(),
  isupper: (self) => self === self.toUpperCase() && self !== self.toLowerCase(),
  istitle: (self) => isTitle(self),
  isprintable: (self) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(self),
};

/** Methods work on the plain text of rendered text, too. */
export const TEXT_METHODS = methods(
  Object.fromEntries(
    Object.entries(TABLE).map(([name, method]): [string, Method<string | RenderedText>] => [
      name,
      (self, call, tools) => {
        if (method.length === 1) bindNative(["str", name], call, []);
        return method(self instanceof RenderedText ? self.text : self, call, tools);
      },
    ]),
  ),
);

/** The characters to strip, null for white space. */
export function stripped(name: string, bound: Bound): string | null {
  if ((bound.get("chars") ?? null) === null) return null;
  return bound.text("chars", "", () => `${name} arg must be None or str`);
}

export function strip(text: string, chars: string | null, side: "start" | "end" | "both"): string {
  if (chars === null) {
    const start = side === "end" ? 0 : skipSpace(text, 0);
    return text.slice(start, side === "start" ? undefined : Math.max(start, skipSpaceBack(text, text.length)));
  }
  const letters = characters(text);
  let from = 0;
  let to = letters.length;
  if (side !== "end") while (from < to && chars.includes(letters[from] ?? "\n\n")) from++;
  if (side !== "start") while (to > from && chars.includes(letters[to - 1] ?? "\n\n")) to--;
  return letters.slice(from, to).join("");
}

function split(self: string, call: Call, options: { fromEnd: boolean; room: (size: number) => void }): Cell {
  const bound = bind("split", call, ["sep", "maxsplit"]);
  options.room(self.length);
  const separator = bound.get("sep") ?? null;
  if (separator !== null && typeof separator !== "string") {
    return fault("TypeError", `must be str or None, not ${typeName(separator)}`);
  }
  return splitText(self, separator, { limit: bound.integer("maxsplit", -1), fromEnd: options.fromEnd });
}

/** The one argument of a method, a text. */
function only(call: Call, name: string): string {
  const wrong = (type: string): string =>
    `${name.startsWith("remove") ? `${name}() argument ` : ""}must be str, not ${type}`;
  return bindNative(["str", name], call, ["text"]).text("text", "", wrong);
}

function partition(self: string, call: Call, name: "partition" | "rpartition"): Cell {
  const separator = only(call, name);
  const fromEnd = name === "rpartition";
  if (separator === "") fault("ValueError", "empty separator");
  const at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at < 0) return new Tuple(fromEnd ? ["", "", self] : [self, "", ""]);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function affix(self: string, call: Call, name: "startswith" | "endswith"): Cell {
  const bound = bindNative(["str", name], call, ["affix"], ["start", "end"]);
  const wanted = bound.get("affix") as Cell;
  const options = wanted instanceof Tuple ? wanted.items : [wanted];
  const body = stretch(self, bound)?.body;
  return options.some((option) => {
    if (typeof option !== "string") {
      const type = typeName(option);
      return fault(
        "TypeError",
        wanted instanceof Tuple
          ? `tuple for ${name} must only contain str, not ${type}`
          : `${name} first arg must be str or a tuple of str, not ${type}`,
      );
    }
    return (name === "startswith" ? body?.startsWith(option) : body?.endsWith(option)) ?? false;
  });
}

/** Python `str.replace`; a negative count replaces all. */
export function replaceText(
  text: string,
  [old, fresh]: readonly [string, string],
  options: { count: number; room: (size: number) => void },
): string {
  const { count } = options;
  if (old === "") {
    options.room(text.length * (fresh.length + 1));
    const letters = characters(text);
    const limit = count < 0 ? letters.length + 1 : count;
    return (
      letters.map((letter, index) => (index < limit ? fresh + letter : letter)).join("") +
      (letters.length < limit ? fresh : "")
    );
  }
  const pieces = text.split(old);
  options.room(text.length + pieces.length * fresh.length);
  if (count < 0 || count >= pieces.length - 1) return pieces.join(fresh);
  return [...pieces.slice(0, count), pieces.slice(count).join(old)].join(fresh);
}

function find(self: string, call: Call, options: { last: boolean; name: string }): number {
  const { sub, start, body } = searched(self, call, options.name);
  const at = (options.last ? body?.lastIndexOf(sub) : body?.indexOf(sub)) ?? -1;
  return at < 0 ? -1 : start + characterCount((body ?? "").slice(0, at));
}

/** What a method looks for, and the part of the text in which: none where the start lies behind the end. */
function searched(self: string, call: Call, name: string): { sub: string; start: number; body?: string } {
  const bound = bindNative(["str", name], call, ["sub"], ["start", "end"]);
  const sub = bound.text("sub", "", (type) => `must be str, not ${type}`);
  return { sub, ...(stretch(self, bound) ?? { start: 0 }) };
}

function stretch(self: string, bound: Bound): { start: number; body: string } | undefined {
  if (!bound.has("start") && !bound.has("end")) return { start: 0, body: self };
  const letters = characters(self);
  const position = (name: string, fallback: number): number => {
    if ((bound.get(name) ?? null) === null) return fallback;
    const value = toIndex(bound.get(name) as Cell);
    if (value === undefined) {
      return fault("TypeError", "slice indices must be integers or None or have an __index__ method");
    }
    return Math.max(value < 0 ? value + letters.length : value, 0);
  };
  const start = position("start", 0);
  const end = Math.min(position("end", letters.length), letters.length);
  return start > end ? undefined : { start, body: letters.slice(start, end).join("") };
}

function expandTabs(text: string, size: number, budget: Budget): string {
  let out = "";
  let column = 0;
  for (const char of text) {
    const width = char !== "\t" ? 1 : size <= 0 ? 0 : size - (column % size);
    if (char === "\t") budget.room(out.length + width);
    out += char === "\t" ? " ".repeat(width) : char;
    column = char === "\n" || char === "\r" ? 0 : column + width;
  }
  return out;
}

function found(index: number): number {
  return index < 0 ? fault("ValueError", "substring not found") : index;
}

function justify(self: string, call: Call, options: { name: string; room: (size: number) => void }): string {
  const bound = bindNative(["str", options.name], call, ["width"], ["fillchar"]);
  const width = bound.integer("width", 0);
  options.room(width);
  const fill = bound.text("fillchar", " ", (type) => `The fill character must be a unicode character, not ${type}`);
  if (characterCount(fill) !== 1) fault("TypeError", "The fill character must be exactly one character long");
  const missing = Math.max(0, width - characterCount(self));
  if (options.name === "ljust") return self + fill.repeat(missing);
  if (options.name === "rjust") return fill.repeat(missing) + self;
  const left = Math.floor(missing / 2) + (missing % 2 === 1 && width % 2 === 1 ? 1 : 0);
  return fill.repeat(left) + self + fill.repeat(missing - left);
}
