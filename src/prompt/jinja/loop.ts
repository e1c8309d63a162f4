// What a template reads from `loop`.

import { same } from "./operate.ts";
import { fault } from "./fault.ts";
import { Callable, type Cell, type LoopState, Undefined } from "./value.ts";

export function loopAttribute(loop: LoopState, name: string): Cell | undefined {
  const { index0, items } = loop;
  const { length } = items;
  switch (name) {
    case "index":
      return index0 + 1;
    case "index0":
      return index0;
    case "revindex":
      return length - index0;
    case "revindex0":
      return length - index0 - 1;
    case "first":
      return index0 === 0;
    case "last":
      return index0 === length - 1;
    case "length":
      return length;
    case "depth":
      return loop.depth0 + 1;
    case "depth0":
      return loop.depth0;
    case "previtem":
      return index0 > 0 ? (items[index0 - 1] as Cell) : new Undefined("there is no previous item");
    case "nextitem":
      return index0 + 1 < length ? (items[index0 + 1] as Cell) : new Undefined("there is no next item");
    case "cycle":
      return new Callable("cycle", ({ args }) => cycle(args, index0));
    case "changed":
      return new Callable("changed", ({ args }) => {
        const { last } = loop;
        loop.last = args;
        return !last || last.length !== args.length || !args.every((value, at) => same(value, last[at] as Cell));
      });
    default:
      return undefined;
  }
}

function cycle(args: readonly Cell[], index0: number): Cell {
  if (args.length === 0) fault("TypeError", "no items for cycling given");
  return args[index0 % args.length] as Cell;
}
