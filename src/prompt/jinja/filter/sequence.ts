// Filters over lists and dicts.

import { bind, bindRequired } from "../bind.ts";
import { roomFor } from "../budget.ts";
import { fault } from "../fault.ts";
import { operate, order, same } from "../operate.ts";
import { iterate, itemsOf, lengthOf, truth } from "../sequence.ts";
import { str } from "../text.ts";
import { type Cell, Dict, DictView, Lazy, Range, Tuple, Undefined, hashKey, typeName } from "../value.ts";
import { type Filter, type FilterTools, attributeGetter, lazy, noAttribute, sortKey } from "./filter.ts";

const length: Filter = (value, call) => {
  bind("length", call, []);
  return lengthOf(value) ?? fault("TypeError", `object of type '${typeName(value)}' has no len()`);
};

export const SEQUENCE_FILTERS: Record<string, Filter> = {
  length,
  count: length,
  first: (value) => orNothing(iterate(value)[0], "No first item, sequence was empty."),
  last(value) {
    if (value instanceof Lazy || itemsOf(value) === undefined) {
      return fault("TypeError", `'${typeName(value)}' object is not reversible`);
    }
    return orNothing(iterate(value).at(-1), "No last item, sequence was empty.");
  },
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
    const texts = iterate(value).map((item) => roomFor(str(read(item))));
    tools.budget.room(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
    return texts.join(separator);
  },
  reverse(value) {
    if (typeof value === "string") return Array.from(value).toReversed().join("");
    if (value instanceof Lazy) return iterate(value).toReversed();
    if (lengthOf(value) === undefined) return fault("FilterArgumentError", "argument must be iterable");
    return new Lazy(reverser(value), iterate(value).toReversed().values(), reverser(value));
  },
  sort(value, call, tools) {
    const bound = bind("sort", call, ["reverse", "case_sensitive", "attribute"]);
    const attribute = bound.get("attribute") ?? null;
    const caseSensitive = truth(bound.get("case_sensitive") ?? false);
    const parts = typeof attribute === "string" ? attribute.split(",") : [attribute];
    const keys = parts.map((part) => sortKey({ attribute: part, caseSensitive }, tools));
    const key = (item: Cell): Cell => keys.map((part) => part(item));
    return sorted(iterate(value), { key, reverse: truth(bound.get("reverse") ?? false), tools });
  },
  dictsort(value, call, tools) {
    const bound = bind("dictsort", call, ["case_sensitive", "by", "reverse"]);
    const by = bound.text("by", "key");
    if (by !== "key" && by !== "value") fault("FilterArgumentError", 'You can only sort by either "key" or "value"');
    if (value instanceof Undefined) value.fail();
    if (!(value instanceof Dict)) return noAttribute(value, "items");
    const key = sortKey(
      { attribute: by === "key" ? 0 : 1, caseSensitive: truth(bound.get("case_sensitive") ?? false) },
      tools,
    );
    const pairs = value.entries().map((entry) => new Tuple(entry));
    return sorted(pairs, { key, reverse: truth(bound.get("reverse") ?? false), tools });
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
    return lazy("sync_do_unique", function* () {
      for (const item of iterate(value)) if (isNew(item)) yield item;
    });
  },
  min: (value, call, tools) => extreme(value, bind("min", call, ["case_sensitive", "attribute"]), { sign: 1, tools }),
  max: (value, call, tools) => extreme(value, bind("max", call, ["case_sensitive", "attribute"]), { sign: -1, tools }),
  sum(value, call, tools) {
    const bound = bind("sum", call, ["attribute", "start"]);
    const attribute = bound.get("attribute") ?? null;
    const read = attribute === null ? (item: Cell) => item : attributeGetter(attribute, tools);
    let total: Cell = bound.get("start") ?? 0;
    const items = iterate(value);
    if (typeof total === "string") fault("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
    for (const item of items) total = operate("+", total, read(item), tools.budget);
    return total;
  },
  batch(value, call) {
    const bound = bindRequired("do_batch", call, ["linecount"], ["fill_with"]);
    const fill = bound.get("fill_with") ?? null;
    return lazy("do_batch", function* () {
      const items = iterate(value);
      const size = Math.min(Math.max(1, bound.integer("linecount", 1)), 100_000);
      for (let at = 0; at < items.length; at += size) {
        const row = items.slice(at, at + size);
        if (fill !== null) row.push(...Array.from({ length: size - row.length }, () => fill));
        yield row;
      }
    });
  },
  slice(value, call) {
    const bound = bindRequired("do_slice", call, ["slices"], ["fill_with"]);
    const fill = bound.get("fill_with") ?? null;
    return lazy("sync_do_slice", function* () {
      const items = iterate(value);
      const count = bound.integer("slices", 1);
      if (count === 0) fault("ZeroDivisionError", "integer division or modulo by zero");
      const size = Math.floor(items.length / count);
      const longer = items.length % count;
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
    return lazy("do_items", function* () {
      if (value instanceof Undefined) return;
      if (!(value instanceof Dict)) fault("TypeError", "Can only get item pairs from a mapping.");
      yield* new DictView("items", value).items();
    });
  },
  groupby(value, call, tools) {
    const bound = bindRequired("do_groupby", call, ["attribute"], ["default", "case_sensitive"]);
    const attribute = bound.get("attribute") as Cell;
    const caseSensitive = truth(bound.get("case_sensitive") ?? false);
    const fallback = bound.get("default") ?? undefined;
    const key = sortKey({ attribute, caseSensitive, ...(fallback === undefined ? {} : { fallback }) }, tools);
    const exact = attributeGetter(attribute, tools, fallback);
    const groups: [Cell, Cell, Cell[]][] = [];
    for (const item of sorted(iterate(value), { key, reverse: false, tools })) {
      const group = key(item);
      const last = groups.at(-1);
      if (last && same(last[0], group)) last[2].push(item);
      else groups.push([group, exact(item), [item]]);
    }
    return groups.map(([, group, items]) => new Tuple([group, items], ["grouper", "list"]));
  },
  random(value) {
    const items = iterate(value);
    return orNothing(items[Math.floor(Math.random() * items.length)], "No random item, sequence was empty.");
  },
};

function orNothing(item: Cell | undefined, reason: string): Cell {
  return item === undefined ? new Undefined(reason) : item;
}

/** Python's name of the iterator that `reversed()` makes of a value. */
function reverser(value: Cell): string {
  if (Array.isArray(value)) return "list_reverseiterator";
  if (value instanceof Range) return "range_iterator";
  return value instanceof Dict ? "dict_reversekeyiterator" : "reversed";
}

function sorted(
  items: readonly Cell[],
  options: { key: (item: Cell) => Cell; reverse: boolean; tools: FilterTools },
): Cell[] {
  options.tools.budget.room(items.length);
  const decorated = items.map((item) => ({ item, key: options.key(item) }));
  // As Python does it, so that equal items keep their order and the same pair is the first that has none.
  if (options.reverse) decorated.reverse();
  decorated.sort((a, b) => {
    options.tools.budget.step();
    return order(a.key, b.key);
  });
  if (options.reverse) decorated.reverse();
  return decorated.map(({ item }) => item);
}

function extreme(value: Cell, bound: ReturnType<typeof bind>, options: { sign: number; tools: FilterTools }): Cell {
  const caseSensitive = truth(bound.get("case_sensitive") ?? false);
  const key = sortKey({ attribute: bound.get("attribute"), caseSensitive }, options.tools);
  let best: Cell | undefined;
  for (const item of iterate(value)) {
    if (best === undefined || options.sign * order(key(item), key(best), options.sign > 0 ? "<" : ">") < 0) best = item;
  }
  return orNothing(best, "No aggregated item, sequence was empty.");
}
