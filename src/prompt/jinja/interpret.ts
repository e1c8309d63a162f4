// Runs the statements of a template.

import { RenderedText } from "../rendered-text.ts";
import type { Expression, Signature, Statement, Target } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { Evaluator } from "./evaluate.ts";
import { fault } from "./fault.ts";
import { Macro } from "./macro.ts";
import { type Marked, Scope, Sink } from "./scope.ts";
import { iterate, itemsOf } from "./sequence.ts";
import { repr, str } from "./text.ts";
import { type Cell, Dict, LoopState, Namespace, Tuple, Undefined, typeName } from "./value.ts";

const MAX_CALL_DEPTH = 100;

export class Interpreter {
  readonly #evaluator: Evaluator;
  readonly #budget: Budget;
  #depth = 0;

  constructor(budget: Budget, global: (name: string) => Marked, isSandboxed: boolean) {
    this.#budget = budget;
    this.#evaluator = new Evaluator(budget, global, isSandboxed);
  }

  get line(): number {
    return this.#evaluator.line;
  }

  run(template: readonly Statement[]): RenderedText {
    return this.#capture(template, new Scope(null));
  }

  #capture(body: readonly Statement[], scope: Scope): RenderedText {
    const sink = new Sink(this.#budget);
    this.#body(body, scope, sink);
    return new RenderedText(sink.fragments);
  }

