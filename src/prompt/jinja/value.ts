// Values as a template sees them. Nothing of JavaScript's own objects is reachable from here: a dict is a `Dict`, not an
// object with a prototype, and functions are `Callable`s that the interpreter calls by hand.

import { Float } from "../../base/value.ts";
import type { Image } from "../image.ts";
import type { RenderedText } from "../rendered-text.ts";
import { roomFor, visit } from "./budget.ts";
import { fault } from "./fault.ts";

export type Cell =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Cell[]
  | Tuple
  | Dict
  | DictView
  | Range
  | Lazy
  | Undefined
  | Callable
  | Namespace
  | LoopState
  | Thing
  | RenderedText
  | Image;

/** A list whose `str()` is one item a line: how the original prints lists in chat prompts. */
export class ChatList extends Array<Cell> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export class Tuple {
  readonly items: readonly Cell[];
  /** Names of the items of a named tuple, such as the groups of `groupby`. */
  readonly names: readonly string[];
  constructor(items: readonly Cell[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** A Python dict: keys compare as Python's do (`1 == 1.0 == True`) and keep their order. */
export class Dict {
  readonly #entries = new Map<unknown, [Cell, Cell]>();

  static of(entries: Iterable<readonly [Cell, Cell]>): Dict {
    const dict = new Dict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Cell): Cell | undefined {
    return this.#entries.get(hashKey(key))?.[1];
  }

  has(key: Cell): boolean {
    return this.#entries.has(hashKey(key));
  }

  set(key: Cell, value: Cell): void {
    const hash = hashKey(key);
    const entry = this.#entries.get(hash);
    if (entry) entry[1] = value;
    else this.#entries.set(hash, [key, value]);
  }

  delete(key: Cell): boolean {
    return this.#entries.delete(hashKey(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  entries(): [Cell, Cell][] {
    return [...this.#entries.values()].map(([key, value]) => [key, value]);
  }

  keys(): Cell[] {
    return [...this.#entries.values()].map(([key]) => key);
  }

  values(): Cell[] {
    return [...this.#entries.values()].map(([, value]) => value);
  }
}

/** What `dict.keys()`, `values()` and `items()` give. */
export class DictView {
  readonly kind: "keys" | "values" | "items";
  readonly dict: Dict;
  constructor(kind: "keys" | "values" | "items", dict: Dict) {
    this.kind = kind;
    this.dict = dict;
  }

  items(): Cell[] {
    if (this.kind === "keys") return this.dict.keys();
    return this.kind === "values" ? this.dict.values() : this.dict.entries().map((entry) => new Tuple(entry));
  }
}

export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }

  items(): number[] {
    return Array.from({ length: this.length }, (_, index) => this.start + index * this.step);
  }
}

/** A generator: it can be walked once, and has no length. */
export class Lazy {
  readonly name: string;
  readonly iterator: Iterator<Cell>;
  /** Python's name of its type: other iterators than a generator's have one of their own. */
  readonly type: string;
  constructor(name: string, iterator: Iterator<Cell>, type = "generator") {
    this.name = name;
    this.iterator = iterator;
    this.type = type;
  }
}

/** Jinja's default Undefined: prints nothing, iterates as empty, and fails as soon as more is asked of it. */
export class Undefined {
  readonly message: string;
  readonly type: "UndefinedError" | "SecurityError";
  constructor(message: string, type: "UndefinedError" | "SecurityError" = "UndefinedError") {
    this.message = message;
    this.type = type;
  }

  fail(): never {
    return fault(this.type, this.message);
  }
}

/** What lies behind the sandbox's wall when a flow has switched the wall off: nothing, at every depth. */
export class Beyond extends Undefined {}

/** Arguments of a call, already evaluated. */
export interface Call {
  args: Cell[];
  named: Map<string, Cell>;
}

export class Callable {
  readonly name: string;
  /** How it prints. */
  readonly shown: string;
  readonly call: (call: Call) => Cell;
  /** What a template can read from it, such as a macro's name. */
  readonly attributes: ReadonlyMap<string, Cell>;
  constructor(
    name: string,
    call: (call: Call) => Cell,
    options: { shown?: string; attributes?: Map<string, Cell> } = {},
  ) {
    this.name = name;
    this.call = call;
    this.shown = options.shown ?? `<built-in function ${name}>`;
    this.attributes = options.attributes ?? new Map();
  }
}

/** `namespace()`: the only object whose attributes a template can set. */
export class Namespace {
  readonly attributes: Map<string, Cell>;
  constructor(attributes: Map<string, Cell>) {
    this.attributes = attributes;
  }
}

/** The `loop` variable. */
export class LoopState {
  readonly items: readonly Cell[];
  readonly depth0: number;
  readonly recurse: Callable | null;
  /** Whether the items came from a user. */
  readonly user: boolean;
  index0 = 0;
  /** Arguments of the last `loop.changed(...)`. */
  last: readonly Cell[] | null = null;
  constructor(items: readonly Cell[], options: { depth0: number; recurse: Callable | null; user: boolean }) {
    this.items = items;
    this.depth0 = options.depth0;
    this.recurse = options.recurse;
    this.user = options.user;
  }
}

/** An object from outside: what it prints, what it gives one by one or by key, and what can be read of it. */
export class Thing {
  readonly type: string;
  readonly name: string;
  readonly text: string;
  readonly repr: string;
  /** The text or number that it is. */
  readonly base: Cell | undefined;
  readonly length: number | undefined;
  readonly items: readonly Cell[] | undefined;
  /** Whether an item can be had by its position. */
  readonly isIndexed: boolean;
  readonly entries: Dict | undefined;
  readonly #read: ReadonlyMap<string, () => Cell>;
  constructor(facts: {
    type: string;
    name: string;
    text: string;
    repr: string;
    base?: Cell;
    length?: number;
    items?: readonly Cell[];
    isIndexed?: boolean;
    entries?: Dict;
    read: ReadonlyMap<string, () => Cell>;
  }) {
    this.type = facts.type;
    this.name = facts.name;
    this.text = facts.text;
    this.repr = facts.repr;
    this.base = facts.base;
    this.length = facts.length;
    this.items = facts.items;
    this.isIndexed = facts.isIndexed ?? false;
    this.entries = facts.entries;
    this.#read = facts.read;
  }

  /** An attribute, made when it is asked for. */
  attribute(name: string): Cell | undefined {
    return this.#read.get(name)?.();
  }
}

/** What tells two dict keys apart. */
export function hashKey(key: Cell): unknown {
  if (typeof key === "string" || typeof key === "number" || key === null) return key;
  if (typeof key === "boolean") return key ? 1 : 0;
  if (typeof key === "bigint") return key;
  if (key instanceof Float) return key.value;
  if (key instanceof Tuple) return roomFor(`\u0000tuple:${key.items.map(hashPart).join("\u0000")}`);
  if (Array.isArray(key) || key instanceof Dict) fault("TypeError", `unhashable type: '${typeName(key)}'`);
  return key;
}

function hashPart(item: Cell): string {
  visit();
  return `${typeof item}:${String(hashKey(item))}`;
}

/** Python's name of the value's type, for messages. */
export function typeName(value: Cell): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (value instanceof Float) return "float";
  if (value instanceof ChatList) return "ChatInputList";
  if (Array.isArray(value)) return "list";
  if (value instanceof Dict) return "dict";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof DictView) return `dict_${value.kind}`;
  if (value instanceof Range) return "range";
  if (value instanceof Lazy) return value.type;
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Namespace) return "Namespace";
  if (value instanceof LoopState) return "LoopContext";
  if (value instanceof Callable) return "builtin_function_or_method";
  if (value instanceof Thing) return value.type;
  return "fragments" in value ? "str" : "Image";
}

/** How Jinja names an object in the message about a missing attribute. */
export function objectName(value: Cell): string {
  if (value instanceof Thing) return `${value.name} object`;
  return value === null ? "None" : `${typeName(value)} object`;
}
