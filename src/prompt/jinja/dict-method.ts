// The methods of `dict`.

import { bind, bindNative } from "./bind.ts";
import { fault } from "./fault.ts";
import { methods } from "./method.ts";
import { iterate } from "./sequence.ts";
import { repr } from "./text.ts";
import { type Cell, Dict, DictView, Tuple } from "./value.ts";

export const DICT_METHODS = methods<Dict>({
  keys: (self) => new DictView("keys", self),
  values: (self) => new DictView("values", self),
  items: (self) => new DictView("items", self),
  get(self, call) {
    const bound = bindNative(["dict", "get"], call, ["key"], ["default"]);
    const value = self.get(bound.get("key") as Cell);
    return value === undefined ? (bound.get("default") ?? null) : value;
  },
  copy: (self) => Dict.of(self.entries()),
  clear(self) {
    self.clear();
    return null;
  },
  pop(self, call) {
    const bound = bindNative(["dict", "pop"], call, ["key"], ["default"]);
    const key = bound.get("key") as Cell;
    const value = self.get(key);
    if (value !== undefined) {
      self.delete(key);
      return value;
    }
    const other = bound.get("default");
    return other === undefined ? fault("KeyError", repr(key)) : other;
  },
  popitem(self) {
    const last = self.entries().at(-1);
    if (!last) return fault("KeyError", "'popitem(): dictionary is empty'");
    self.delete(last[0]);
    return new Tuple(last);
  },
  setdefault(self, call) {
    const bound = bindNative(["dict", "setdefault"], call, ["key"], ["default"]);
    const key = bound.get("key") as Cell;
    if (!self.has(key)) self.set(key, bound.get("default") ?? null);
    return self.get(key) as Cell;
  },
  fromkeys(_self, call) {
    const bound = bindNative(["dict", "fromkeys"], call, ["iterable"], ["value"]);
    const value = bound.get("value") ?? null;
    return Dict.of(iterate(bound.get("iterable") as Cell).map((key): [Cell, Cell] => [key, value]));
  },
  update(self, call) {
    if (call.args.length > 1) fault("TypeError", `update expected at most 1 argument, got ${call.args.length}`);
    const source = bind("update", { args: call.args, named: new Map() }, ["other"]).get("other");
    if (source !== undefined) for (const [key, value] of toPairs(source)) self.set(key, value);
    for (const [key, value] of call.named) self.set(key, value);
    return null;
  },
});

/** The pairs of a dict or of a list of pairs. */
export function toPairs(source: Cell): [Cell, Cell][] {
  if (source instanceof Dict) return source.entries();
  return iterate(source).map((pair, index) => {
    const items = iterate(pair);
    if (items.length !== 2) {
      fault("ValueError", `dictionary update sequence element #${index} has length ${items.length}; 2 is required`);
    }
    return [items[0] as Cell, items[1] as Cell];
  });
}
