// The variables that a template takes from its context, as `jinja2.meta.find_undeclared_variables` sees them.
//
// Jinja decides scopes before it runs anything, and flow inputs are derived from its answer, so its quirks count:
// a scope is read whole before the scopes inside it, and a name that only some branches of an `if` set stays free.

import type { Expression, Signature, Statement } from "./ast.ts";
import { GLOBAL_NAMES } from "./global-name.ts";
import { assigned, namespaces, operands } from "./walk.ts";

/** Names in the order of their first use. */
export function undeclaredVariables(template: Statement[]): string[] {
  const free = new Set<string>();
  new Frame(null, free).analyse(template);
  return [...free].filter((name) => !GLOBAL_NAMES.has(name) && name !== "self");
}

class Frame {
  readonly #parent: Frame | null;
  readonly #free: Set<string>;
  #known = new Set<string>();
  #stored = new Set<string>();
  #inner: (() => void)[] = [];

  constructor(parent: Frame | null, free: Set<string>) {
    this.#parent = parent;
    this.#free = free;
  }

  analyse(body: Statement[], names: string[] = [], fallbacks: Expression[] = []): void {
    for (const name of names) this.#store(name);
    for (const fallback of fallbacks) this.#read(fallback);
    this.#body(body);
    this.#settle();
  }

  /** Looks at the frames inside, now that this one is read whole. */
  #settle(): void {
    for (const analyse of this.#inner) analyse();
  }

  #knows(name: string): boolean {
    return this.#known.has(name) || this.#isKnownOutside(name);
  }

  #isKnownOutside(name: string): boolean {
    const parent = this.#parent;
    return parent !== null && parent.#knows(name);
  }

  #load(name: string): void {
    if (this.#knows(name)) return;
    this.#known.add(name);
    this.#free.add(name);
  }

  #store(name: string): void {
    this.#known.add(name);
    this.#stored.add(name);
  }

  #read(node: Expression): void {
    if (node.kind === "name") this.#load(node.name);
    else for (const operand of operands(node)) this.#read(operand);
  }

  #body(body: Statement[]): void {
    for (const statement of body) this.#statement(statement);
  }

  #statement(node: Statement): void {
    switch (node.kind) {
      case "text":
        return;
      case "print":
        return this.#read(node.value);
      case "if":
        return this.#if(node);
      case "for": {
        this.#read(node.iterable);
        const names = assigned(node.target);
        this.#open(node.body, ["loop", ...names]);
        this.#open(node.otherwise, []);
        const { condition } = node;
        if (condition) this.#inner.push(() => this.#child().analyse([], names, [condition]));
        return;
      }
      case "set":
        this.#read(node.value);
        namespaces(node.target).forEach((name) => this.#load(name));
        return assigned(node.target).forEach((name) => this.#store(name));
      case "capture":
        assigned(node.target).forEach((name) => this.#store(name));
        return this.#open(node.body, [], node.filter ? [node.filter] : []);
      case "with":
        node.bindings.forEach(({ value }) => this.#read(value));
        return this.#open(
          node.body,
          node.bindings.flatMap(({ target }) => assigned(target)),
        );
      case "macro":
        this.#store(node.name);
        return this.#macro(node.signature);
      case "callBlock":
        this.#read(node.call);
        return this.#macro(node.signature);
      case "filterBlock":
        this.#read(node.filter);
        return this.#open(node.body, []);
      case "block":
        this.#inner.push(() => new Frame(null, this.#free).analyse(node.body, ["super"]));
        return;
      case "load":
        this.#read(node.source);
        return node.names.forEach((name) => this.#store(name));
    }
  }

  #child(): Frame {
    return new Frame(this, this.#free);
  }

  #open(body: Statement[], names: string[], extra: Expression[] = []): void {
    this.#inner.push(() => this.#child().analyse(body, names, extra));
  }

  #macro({ parameters, body }: Signature): void {
    const names = [...parameters.map(({ name }) => name), "caller", "varargs", "kwargs"];
    this.#open(
      body,
      names,
      parameters.map(({ fallback }) => fallback).filter((fallback) => fallback !== null),
    );
  }

  /** Jinja counts three branches: the first body, all `elif` parts together, and `else`. */
  #if(node: Statement & { kind: "if" }): void {
    const [first, ...others] = node.branches;
    if (!first) return;
    this.#read(first.test);
    const elifs: Statement[] =
      others.length > 0 ? [{ kind: "if", branches: others, otherwise: [], line: node.line }] : [];
    const known = this.#known;
    const stored = this.#stored;
    const counts = new Map<string, number>();
    const mergedKnown = new Set(known);
    const mergedStored = new Set(stored);
    for (const body of [first.body, elifs, node.otherwise]) {
      this.#known = new Set(known);
      this.#stored = new Set(stored);
      this.#body(body);
      for (const name of this.#known) mergedKnown.add(name);
      for (const name of this.#stored) {
        mergedStored.add(name);
        if (!stored.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    this.#known = mergedKnown;
    this.#stored = mergedStored;
    for (const [name, count] of counts) {
      if (count < 3 && !this.#isKnownOutside(name)) this.#free.add(name);
    }
  }
}
