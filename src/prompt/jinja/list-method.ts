// The methods of `list` and `tuple`. A template changes its own copies only: see `import.ts`.

import { type Bound, bind, bindNative } from "./bind.ts";
import { fault } from "./fault.ts";
import { methods } from "./method.ts";
import { order, same } from "./operate.ts";
import { iterate, truth } from "./sequence.ts";
import { repr } from "./text.ts";
import type { Call, Cell, Range, Tuple } from "./value.ts";

export const LIST_METHODS = methods<Cell[]>({
  append(self, call, { budget }) {
    budget.room(self.length + 1);
    self.push(bindNative(["list", "append"], call, ["object"]).get("object") as Cell);
    return null;
  },
  extend(self, call, { budget }) {
    const items = [...iterate(bindNative(["list", "extend"], call, ["iterable"]).get("iterable") as Cell)];
    budget.room(self.length + items.length);
    for (const item of items) self.push(item);
    return null;
  },
  insert(self, call, { budget }) {
    const bound = bindNative(["list", "insert"], call, ["index", "object"]);
    budget.room(self.length + 1);
    self.splice(bound.integer("index", 0), 0, bound.get("object") as Cell);
    return null;
  },
  pop(self, call) {
    const index = bindNative(["list", "pop"], call, [], ["index"]).integer("index", -1);
    if (self.length === 0) return fault("IndexError", "pop from empty list");
    const at = index < 0 ? self.length + index : index;
    if (at < 0 || at >= self.length) return fault("IndexError", "pop index out of range");
    return self.splice(at, 1)[0] as Cell;
  },
  remove(self, call) {
    const value = bindNative(["list", "remove"], call, ["value"]).get("value") as Cell;
    const at = self.findIndex((item) => same(item, value));
    if (at < 0) return fault("ValueError", "list.remove(x): x not in list");
    self.splice(at, 1);
    return null;
  },
  reverse(self, call) {
    bindNative(["list", "reverse"], call, []);
    self.reverse();
    return null;
  },
  sort(self, call) {
    const bound = bind("sort", { args: [], named: call.named }, ["reverse"]);
    self.sort((a, b) => order(a, b));
    if (truth(bound.get("reverse") ?? false)) self.reverse();
    return null;
  },
  clear(self, call) {
    bindNative(["list", "clear"], call, []);
    self.length = 0;
    return null;
  },
  copy: (self) => Array.from(self),
  count: (self, call) => countOf(self, only("list", "count", call)),
  index: (self, call) => indexOf(self, bindNative(["list", "index"], call, ["value"], ["start", "stop"]), "list"),
});

export const TUPLE_METHODS = methods<Tuple>({
  count: (self, call) => countOf(self.items, only("tuple", "count", call)),
  index: (self, call) =>
    indexOf(self.items, bindNative(["tuple", "index"], call, ["value"], ["start", "stop"]), "tuple"),
});

export const RANGE_METHODS = methods<Range>({
  count: (self, call) => countOf(self.items(), only("range", "count", call)),
  index: (self, call) => indexOf(self.items(), bindNative(["range", "index"], call, ["value"]), "range"),
});

function only(type: string, name: string, call: Call): Cell {
  return bindNative([type, name], call, ["value"]).get("value") as Cell;
}

function countOf(items: readonly Cell[], value: Cell): number {
  return items.filter((item) => same(item, value)).length;
}

function indexOf(items: readonly Cell[], bound: Bound, type: string): number {
  const value = bound.get("value") as Cell;
  const position = (name: string, fallback: number): number => {
    const at = bound.integer(name, fallback);
    return at < 0 ? Math.max(0, at + items.length) : at;
  };
  const [start, stop] = [position("start", 0), position("stop", items.length)];
  const found = items.findIndex((item, index) => index >= start && index < stop && same(item, value));
  if (found >= 0) return found;
  return fault("ValueError", type === "tuple" ? "tuple.index(x): x not in tuple" : `${repr(value)} is not in ${type}`);
}
