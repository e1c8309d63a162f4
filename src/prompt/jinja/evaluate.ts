// Evaluates expressions. While it does, it notes whether anything that came from a user was touched (`user`): the mark
// then goes to the text that the expression makes, so that no detour through filters or variables washes it off.

import { RenderedText } from "../rendered-text.ts";
import { createAccess } from "./access.ts";
import type { Argument, Expression } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { toPairs } from "./dict-method.ts";
import { fault } from "./fault.ts";
import type { FilterTools } from "./filter/filter.ts";
import { FILTERS } from "./filter/index.ts";
import { Macro } from "./macro.ts";
import { Markup, asMarkup, escaped, escapedWithin, filtered, markupMethod, safeCall } from "./markup.ts";
import type { Access } from "./method.ts";
import { isFloating, negate, numeric, toIndex } from "./number.ts";
import { compare, operate } from "./operate.ts";
import { PREDICATES } from "./predicate.ts";
import { type Marked, type Scope, Sink } from "./scope.ts";
import { iterate, slice, sliceRange, truth } from "./sequence.ts";
import { characters, str } from "./text.ts";
import { type Call, type Cell, Dict, LoopState, Namespace, Range, Thing, Tuple, Undefined, typeName } from "./value.ts";

/** Filters that keep the marks of rendered text because they change none of its words. */
const KEEPING_FILTERS = new Set(["string", "safe", "trim", "default", "d"]);

export class Evaluator implements FilterTools {
  readonly budget: Budget;
  readonly access: Access;
  /** The line being worked on, for error messages. */
  line = 1;
  /** Set as soon as the expression at hand touches a user's value. */
  #user = false;
  /** Set once a list or dict was changed with a user's value in play; from then on all of them count as touched. */
  #hasLeaked = false;
  readonly #global: (name: string) => Marked;
  readonly #marks = new WeakMap<Namespace, Set<string>>();

  /** `global` answers for names that no scope knows. */
  constructor(budget: Budget, global: (name: string) => Marked, isSandboxed: boolean) {
    this.budget = budget;
    this.#global = global;
    this.access = createAccess(budget, {
      onChange: () => {
        if (this.#user) this.#hasLeaked = true;
      },
      isSandboxed,
    });
  }

  /** The value of an expression with its mark, leaving the marks of the expression around it alone. */
  marked(node: Expression, scope: Scope): Marked {
    const before = this.#user;
    this.#user = false;
    const marked = this.#settled(this.#value(node, scope));
    this.#user = before;
    return marked;
  }

  /** For conditions, whose outcome is no text. */
  isTrue(node: Expression, scope: Scope): boolean {
    return truth(this.marked(node, scope).value);
  }

  /** Applies a filter chain to text that a block has made. */
  filterText(chain: Expression, text: RenderedText, scope: Scope): Marked {
    const before = this.#user;
    this.#user = false;
    const marked = this.#settled(this.#value(chain, scope, text));
    this.#user = before;
    return marked;
  }

  /** What an expression gave, with the mark of what it touched. */
  #settled(value: Cell): Marked {
    if (value instanceof Markup) return { value: this.#user ? value.asUser : value, user: false };
    return { value, user: this.#user && !(value instanceof RenderedText) && isMarkable(value) };
  }

  setAttribute(target: Namespace, name: string, marked: Marked): void {
    target.attributes.set(name, marked.value);
    const marks = this.#marks.get(target) ?? new Set();
    if (marked.user) marks.add(name);
    else marks.delete(name);
    this.#marks.set(target, marks);
  }

  filter(name: string, value: Cell, call: Call): Cell {
    const apply = FILTERS.get(name) ?? fault("TemplateRuntimeError", `No filter named '${name}'.`);
    this.budget.step(4);
    return apply(value, call, this);
  }

  test(name: string, value: Cell, args: readonly Cell[]): boolean {
    const ask = PREDICATES.get(name) ?? fault("TemplateRuntimeError", `No test named '${name}'.`);
    this.budget.step();
    return ask(value, args, { filters: FILTERS, tests: PREDICATES, budget: this.budget });
  }

  find(name: string, scope: Scope): Cell {
    const { value, user } = scope.find(name) ?? this.#global(name);
    if (user && isMarkable(value)) this.#user = true;
    return this.#seen(value);
  }

  #seen(value: Cell): Cell {
    if (this.#hasLeaked && typeof value === "object" && value !== null && !(value instanceof RenderedText))
      this.#user = true;
    return value;
  }

  /** A value as most operations take it: rendered text becomes plain text, and its mark the expression's. */
  #plain(node: Expression, scope: Scope, subject?: RenderedText): Cell {
    return this.#flat(this.#value(node, scope, subject));
  }

  #flat(value: Cell): Cell {
    if (!(value instanceof RenderedText)) return value;
    if (value.hasUserText) this.#user = true;
    return value.text;
  }

