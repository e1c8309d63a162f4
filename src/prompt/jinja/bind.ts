// Arguments of built-in functions, filters and methods.

import { fault } from "./fault.ts";
import { toIndex } from "./number.ts";
import { type Call, type Cell, typeName } from "./value.ts";

/** Arguments by parameter name; what was not given is absent. */
export class Bound {
  readonly #values: Map<string, Cell>;
  readonly rest: readonly Cell[];

  constructor(values: Map<string, Cell>, rest: readonly Cell[]) {
    this.#values = values;
    this.rest = rest;
  }

  get(name: string): Cell | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A text argument. @throws Fault TypeError for anything else, which `wrong` may word. */
  text(name: string, fallback: string, wrong?: (type: string) => string): string {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (typeof value === "string") return value;
    const type = typeName(value);
    return fault("TypeError", wrong?.(type) ?? `argument '${name}' must be str, not ${type}`);
  }

  /** A text argument, or null when it is absent or None. */
  optionalText(name: string): string | null {
    return this.get(name) === undefined || this.get(name) === null ? null : this.text(name, "");
  }

  integer(name: string, fallback: number): number {
    const value = this.get(name);
    if (value === undefined) return fallback;
    return toIndex(value) ?? fault("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
  }
}

/** Gives each parameter its argument; with `"*"` as the last parameter any number of positional ones may follow. */
export function bind(name: string, call: Call, parameters: readonly string[]): Bound {
  const takesRest = parameters.at(-1) === "*";
  const names = takesRest ? parameters.slice(0, -1) : parameters;
  if (call.args.length > names.length && !takesRest) {
    fault("TypeError", `${name}() takes at most ${names.length} arguments (${call.args.length} given)`);
  }
  const values = new Map<string, Cell>();
  names.forEach((parameter, index) => {
    const value = call.args[index];
    if (value !== undefined) values.set(parameter, value);
  });
  for (const [key, value] of call.named) {
    if (!names.includes(key)) fault("TypeError", `${name}() got an unexpected keyword argument '${key}'`);
    if (values.has(key)) fault("TypeError", `${name}() got multiple values for argument '${key}'`);
    values.set(key, value);
  }
  return new Bound(values, call.args.slice(names.length));
}

/** As `bind`, for the methods of Python's own types, which take no names and word their complaints in another way. */
export function bindNative(
  [type, name]: readonly [type: string, name: string],
  call: Call,
  required: readonly string[],
  optional: readonly string[] = [],
): Bound {
  const given = call.args.length;
  if (call.named.size > 0) fault("TypeError", `${type}.${name}() takes no keyword arguments`);
  const [least, most] = [required.length, required.length + optional.length];
  if (given >= least && given <= most) return bind(name, call, [...required, ...optional]);
  if (most === 0) fault("TypeError", `${type}.${name}() takes no arguments (${given} given)`);
  if (least === 1 && most === 1) fault("TypeError", `${type}.${name}() takes exactly one argument (${given} given)`);
  const bound = given < least ? least : most;
  const limit = least === most ? "" : given < least ? "at least " : "at most ";
  return fault("TypeError", `${name} expected ${limit}${bound} argument${bound === 1 ? "" : "s"}, got ${given}`);
}

/** As `bind`, for functions whose first parameters must be given. */
export function bindRequired(
  name: string,
  call: Call,
  required: readonly string[],
  optional: readonly string[] = [],
): Bound {
  const bound = bind(name, call, [...required, ...optional]);
  const missing = required.filter((parameter) => !bound.has(parameter)).map((parameter) => `'${parameter}'`);
  if (missing.length > 0) {
    const list = missing.length > 1 ? `${missing.slice(0, -1).join(", ")} and ${missing.at(-1)}` : missing[0];
    const plural = missing.length > 1 ? "s" : "";
    fault("TypeError", `${name}() missing ${missing.length} required positional argument${plural}: ${list}`);
  }
  return bound;
}
