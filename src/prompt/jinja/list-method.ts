// The methods of `list` and `tuple`. A template changes its own copies only: see `import.ts`.

import { bind, bindRequired } from "./bind.ts";
import { fault } from "./fault.ts";
import { methods } from "./method.ts";
import { order, same } from "./operate.ts";
import { iterate, truth } from "./sequence.ts";
import type { Cell, Tuple } from "./value.ts";

export const LIST_METHODS = methods<Cell[]>({
  append(self, call, { budget }) {
    budget.room(self.length + 1);
    self.push(bindRequired("append", call, ["object"]).get("object") as Cell);
    return null;
  },
  extend(self, call, { budget }) {
    const items = [...iterate(bindRequired("extend", call, ["iterable"]).get("iterable") as Cell)];
    budget.room(self.length + items.length);
    for (const item of items) self.push(item);
    return null;
  },
  insert(self, call, { budget }) {
    const bound = bindRequired("insert", call, ["index", "object"]);
    budget.room(self.length + 1);
    self.splice(bound.integer("index", 0), 0, bound.get("object") as Cell);
    return null;
  },
  pop(self, call) {
    const index = bind("pop", call, ["index"]).integer("index", -1);
    if (self.length === 0) return fault("IndexError", "pop from empty list");
    const at = index < 0 ? self.length + index : index;
    if (at < 0 || at >= self.length) return fault("IndexError", "pop index out of range");
    return self.splice(at, 1)[0] as Cell;
  },
  remove(self, call) {
    const value = bindRequired("remove", call, ["value"]).get("value") as Cell;
    const at = self.findIndex((item) => same(item, value));
    if (at < 0) return fault("ValueError", "list.remove(x): x not in list");
    self.splice(at, 1);
    return null;
  },
  reverse(self) {
    self.reverse();
    return null;
  },
  sort(self, call) {
    const bound = bind("sort", { args: [], named: call.named }, ["reverse"]);
    self.sort((a, b) => order(a, b));
    if (truth(bound.get("reverse") ?? false)) self.reverse();
    return null;
  },
  clear(self) {
    self.length = 0;
    return null;
  },
  copy: (self) => Array.from(self),
  count: (self, call) => countOf(self, bindRequired("count", call, ["value"]).get("value") as Cell),
  index: (self, call) => indexOf(self, bindRequired("index", call, ["value"]).get("value") as Cell, "list"),
});

export const TUPLE_METHODS = methods<Tuple>({
  count: (self, call) => countOf(self.items, bindRequired("count", call, ["value"]).get("value") as Cell),
  index: (self, call) => indexOf(self.items, bindRequired("index", call, ["value"]).get("value") as Cell, "tuple"),
});

function countOf(items: readonly Cell[], value: Cell): number {
  return items.filter((item) => same(item, value)).length;
}

function indexOf(items: readonly Cell[], value: Cell, type: string): number {
  const at = items.findIndex((item) => same(item, value));
  return at < 0 ? fault("ValueError", `${type}.index(x): x not in ${type}`) : at;
}
