// What operators stand between: names, literals, brackets, and all that may follow them - attributes, subscripts, calls, filters
// and tests.

import type { Argument, Expression } from "./ast.ts";
import { type Cursor, describe } from "./cursor.ts";

const CONSTANTS: Record<string, boolean | null> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
};

/** How the expressions within an operand are parsed. */
export interface Nested {
  expression(): Expression;
  /** What stands behind `(`: an expression or a tuple. */
  parenthesised(): Expression;
}

export class OperandParser {
  readonly #cursor: Cursor;
  readonly #nested: Nested;

  constructor(cursor: Cursor, nested: Nested) {
    this.#cursor = cursor;
    this.#nested = nested;
  }

  /** An operand, or one with its sign, with all that follows it; filters and tests only where they may. */
  followed(node: Expression, withFilter: boolean): Expression {
    const target = this.#postfix(node);
    return withFilter ? this.#filtered(target) : target;
  }

  /** A name, a literal, or what stands in brackets. */
  primary(): Expression {
    const cursor = this.#cursor;
    const token = cursor.current;
    const { line } = token;
    if (token.type === "name") {
      cursor.next();
      const value = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
      return value === undefined ? { kind: "name", name: token.text, line } : { kind: "constant", value, line };
    }
    if (token.type === "string") {
      let value = "";
      while (cursor.is("string")) value += cursor.next().text;
      return { kind: "constant", value, line };
    }
    if (token.number !== undefined) {
      cursor.next();
      return { kind: "constant", value: token.number, line };
    }
    if (cursor.skip("operator", "(")) {
      const node = this.#nested.parenthesised();
      cursor.expect("operator", ")");
      return node;
    }
    if (cursor.isOperator("[")) return this.#list();
    if (cursor.isOperator("{")) return this.#dict();
    return cursor.fail(`unexpected '${describe(token)}'`);
  }

