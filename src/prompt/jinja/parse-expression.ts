// Expressions, from the loosest binding (inline if) to the tightest (signs and powers).

import type { BinaryOperator, Comparator, Expression } from "./ast.ts";
import { type Cursor, describe } from "./cursor.ts";
import { OperandParser } from "./parse-operand.ts";

const COMPARATORS = new Set(["==", "!=", "<", "<=", ">", ">="]);
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
  return new ExpressionParser(cursor).operands.filters(null, startInline);
}

class ExpressionParser {
  readonly operands: OperandParser;
  readonly #cursor: Cursor;
  #depth = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    this.operands = new OperandParser(cursor, {
      expression: () => this.expression(),
      parenthesised: () => this.#deeper(() => this.tuple({ parenthesised: true })),
    });
  }

  expression(withChoice = true): Expression {
    return this.#deeper(() => (withChoice ? this.#choice() : this.#or()));
  }

  #deeper(parse: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH) this.#cursor.fail(`expression nested deeper than ${MAX_DEPTH} levels`);
    const expression = parse();
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
    if (!cursor.isOperator("-") && !cursor.isOperator("+")) {
      return this.operands.followed(this.operands.primary(), withFilter);
    }
    const operator = cursor.next().text as "-" | "+";
    const operand = this.#deeper(() => this.#unary(false));
    return this.operands.followed({ kind: "unary", operator, operand, line }, withFilter);
  }

  /** As in Jinja, and not as in Python, `**` binds looser than a sign and chains from left to right. */
  #power(): Expression {
    return this.#binary(["**"], () => this.#unary());
  }
}