  #value(node: Expression, scope: Scope, subject?: RenderedText): Cell {
    this.budget.step();
    if (node.line !== this.line && node.kind !== "constant") this.line = node.line;
    switch (node.kind) {
      case "constant":
        return node.value;
      case "name":
        return this.find(node.name, scope);
      case "list":
        return node.items.map((item) => this.#plain(item, scope));
      case "tuple":
        return new Tuple(node.items.map((item) => this.#plain(item, scope)));
      case "dict":
        return Dict.of(node.entries.map(([key, value]) => [this.#plain(key, scope), this.#plain(value, scope)]));
      case "attribute":
        return this.#attribute(this.#owner(node.target, scope), node.name);
      case "item":
        return this.#item(node, scope);
      case "slice":
        return fault("TypeError", "a slice stands alone");
      case "call":
        return this.#call(node.target, node.args, scope);
      case "filter":
        return this.#filter(node, scope, subject);
      case "test":
        return this.#quietly(() => this.#test(node, scope));
      case "binary":
        return this.#binary(node, scope);
      case "unary":
        return this.#unary(node, scope);
      case "logic": {
        const left = this.marked(node.left, scope);
        if (truth(left.value) === (node.operator === "or")) return this.#release(left);
        return this.#value(node.right, scope);
      }
      case "compare":
        return this.#quietly(() => this.#compare(node, scope));
      case "concat":
        return this.#concat(node.parts.map((part) => this.marked(part, scope)));
      case "choice":
        if (this.isTrue(node.test, scope)) return this.#value(node.whenTrue, scope);
        if (node.otherwise) return this.#value(node.otherwise, scope);
        return new Undefined(
          `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`,
        );
    }
  }

  /** `loop` gives numbers and words of the template, so that reading it marks nothing by itself. */
  #owner(node: Expression, scope: Scope): Cell {
    if (node.kind === "name") {
      const found = scope.find(node.name);
      if (found?.value instanceof LoopState) return found.value;
    }
    return this.#value(node, scope);
  }

  #attribute(owner: Cell, name: string): Cell {
    const target = this.#flat(owner);
    if (owner instanceof Markup) return markupMethod(name, this.access.attribute(target, name));
    if (target instanceof LoopState && (name === "previtem" || name === "nextitem") && target.user) this.#user = true;
    if (target instanceof Namespace && this.#marks.get(target)?.has(name)) this.#user = true;
    return this.#seen(this.access.attribute(target, name));
  }

  #item({ target, key }: Expression & { kind: "item" }, scope: Scope): Cell {
    const whole = this.#value(target, scope);
    const part = this.#part(this.#flat(whole), key, scope);
    return whole instanceof Markup ? asMarkup(part) : part;
  }

  #part(value: Cell, key: Expression, scope: Scope): Cell {
    if (key.kind !== "slice") return this.#seen(this.access.item(value, this.#plain(key, scope)));
    if (value instanceof Undefined) return value.fail();
    const bounds = [key.start, key.stop, key.step].map((bound) => this.#bound(bound, scope));
    if (typeof value === "string") return slice(characters(value), bounds).join("");
    if (Array.isArray(value)) return slice(value, bounds);
    if (value instanceof Tuple) return new Tuple(slice(value.items, bounds));
    if (value instanceof Range) return sliceRange(value, bounds);
    if (value instanceof Thing && value.isIndexed && value.items) return slice(value.items, bounds);
    if (value instanceof Dict) return fault("TypeError", "unhashable type: 'slice'");
    return fault("TypeError", `'${typeName(value)}' object is not subscriptable`);
  }

  #bound(node: Expression | undefined, scope: Scope): number | undefined {
    if (!node) return undefined;
    const value = this.#plain(node, scope);
    if (value === null) return undefined;
    return toIndex(value) ?? fault("TypeError", "slice indices must be integers or None or have an __index__ method");
  }

  #call(target: Expression, args: readonly Argument[], scope: Scope): Cell {
    const callee = this.#owner(target, scope);
    const macro = callee instanceof LoopState ? callee.recurse : callee;
    if (!(macro instanceof Macro)) {
      const call = this.#arguments(args, scope);
      return this.#seen(this.access.call(callee, call));
    }
    const positional: Marked[] = [];
    const named = new Map<string, Marked>();
    for (const { name, star, value: node } of args) {
      const marked = this.marked(node, scope);
      if (star === "*") positional.push(...iterate(marked.value).map((value) => ({ value, user: marked.user })));
      else if (star === "**") {
        for (const [key, value] of toPairs(marked.value)) named.set(str(key), { value, user: marked.user });
      } else if (name === undefined) positional.push(marked);
      else named.set(name, marked);
    }
    return macro.invoke(positional, named);
  }

  #arguments(nodes: readonly Argument[], scope: Scope): Call {
    const args: Cell[] = [];
    const named = new Map<string, Cell>();
    for (const { name, star, value: node } of nodes) {
      const value = this.#plain(node, scope);
      if (star === "*") for (const item of iterate(value)) args.push(item);
      else if (star === "**") for (const [key, item] of toPairs(value)) named.set(str(key), item);
      else if (name === undefined) args.push(value);
      else named.set(name, value);
    }
    return { args, named };
  }