  #body(body: readonly Statement[], scope: Scope, sink: Sink): void {
    for (const statement of body) this.#statement(statement, scope, sink);
  }

  #statement(node: Statement, scope: Scope, sink: Sink): void {
    this.#budget.step();
    if (node.kind === "text") return sink.write(node.text, false);
    this.#evaluator.line = node.line;
    switch (node.kind) {
      case "print":
        return this.#print(this.#evaluator.marked(node.value, scope), sink);
      case "if": {
        const branch = node.branches.find(({ test }) => this.#evaluator.isTrue(test, scope));
        return this.#body(branch ? branch.body : node.otherwise, scope, sink);
      }
      case "for":
        return this.#for(node, scope, sink);
      case "set":
        this.#settable(node.target, scope);
        return this.#assign(node.target, this.#evaluator.marked(node.value, scope), scope);
      case "capture": {
        const text = this.#capture(node.body, new Scope(scope));
        const marked = node.filter
          ? this.#evaluator.filterText(node.filter, text, scope)
          : { value: text, user: false };
        return this.#assign(node.target, marked, scope);
      }
      case "with": {
        const inner = new Scope(scope);
        const values = node.bindings.map(({ value }) => this.#evaluator.marked(value, scope));
        node.bindings.forEach(({ target }, index) => this.#assign(target, values[index] as Marked, inner));
        return this.#body(node.body, inner, sink);
      }
      case "macro":
        return scope.set(node.name, { value: this.#macro(node.name, node.signature, scope), user: false });
      case "callBlock":
        return this.#callBlock(node, scope, sink);
      case "filterBlock": {
        const text = this.#capture(node.body, new Scope(scope));
        return this.#print(this.#evaluator.filterText(node.filter, text, scope), sink);
      }
      case "block":
        return this.#body(node.body, new Scope(scope), sink);
      case "load":
        return fault("TypeError", "no loader for this environment specified");
    }
  }

  #print({ value, user }: Marked, sink: Sink): void {
    if (value instanceof RenderedText) sink.writeAll(value.fragments);
    else sink.write(str(value), user);
  }

  /** As in Jinja, what takes no attributes is told before the value is made. */
  #settable(target: Target, scope: Scope): void {
    if (target.kind === "tuple") for (const item of target.items) this.#settable(item, scope);
    if (target.kind === "namespace") this.#namespace(target.name, scope);
  }

  #namespace(name: string, scope: Scope): Namespace {
    const found = this.#evaluator.find(name, scope);
    if (found instanceof Namespace) return found;
    return fault("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
  }

  #assign(target: Target, { value, user }: Marked, scope: Scope): void {
    if (target.kind === "name") return scope.set(target.name, { value, user });
    if (target.kind === "namespace") {
      return this.#evaluator.setAttribute(this.#namespace(target.name, scope), target.attribute, { value, user });
    }
    const isMarked = user || (value instanceof RenderedText && value.hasUserText);
    const items = itemsOf(value instanceof RenderedText ? value.text : value);
    if (!items) return fault("TypeError", `cannot unpack non-iterable ${typeName(value)} object`);
    const wanted = target.items.length;
    if (items.length < wanted) {
      fault("ValueError", `not enough values to unpack (expected ${wanted}, got ${items.length})`);
    }
    if (items.length > wanted) fault("ValueError", `too many values to unpack (expected ${wanted})`);
    target.items.forEach((inner, index) => this.#assign(inner, { value: items[index] as Cell, user: isMarked }, scope));
  }

  #for(node: Statement & { kind: "for" }, scope: Scope, sink: Sink): void {
    const round = (iterable: Marked, depth0: number, out: Sink): void => {
      const user = iterable.user || (iterable.value instanceof RenderedText && iterable.value.hasUserText);
      const source = iterable.value instanceof RenderedText ? iterable.value.text : iterable.value;
      const items = this.#chosen(node, { items: iterate(source), user }, scope);
      if (items.length === 0) return this.#body(node.otherwise, new Scope(scope), out);
      const recurse = node.recursive ? this.#recursion(depth0, round) : null;
      const loop = new LoopState(items, { depth0, recurse, user });
      for (const item of items) {
        this.#budget.step();
        const inner = new Scope(scope);
        inner.set("loop", { value: loop, user: false });
        this.#assign(node.target, { value: item, user }, inner);
        this.#body(node.body, inner, out);
        loop.index0++;
      }
    };
    round(this.#evaluator.marked(node.iterable, scope), 0, sink);
  }

  /** The items that pass the loop's own `if`. */
  #chosen(
    { condition, target }: { condition: Expression | null; target: Target },
    { items, user }: { items: readonly Cell[]; user: boolean },
    scope: Scope,
  ): readonly Cell[] {
    if (!condition) return [...items];
    return items.filter((item) => {
      const inner = new Scope(scope);
      this.#assign(target, { value: item, user }, inner);
      return this.#evaluator.isTrue(condition, inner);
    });
  }

  #recursion(depth0: number, round: (iterable: Marked, depth0: number, out: Sink) => void): Macro {
    const invoke = (args: readonly Marked[]): RenderedText =>
      this.#nested(() => {
        const [iterable] = args;
        if (!iterable) return fault("TypeError", "loop() needs the items to walk through");
        const out = new Sink(this.#budget);
        round(iterable, depth0 + 1, out);
        return new RenderedText(out.fragments);
      });
    return new Macro("loop", invoke, ["iterable"]);
  }

  #nested(run: () => RenderedText): RenderedText {
    if (this.#depth >= MAX_CALL_DEPTH) fault("RecursionError", "maximum recursion depth exceeded");
    this.#depth++;
    const text = run();
    this.#depth--;
    return text;
  }

  #callBlock(node: Statement & { kind: "callBlock" }, scope: Scope, sink: Sink): void {
    if (node.call.kind !== "call") return;
    const inner = new Scope(scope);
    const caller = this.#macro(null, node.signature, scope);
    inner.set("caller", { value: caller, user: false });
    const { line } = node;
    const args = [...node.call.args, { name: "caller", value: { kind: "name", name: "caller", line } as const }];
    this.#print(this.#evaluator.marked({ ...node.call, args }, inner), sink);
  }

  #macro(name: string | null, signature: Signature, scope: Scope): Macro {
    const names = signature.parameters.map((parameter) => parameter.name);
    const invoke = (args: readonly Marked[], named: ReadonlyMap<string, Marked>): RenderedText =>
      this.#nested(() => {
        const inner = new Scope(scope);
        this.#bind({ name, signature }, { args, named: new Map(named) }, inner);
        return this.#capture(signature.body, inner);
      });
    return new Macro(name, invoke, names);
  }

  #bind(
    { name, signature }: { name: string | null; signature: Signature },
    { args, named }: { args: readonly Marked[]; named: Map<string, Marked> },
    scope: Scope,
  ): void {
    const { parameters, uses } = signature;
    const given = parameters.map((parameter, index) => args[index] ?? named.get(parameter.name));
    for (const { name: parameter } of parameters.slice(args.length)) named.delete(parameter);
    if (uses.caller && !parameters.some((parameter) => parameter.name === "caller")) {
      scope.set("caller", named.get("caller") ?? { value: new Undefined("No caller defined"), user: false });
      named.delete("caller");
    }
    const [unknown] = named.keys();
    const anyUser = [...named.values()].some(({ user }) => user);
    if (uses.kwargs) {
      const rest = [...named].map(([key, { value }]): [Cell, Cell] => [key, value]);
      scope.set("kwargs", { value: Dict.of(rest), user: anyUser });
    } else if (named.has("caller")) {
      fault(
        "TypeError",
        `macro ${repr(name)} was invoked with two values for the special caller argument. This is most likely a bug.`,
      );
    } else if (unknown !== undefined) {
      fault("TypeError", `macro ${repr(name)} takes no keyword argument ${repr(unknown)}`);
    }
    const rest = args.slice(parameters.length);
    if (uses.varargs) {
      scope.set("varargs", { value: new Tuple(rest.map(({ value }) => value)), user: rest.some(({ user }) => user) });
    } else if (rest.length > 0) {
      fault("TypeError", `macro ${repr(name)} takes not more than ${parameters.length} argument(s)`);
    }
    parameters.forEach((parameter, index) => {
      const missing = { value: new Undefined(`parameter '${parameter.name}' was not provided`), user: false };
      const fallback = (): Marked => (parameter.fallback ? this.#evaluator.marked(parameter.fallback, scope) : missing);
      scope.set(parameter.name, given[index] ?? fallback());
    });
  }
}
