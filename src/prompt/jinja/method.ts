// The shape of built-in methods and of the guarded access that they may use.

import type { Budget } from "./budget.ts";
import type { Call, Cell } from "./value.ts";

export interface Access {
  /** `target.name`. */
  attribute(target: Cell, name: string): Cell;
  /** `target[key]`. */
  item(target: Cell, key: Cell): Cell;
  /** Calls a value. @throws Fault TypeError when it can not be called. */
  call(target: Cell, call: Call): Cell;
}

export interface Tools {
  access: Access;
  budget: Budget;
}

export type Method<T> = (self: T, call: Call, tools: Tools) => Cell;

export function methods<T>(table: Record<string, Method<T>>): ReadonlyMap<string, Method<T>> {
  return new Map(Object.entries(table));
}
