// Attributes and items. This is the wall of the sandbox: what is not answered here can not be reached.

import { Image } from "../image.ts";
import { RenderedText } from "../rendered-text.ts";
import type { Budget } from "./budget.ts";
import { DICT_METHODS } from "./dict-method.ts";
import { fault } from "./fault.ts";
import { LIST_METHODS, RANGE_METHODS, TUPLE_METHODS } from "./list-method.ts";
import { loopAttribute } from "./loop.ts";
import type { Access, Method } from "./method.ts";
import { numeric, toIndex } from "./number.ts";
import { numberAttribute, numberMethods } from "./number-method.ts";
import { at, lengthOf } from "./sequence.ts";
import { TEXT_METHODS } from "./text-method.ts";
import { characters, repr } from "./text.ts";
import {
  Beyond,
  type Call,
  Callable,
  type Cell,
  Dict,
  LoopState,
  Namespace,
  Range,
  Thing,
  Tuple,
  Undefined,
  objectName,
  typeName,
} from "./value.ts";

export interface AccessOptions {
  /** Hears of every list or dict that a method may have changed, with the arguments it got. */
  onChange: (changed: Cell) => void;
  /** Whether an attribute such as `__class__` is refused; without it, it gives a class' name or nothing. */
  isSandboxed: boolean;
}

export function createAccess(budget: Budget, { onChange, isSandboxed }: AccessOptions): Access {
  const internal = isSandboxed ? unsafe : behind;
  const access: Access = {
    attribute(target, name) {
      if (target instanceof Undefined) return target instanceof Beyond ? target : target.fail();
      const found = attributeOf(target, name);
      if (found !== undefined) return found;
      const held = target instanceof Thing ? target.entries : target;
      if (held instanceof Dict && held.has(name)) return held.get(name) as Cell;
      return /^__\w+__$/.test(name) ? internal(target, name) : missing(target, name);
    },
    item(target, key) {
      if (target instanceof Undefined) return target instanceof Beyond ? target : target.fail();
      const found = itemOf(target, key);
      if (found !== undefined) return found;
      if (typeof key !== "string") return missing(target, key);
      const attribute = attributeOf(target, key);
      if (attribute !== undefined) return attribute;
      return /^__\w+__$/.test(key) ? internal(target, key) : missing(target, key);
    },
    call(target, call) {
      if (target instanceof Callable) return target.call(call);
      if (target instanceof LoopState && target.recurse) return target.recurse.call(call);
      if (target instanceof LoopState) {
        return fault("TypeError", "The loop must have the 'recursive' marker to be called recursively.");
      }
      if (target instanceof Undefined) return target instanceof Beyond ? target : target.fail();
      return fault("TypeError", `'${typeName(target)}' object is not callable`);
    },
  };

  function attributeOf(target: Cell, name: string): Cell | undefined {
    if (target instanceof Namespace) return target.attributes.get(name);
    if (target instanceof Callable) return target.attributes.get(name);
    if (target instanceof LoopState) return loopAttribute(target, name);
    if (target instanceof Thing) return thingAttribute(target, name);
    if (target instanceof Tuple && target.names.includes(name)) return target.items[target.names.indexOf(name)];
    if (target instanceof Image && name === "source_url") return target.sourceUrl;
    const method = methodsOf(target)?.get(name);
    if (!method) return target instanceof Range ? rangeAttribute(target, name) : numberAttribute(target, name);
    const shown = `<built-in method ${name} of ${typeName(target)} object>`;
    const run = (call: Call): Cell => {
      budget.step(8);
      const result = method(target as never, call, { access, budget });
      if (Array.isArray(target) || target instanceof Dict) onChange(target);
      return result;
    };
    return new Callable(name, run, { shown });
  }

  function thingAttribute(target: Thing, name: string): Cell | undefined {
    const found = target.attribute(name);
    return found === undefined && target.base !== undefined ? attributeOf(target.base, name) : found;
  }

  return access;
}

function methodsOf(target: Cell): ReadonlyMap<string, Method<never>> | undefined {
  if (typeof target === "string" || target instanceof RenderedText) return TEXT_METHODS;
  if (Array.isArray(target)) return LIST_METHODS;
  if (target instanceof Dict) return DICT_METHODS;
  if (target instanceof Tuple) return TUPLE_METHODS;
  if (target instanceof Range) return RANGE_METHODS;
  const number = numeric(target);
  return number === undefined ? undefined : numberMethods(number);
}

function rangeAttribute(range: Range, name: string): Cell | undefined {
  if (name === "start" || name === "stop" || name === "step") return range[name];
  return undefined;
}

function itemOf(target: Cell, key: Cell): Cell | undefined {
  if (target instanceof Dict) {
    if (Array.isArray(key) || key instanceof Dict) return undefined;
    return target.get(key);
  }
  if (target instanceof Thing) return thingItem(target, key);
  const index = toIndex(key);
  if (index === undefined) return undefined;
  if (typeof target === "string") return at(characters(target), index);
  if (Array.isArray(target)) return at(target, index);
  if (target instanceof Tuple) return at(target.items, index);
  if (target instanceof Image) return at([...target.bytes], index);
  if (target instanceof Range) {
    const position = index < 0 ? index + (lengthOf(target) ?? 0) : index;
    return position >= 0 && position < target.length ? target.start + position * target.step : undefined;
  }
  return undefined;
}

function thingItem({ base, entries, items, isIndexed }: Thing, key: Cell): Cell | undefined {
  if (base !== undefined) return itemOf(base, key);
  if (entries) return itemOf(entries, key);
  return isIndexed && items ? itemOf([...items], key) : undefined;
}

export function missing(target: Cell, name: Cell): Undefined {
  if (typeof name === "string") return new Undefined(`'${objectName(target)}' has no attribute '${name}'`);
  return new Undefined(`${objectName(target)} has no element ${repr(name)}`);
}

function unsafe(target: Cell, name: string): Undefined {
  return new Undefined(`access to attribute '${name}' of '${typeName(target)}' object is unsafe.`, "SecurityError");
}

/** What Python has there without a sandbox, as far as it is harmless: the name of a class. */
function behind(target: Cell, name: string): Cell {
  if (name !== "__class__") return new Beyond(`'${objectName(target)}' has no attribute '${name}'`);
  const type = typeName(target);
  const shown = `<class '${type}'>`;
  const read = ["__name__", "__qualname__"].map((key) => [key, () => type] as const);
  return new Thing({ type: "type", name: "type", text: shown, repr: shown, read: new Map(read) });
}