  #list(): Expression {
    const { line } = this.#cursor.expect("operator", "[");
    const items: Expression[] = [];
    while (!this.#cursor.isOperator("]")) {
      if (items.length > 0) this.#cursor.expect("operator", ",");
      if (this.#cursor.isOperator("]")) break;
      items.push(this.#nested.expression());
    }
    this.#cursor.expect("operator", "]");
    return { kind: "list", items, line };
  }

  #dict(): Expression {
    const { line } = this.#cursor.expect("operator", "{");
    const entries: [Expression, Expression][] = [];
    while (!this.#cursor.isOperator("}")) {
      if (entries.length > 0) this.#cursor.expect("operator", ",");
      if (this.#cursor.isOperator("}")) break;
      const key = this.#nested.expression();
      this.#cursor.expect("operator", ":");
      entries.push([key, this.#nested.expression()]);
    }
    this.#cursor.expect("operator", "}");
    return { kind: "dict", entries, line };
  }

  #postfix(node: Expression): Expression {
    let target = node;
    for (;;) {
      if (this.#cursor.isOperator(".")) target = this.#attribute(target);
      else if (this.#cursor.isOperator("[")) target = this.#subscript(target);
      else if (this.#cursor.isOperator("(")) target = this.#call(target);
      else return target;
    }
  }

  #attribute(target: Expression): Expression {
    const { line } = this.#cursor.expect("operator", ".");
    const token = this.#cursor.next();
    if (token.type === "name") return { kind: "attribute", target, name: token.text, line };
    if (token.type !== "integer") this.#cursor.fail("expected name or number", token.line);
    return { kind: "item", target, key: { kind: "constant", value: token.number ?? 0, line }, line };
  }

  #subscript(target: Expression): Expression {
    const { line } = this.#cursor.expect("operator", "[");
    const keys: Expression[] = [];
    while (!this.#cursor.isOperator("]")) {
      if (keys.length > 0) this.#cursor.expect("operator", ",");
      keys.push(this.#key());
    }
    this.#cursor.expect("operator", "]");
    const [only] = keys;
    const key: Expression = keys.length === 1 && only ? only : { kind: "tuple", items: keys, line };
    return { kind: "item", target, key, line };
  }

  #key(): Expression {
    const cursor = this.#cursor;
    const { line } = cursor.current;
    const start = cursor.isOperator(":") ? undefined : this.#nested.expression();
    if (start !== undefined && !cursor.isOperator(":")) return start;
    const part = (): Expression | undefined => {
      if (!cursor.skip("operator", ":")) return undefined;
      const ends = cursor.isOperator(":") || cursor.isOperator("]") || cursor.isOperator(",");
      return ends ? undefined : this.#nested.expression();
    };
    const stop = part();
    const step = part();
    return { kind: "slice", line, ...(start && { start }), ...(stop && { stop }), ...(step && { step }) };
  }

  #call(target: Expression): Expression {
    const { line } = this.#cursor.current;
    return { kind: "call", target, args: this.#arguments(), line };
  }

  #arguments(): Argument[] {
    const cursor = this.#cursor;
    const { line } = cursor.expect("operator", "(");
    const args: Argument[] = [];
    const seen = (test: (argument: Argument) => boolean): boolean => args.some(test);
    const ensure = (holds: boolean): void => {
      if (!holds) cursor.fail("invalid syntax for function call expression", line);
    };
    while (!cursor.isOperator(")")) {
      if (args.length > 0) cursor.expect("operator", ",");
      if (cursor.isOperator(")")) break;
      if (cursor.skip("operator", "*")) {
        ensure(!seen(({ star }) => star !== undefined));
        args.push({ star: "*", value: this.#nested.expression() });
      } else if (cursor.skip("operator", "**")) {
        ensure(!seen(({ star }) => star === "**"));
        args.push({ star: "**", value: this.#nested.expression() });
      } else if (cursor.is("name") && cursor.ahead.type === "operator" && cursor.ahead.text === "=") {
        ensure(!seen(({ star }) => star === "**"));
        const name = cursor.next().text;
        cursor.next();
        args.push({ name, value: this.#nested.expression() });
      } else {
        ensure(!seen(({ star, name }) => star !== undefined || name !== undefined));
        args.push({ value: this.#nested.expression() });
      }
    }
    cursor.expect("operator", ")");
    return args;
  }

  #filtered(node: Expression): Expression {
    let target = node;
    for (;;) {
      if (this.#cursor.isOperator("|")) target = this.filters(target, false) as Expression;
      else if (this.#cursor.isWord("is")) target = this.#test(target);
      else if (this.#cursor.isOperator("(")) target = this.#call(target);
      else return target;
    }
  }

  filters(node: Expression | null, startInline: boolean): Expression | null {
    let target = node;
    let inline = startInline;
    while (inline || this.#cursor.skip("operator", "|")) {
      inline = false;
      const { line } = this.#cursor.current;
      const name = this.#dottedName();
      const args = this.#cursor.isOperator("(") ? this.#arguments() : [];
      target = { kind: "filter", target, name, args, line };
    }
    return target;
  }

  #dottedName(): string {
    let name = this.#cursor.expect("name").text;
    while (this.#cursor.skip("operator", ".")) name += `.${this.#cursor.expect("name").text}`;
    return name;
  }

  #test(target: Expression): Expression {
    const cursor = this.#cursor;
    const { line } = cursor.expect("name", "is");
    const isNegated = cursor.skip("name", "not");
    const name = this.#dottedName();
    let args: Argument[] = [];
    if (cursor.isOperator("(")) args = this.#arguments();
    else if (this.#beginsTestArgument()) {
      if (cursor.isWord("is")) cursor.fail("You cannot chain multiple tests with is");
      args = [{ value: this.#postfix(this.primary()) }];
    }
    const test: Expression = { kind: "test", target, name, args, line };
    return isNegated ? { kind: "unary", operator: "not", operand: test, line } : test;
  }

  #beginsTestArgument(): boolean {
    const cursor = this.#cursor;
    if (cursor.is("name")) return !["else", "or", "and"].includes(cursor.current.text);
    return (
      cursor.is("string") ||
      cursor.is("integer") ||
      cursor.is("float") ||
      cursor.isOperator("[") ||
      cursor.isOperator("{")
    );
  }
}
