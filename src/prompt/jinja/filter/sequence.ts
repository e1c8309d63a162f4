// Filters over lists and dicts.

import { bind, bindRequired } from "../bind.ts";
import { fault } from "../fault.ts";
import { operate, order, same } from "../operate.ts";
import { iterate, lengthOf, truth } from "../sequence.ts";
import { str } from "../text.ts";
import { type Cell, Dict, DictView, Tuple, Undefined, hashKey, typeName } from "../value.ts";
import { type Filter, type FilterTools, attributeGetter, lazy, sortKey } from "./filter.ts";

const length: Filter = (value, call) => {
  bind("length", call, []);
  return lengthOf(value) ?? fault("TypeError", `object of type '${typeName(value)}' has no len()`);
};

export const SEQUENCE_FILTERS: Record<string, Filter> = {
  length,
  count: length,
  first: (value) => iterate(value)[0] ?? new Undefined("No first item, sequence was empty."),
  last: (value) => iterate(value).at(-1) ?? new Undefined("No last item, sequence was empty."),
  list: (value, _call, { budget }) => {
    const items = [...iterate(value)];
    budget.room(items.length);
    return items;
  },
  join(value, call, tools) {
    const bound = bind("join", call, ["d", "attribute"]);
    const attribute = bound.get("attribute") ?? null;
    const read = attribute === null ? (item: Cell) => item : attributeGetter(attribute, tools);
    const separator = str(bound.get("d") ?? "");
    const texts = iterate(value).map((item) => str(read(item)));
    tools.budget.room(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
    return texts.join(separator);
  },
  reverse(value) {
    if (typeof value === "string") return Array.from(value).toReversed().join("");
    if (lengthOf(value) === undefined && typeName(value) !== "generator") {
      return fault("FilterArgumentError", "argument must be iterable");
    }
    return lazy("reverse", () => iterate(value).toReversed().values());
  },
  sort(value, call, tools) {
    const bound = bind("sort", call, ["reverse", "case_sensitive", "attribute"]);
    const attribute = bound.get("attribute") ?? null;
    const caseSensitive = truth(bound.get("case_sensitive") ?? false);
    const parts = typeof attribute === "string" ? attribute.split(",") : [attribute];
    const keys = parts.map((part) => sortKey({ attribute: part, caseSensitive }, tools));
    return sorted(iterate(value), { keys, reverse: truth(bound.get("reverse") ?? false), tools });
  },
  dictsort(value, call, tools) {
    const bound = bind("dictsort", call, ["case_sensitive", "by", "reverse"]);
    const by = bound.text("by", "key");
    if (by !== "key" && by !== "value") fault("FilterArgumentError", 'You can only sort by either "key" or "value"');
    if (!(value instanceof Dict)) return fault("TypeError", "dictsort needs a mapping");
    const key = sortKey(
      { attribute: by === "key" ? 0 : 1, caseSensitive: truth(bound.get("case_sensitive") ?? false) },
      tools,
    );
    const pairs = value.entries().map((entry) => new Tuple(entry));
    return sorted(pairs, { keys: [key], reverse: truth(bound.get("reverse") ?? false), tools });
  },
  unique(value, call, tools) {
    const bound = bind("unique", call, ["case_sensitive", "attribute"]);
    const key = sortKey(
      { attribute: bound.get("attribute"), caseSensitive: truth(bound.get("case_sensitive") ?? false) },
      tools,
    );
    const seen = new Set<unknown>();
    const isNew = (item: Cell): boolean => {
      const hash = hashKey(key(item));
      return !seen.has(hash) && Boolean(seen.add(hash));
    };
    return lazy("unique", () => iterate(value).filter(isNew).values());
  },
  min: (value, call, tools) => extreme(value, bind("min", call, ["case_sensitive", "attribute"]), { sign: 1, tools }),
  max: (value, call, tools) => extreme(value, bind("max", call, ["case_sensitive", "attribute"]), { sign: -1, tools }),
  sum(value, call, tools) {
    const bound = bind("sum", call, ["attribute", "start"]);
    const attribute = bound.get("attribute") ?? null;
    const read = attribute === null ? (item: Cell) => item : attributeGetter(attribute, tools);
    let total: Cell = bound.get("start") ?? 0;
    if (typeof total === "string") fault("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
    for (const item of iterate(value)) total = operate("+", total, read(item), tools.budget);
    return total;
  },
  batch(value, call) {
    const bound = bindRequired("do_batch", call, ["linecount"], ["fill_with"]);
    const size = Math.min(Math.max(1, bound.integer("linecount", 1)), 100_000);
    const fill = bound.get("fill_with") ?? null;
    const items = iterate(value);
    return lazy("batch", function* () {
      for (let at = 0; at < items.length; at += size) {
        const row = items.slice(at, at + size);
        if (fill !== null) row.push(...Array.from({ length: size - row.length }, () => fill));
        yield row;
      }
    });
  },
  slice(value, call) {
    const bound = bindRequired("do_slice", call, ["slices"], ["fill_with"]);
    const count = bound.integer("slices", 1);
    if (count === 0) fault("ZeroDivisionError", "integer division or modulo by zero");
    const fill = bound.get("fill_with") ?? null;
    const items = iterate(value);
    const size = Math.floor(items.length / count);
    const longer = items.length % count;
    return lazy("slice", function* () {
      let at = 0;
      for (let number = 0; number < Math.min(count, 100_000); number++) {
        const width = size + (number < longer ? 1 : 0);
        const row = items.slice(at, at + width);
        at += width;
        if (fill !== null && number >= longer) row.push(fill);
        yield row;
      }
    });
  },
  items(value) {
    if (value instanceof Undefined) return [];
    if (value instanceof Dict) return lazy("items", () => new DictView("items", value).items().values());
    return fault("TypeError", "Can only get item pairs from a mapping.");
  },
  groupby(value, call, tools) {
    const bound = bindRequired("do_groupby", call, ["attribute"], ["default", "case_sensitive"]);
    const attribute = bound.get("attribute") as Cell;
    const caseSensitive = truth(bound.get("case_sensitive") ?? false);
    const fallback = bound.get("default") ?? undefined;
    const key = sortKey({ attribute, caseSensitive, ...(fallback === undefined ? {} : { fallback }) }, tools);
    const exact = attributeGetter(attribute, tools, fallback);
    const groups: [Cell, Cell, Cell[]][] = [];
    for (const item of sorted(iterate(value), { keys: [key], reverse: false, tools })) {
      const group = key(item);
      const last = groups.at(-1);
      if (last && same(last[0], group)) last[2].push(item);
      else groups.push([group, exact(item), [item]]);
    }
    return groups.map(([, group, items]) => new Tuple([group, items], ["grouper", "list"]));
  },
  random(value) {
    const items = iterate(value);
    return items[Math.floor(Math.random() * items.length)] ?? new Undefined("No random item, sequence was empty.");
  },
};

function sorted(
  items: readonly Cell[],
  options: { keys: ((item: Cell) => Cell)[]; reverse: boolean; tools: FilterTools },
): Cell[] {
  options.tools.budget.room(items.length);
  const sign = options.reverse ? -1 : 1;
  const decorated = items.map((item) => ({ item, keys: options.keys.map((key) => key(item)) }));
  decorated.sort((a, b) => {
    options.tools.budget.step();
    for (const [index, key] of a.keys.entries()) {
      const difference = order(key, b.keys[index] as Cell);
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
  return decorated.map(({ item }) => item);
}

function extreme(value: Cell, bound: ReturnType<typeof bind>, options: { sign: number; tools: FilterTools }): Cell {
  const caseSensitive = truth(bound.get("case_sensitive") ?? false);
  const key = sortKey({ attribute: bound.get("attribute"), caseSensitive }, options.tools);
  let best: Cell | undefined;
  for (const item of iterate(value)) {
    if (best === undefined || options.sign * order(key(item), key(best), options.sign > 0 ? "<" : ">") < 0) best = item;
  }
  return best ?? new Undefined("No aggregated item, sequence was empty.");
}
