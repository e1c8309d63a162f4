// Expressions, from the loosest binding (inline if) to the tightest (subscripts and calls).

import type { Argument, BinaryOperator, Comparator, Expression } from "./ast.ts";
import { type Cursor, describe } from "./cursor.ts";

const COMPARATORS = new Set(["==", "!=", "<", "<=", ">", ">="]);
const CONSTANTS: Record<string, boolean | null> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
};
const MAX_DEPTH = 200;

/** Parses one expression; `withChoice` false leaves a following `if` to the statement, as in `for x in y if z`. */
export function parseExpression(cursor: Cursor, withChoice = true): Expression {
  return new ExpressionParser(cursor).expression(withChoice);
}

/** Parses one expression or, where commas follow, a tuple. */
export function parseTuple(cursor: Cursor, withChoice = true, stop?: string): Expression {
  return new ExpressionParser(cursor).tuple({ withChoice, stop });
}

/** Parses `name(args)|name ...` behind `{% filter` or a block set; `target` null stands for the block's text. */
export function parseFilterChain(cursor: Cursor, startInline: boolean): Expression | null {
  return new ExpressionParser(cursor).filters(null, startInline);
}

class ExpressionParser {
  readonly #cursor: Cursor;
  #depth = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  expression(withChoice = true): Expression {
    if (++this.#depth > MAX_DEPTH) this.#cursor.fail(`expression nested deeper than ${MAX_DEPTH} levels`);
    const expression = withChoice ? this.#choice() : this.#or();
    this.#depth--;
    return expression;
  }

  tuple(options: { withChoice?: boolean; stop?: string | undefined; parenthesised?: boolean }): Expression {
    const cursor = this.#cursor;
    const { line } = cursor.current;
    const items: Expression[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) cursor.expect("operator", ",");
      if (this.#endsTuple(options.stop)) break;
      items.push(this.expression(options.withChoice ?? true));
      if (!cursor.isOperator(",")) break;
      isTuple = true;
    }
    const [only] = items;
    if (!isTuple && only) return only;
    if (!isTuple && !options.parenthesised) {
      cursor.fail(`Expected an expression, got '${describe(cursor.current)}'`);
    }
    return { kind: "tuple", items, line };
  }

  #endsTuple(stop: string | undefined): boolean {
    const cursor = this.#cursor;
    if (cursor.is("variable_end") || cursor.is("block_end") || cursor.isOperator(")")) return true;
    return stop !== undefined && cursor.isWord(stop);
  }

  #choice(): Expression {
    const cursor = this.#cursor;
    let left = this.#or();
    while (cursor.isWord("if")) {
      const { line } = cursor.next();
      const test = this.#or();
      const otherwise = cursor.skip("name", "else") ? this.expression() : null;
      left = { kind: "choice", test, whenTrue: left, otherwise, line };
    }
    return left;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#cursor.isWord("or")) {
      const { line } = this.#cursor.next();
      left = { kind: "logic", operator: "or", left, right: this.#and(), line };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#cursor.isWord("and")) {
      const { line } = this.#cursor.next();
      left = { kind: "logic", operator: "and", left, right: this.#not(), line };
    }
    return left;
  }

  #not(): Expression {
    const signs: number[] = [];
    while (this.#cursor.isWord("not")) signs.push(this.#cursor.next().line);
    let operand = this.#compare();
    for (const line of signs.toReversed()) operand = { kind: "unary", operator: "not", operand, line };
    return operand;
  }

  #compare(): Expression {
    const { line } = this.#cursor.current;
    const first = this.#sum();
    const rest: { operator: Comparator; operand: Expression }[] = [];
    for (;;) {
      const operator = this.#comparator();
      if (operator === undefined) break;
      rest.push({ operator, operand: this.#sum() });
    }
    return rest.length > 0 ? { kind: "compare", first, rest, line } : first;
  }

  #comparator(): Comparator | undefined {
    const cursor = this.#cursor;
    if (cursor.is("operator") && COMPARATORS.has(cursor.current.text)) return cursor.next().text as Comparator;
    if (cursor.skip("name", "in")) return "in";
    if (cursor.isWord("not") && cursor.ahead.type === "name" && cursor.ahead.text === "in") {
      cursor.next();
      cursor.next();
      return "not in";
    }
    return undefined;
  }

  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const { line } = this.#cursor.current;
    const parts = [this.#product()];
    while (this.#cursor.skip("operator", "~")) parts.push(this.#product());
    return parts.length > 1 ? { kind: "concat", parts, line } : (parts[0] as Expression);
  }

  #product(): Expression {
    return this.#binary(["*", "/", "//", "%"], () => this.#power());
  }

  #binary(operators: BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((text) => this.#cursor.isOperator(text));
      if (operator === undefined) return left;
      const { line } = this.#cursor.next();
      left = { kind: "binary", operator, left, right: operand(), line };
    }
  }

  #unary(withFilter = true): Expression {
    const cursor = this.#cursor;
    const { line } = cursor.current;
    let node: Expression;
    if (cursor.isOperator("-") || cursor.isOperator("+")) {
      const operator = cursor.next().text as "-" | "+";
      if (++this.#depth > MAX_DEPTH) cursor.fail(`expression nested deeper than ${MAX_DEPTH} levels`);
      node = { kind: "unary", operator, operand: this.#unary(false), line };
      this.#depth--;
    } else {
      node = this.primary();
    }
    node = this.#postfix(node);
    return withFilter ? this.#filterExpression(node) : node;
  }

  /** As in Jinja, and not as in Python, `**` binds looser than a sign and chains from left to right. */
  #power(): Expression {
    return this.#binary(["**"], () => this.#unary());
  }

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
      if (++this.#depth > MAX_DEPTH) cursor.fail(`expression nested deeper than ${MAX_DEPTH} levels`);
      const node = this.tuple({ parenthesised: true });
      this.#depth--;
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
      items.push(this.expression());
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
      const key = this.expression();
      this.#cursor.expect("operator", ":");
      entries.push([key, this.expression()]);
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
    const start = cursor.isOperator(":") ? undefined : this.expression();
    if (start !== undefined && !cursor.isOperator(":")) return start;
    const part = (): Expression | undefined => {
      if (!cursor.skip("operator", ":")) return undefined;
      const ends = cursor.isOperator(":") || cursor.isOperator("]") || cursor.isOperator(",");
      return ends ? undefined : this.expression();
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
        args.push({ star: "*", value: this.expression() });
      } else if (cursor.skip("operator", "**")) {
        ensure(!seen(({ star }) => star === "**"));
        args.push({ star: "**", value: this.expression() });
      } else if (cursor.is("name") && cursor.ahead.type === "operator" && cursor.ahead.text === "=") {
        ensure(!seen(({ star }) => star === "**"));
        const name = cursor.next().text;
        cursor.next();
        args.push({ name, value: this.expression() });
      } else {
        ensure(!seen(({ star, name }) => star !== undefined || name !== undefined));
        args.push({ value: this.expression() });
      }
    }
    cursor.expect("operator", ")");
    return args;
  }

  #filterExpression(node: Expression): Expression {
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
