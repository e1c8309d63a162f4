// The functions that every template knows.

import { bind } from "./bind.ts";
import { MAX_RANGE } from "./budget.ts";
import { toPairs } from "./dict-method.ts";
import { fault } from "./fault.ts";
import { needInteger } from "./number.ts";
import { str } from "./text.ts";
import { type Call, Callable, type Cell, Dict, Namespace, Range, Tuple } from "./value.ts";

export const GLOBALS: ReadonlyMap<string, Callable> = new Map(
  [
    new Callable("range", makeRange, { shown: "<function safe_range>" }),
    new Callable("dict", (call) => dictFrom(call), { shown: "<class 'dict'>" }),
    new Callable("namespace", (call) => new Namespace(attributesFrom(dictFrom(call))), {
      shown: "<class 'jinja2.utils.Namespace'>",
    }),
    new Callable("cycler", ({ args }) => makeCycler(args), { shown: "<class 'jinja2.utils.Cycler'>" }),
    new Callable("joiner", (call) => makeJoiner(call), { shown: "<class 'jinja2.utils.Joiner'>" }),
  ].map((callable) => [callable.name, callable]),
);

function makeRange({ args }: Call): Cell {
  const [first = 0, second, third] = args.map(needInteger);
  if (args.length === 0 || args.length > 3) {
    fault(
      "TypeError",
      `range expected ${args.length === 0 ? "at least 1 argument, got 0" : `at most 3 arguments, got ${args.length}`}`,
    );
  }
  if (third === 0) fault("ValueError", "range() arg 3 must not be zero");
  const range = new Range(second === undefined ? 0 : first, second ?? first, third ?? 1);
  if (range.length > MAX_RANGE) {
    fault("OverflowError", `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`);
  }
  return range;
}

function dictFrom({ args, named }: Call): Dict {
  if (args.length > 1) fault("TypeError", `dict expected at most 1 argument, got ${args.length}`);
  const [source] = args;
  return Dict.of([...(source === undefined ? [] : toPairs(source)), ...named]);
}

function attributesFrom(dict: Dict): Map<string, Cell> {
  return new Map(dict.entries().map(([key, value]) => [str(key), value]));
}

function makeCycler(items: readonly Cell[]): Cell {
  if (items.length === 0) fault("RuntimeError", "at least one item has to be provided");
  let position = 0;
  const attributes = new Map<string, Cell>();
  attributes.set("items", new Tuple(items));
  const move = (to: number): void => {
    position = to % items.length;
    attributes.set("pos", position);
    attributes.set("current", items[position] as Cell);
  };
  move(0);
  attributes.set(
    "next",
    new Callable("next", () => {
      const item = items[position] as Cell;
      move(position + 1);
      return item;
    }),
  );
  attributes.set(
    "reset",
    new Callable("reset", () => {
      move(0);
      return null;
    }),
  );
  const notCallable = (): never => fault("TypeError", "'Cycler' object is not callable");
  return new Callable("Cycler", notCallable, { shown: "<jinja2.utils.Cycler object>", attributes });
}

function makeJoiner(call: Call): Cell {
  const separator = bind("joiner", call, ["sep"]).get("sep") ?? ", ";
  let isUsed = false;
  const next = (): Cell => {
    const text = isUsed ? separator : "";
    isUsed = true;
    return text;
  };
  return new Callable("Joiner", next, { shown: "<jinja2.utils.Joiner object>" });
}