  #filter(node: Expression & { kind: "filter" }, scope: Scope, subject?: RenderedText): Cell {
    const value = node.target ? this.#value(node.target, scope, subject) : (subject ?? "");
    if (value instanceof Markup && (node.name === "escape" || node.name === "e")) return value;
    if (value instanceof RenderedText && KEEPING_FILTERS.has(node.name)) {
      if (node.name === "safe") return new Markup(value.fragments);
      if (node.name !== "trim") return value;
      if (node.args.length === 0 && !(value instanceof Markup)) return value.trim();
    }
    if (!FILTERS.has(node.name)) fault("TemplateRuntimeError", `No filter named '${node.name}' found.`);
    const given = this.#arguments(node.args, scope);
    const call = value instanceof Markup && node.name === "format" ? safeCall("format", given) : given;
    this.line = node.line;
    return this.#seen(filtered(node.name, value, this.filter(node.name, this.#flat(value), call)));
  }

  #test({ target, name, args }: Expression & { kind: "test" }, scope: Scope): boolean {
    const value = this.#value(target, scope);
    if (!PREDICATES.has(name)) fault("TemplateRuntimeError", `No test named '${name}' found.`);
    if (name === "escaped" && value instanceof Markup) return true;
    return this.test(name, this.#flat(value), this.#arguments(args, scope).args);
  }

  #binary(node: Expression & { kind: "binary" }, scope: Scope): Cell {
    const left = this.marked(node.left, scope);
    const right = this.marked(node.right, scope);
    const areTexts = isText(left.value) && isText(right.value);
    const isMarkup = left.value instanceof Markup || right.value instanceof Markup;
    if (node.operator === "+" && areTexts) return isMarkup ? this.#joined([left, right]) : this.#concat([left, right]);
    const fills = node.operator === "%" && left.value instanceof Markup;
    const [a, b] = [this.#release(left), this.#release(right)];
    const result = operate(node.operator, this.#flat(a), this.#flat(fills ? escapedWithin(b) : b), this.budget);
    return fills || (node.operator === "*" && isMarkup) ? asMarkup(result) : result;
  }

  /** Joins texts of which one is HTML. */
  #joined(parts: readonly Marked[]): Markup {
    const whole = this.#concat(parts.map(({ value, user }) => ({ value: escaped(value), user })));
    return whole instanceof RenderedText ? new Markup(whole.fragments) : Markup.of(str(whole));
  }

  /** Joins texts; where marked and unmarked ones meet, the result remembers which is which. */
  #concat(parts: readonly Marked[]): Cell {
    if (!parts.some(({ value, user }) => user || value instanceof RenderedText)) {
      const texts = parts.map(({ value }) => str(value));
      this.budget.room(texts.reduce((sum, text) => sum + text.length, 0));
      return texts.join("");
    }
    const sink = new Sink(this.budget);
    for (const { value, user } of parts) {
      if (value instanceof RenderedText) sink.writeAll(value.fragments);
      else sink.write(str(value), user);
    }
    return new RenderedText(sink.fragments);
  }

  #unary(node: Expression & { kind: "unary" }, scope: Scope): Cell {
    if (node.operator === "not") return !this.isTrue(node.operand, scope);
    const value = this.#plain(node.operand, scope);
    if (value instanceof Undefined) return value.fail();
    const number = numeric(value);
    if (number === undefined)
      return fault("TypeError", `bad operand type for unary ${node.operator}: '${typeName(value)}'`);
    if (node.operator === "+") return number;
    return isFloating(number) || number !== 0 ? negate(number) : 0;
  }

  #compare({ first, rest }: Expression & { kind: "compare" }, scope: Scope): boolean {
    let left = this.#plain(first, scope);
    for (const { operator, operand } of rest) {
      const right = this.#plain(operand, scope);
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  #release({ value, user }: Marked): Cell {
    if (user) this.#user = true;
    return value;
  }

  /** Runs something whose result is a truth value, which carries no words of a user. */
  #quietly(run: () => boolean): boolean {
    const before = this.#user;
    const result = run();
    this.#user = before;
    return result;
  }
}

/** Only what can hold words can carry a user's words. */
function isMarkable(value: Cell): boolean {
  return !(value === null || typeof value === "boolean" || numeric(value) !== undefined || value instanceof Undefined);
}

function isText(value: Cell): boolean {
  return typeof value === "string" || value instanceof RenderedText;
}
