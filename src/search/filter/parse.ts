// OData's filter language as Azure AI Search has it: comparisons, and/or/not, any/all, search.in, search.ismatch.

import type { Comparison, Expression, Literal, Path } from "./expression.ts";
import { type Token, filterTokens, invalidFilter } from "./token.ts";

const COMPARISONS: readonly string[] = ["eq", "ne", "gt", "ge", "lt", "le"];
const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  gt: "lt",
  ge: "le",
  lt: "gt",
  le: "ge",
};
const DEEPEST = 100;

/** @throws FlowsteadError `InvalidRequest` that tells the position. */
export function parseFilter(text: string): Expression {
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = filterTokens(text);
  }

  whole(): Expression {
    const found = this.#or();
    if (this.#peek().kind !== "end") throw this.#wrong(this.#peek(), `"${this.#peek().text}" is not expected here`);
    return found;
  }

  #or(): Expression {
    if (++this.#depth > DEEPEST) throw this.#wrong(this.#peek(), `more than ${DEEPEST} levels of nesting`);
    const args = [this.#and()];
    while (this.#word("or")) args.push(this.#and());
    this.#depth--;
    return args.length === 1 ? args[0]! : { op: "or", args };
  }

  #and(): Expression {
    const args = [this.#not()];
    while (this.#word("and")) args.push(this.#not());
    return args.length === 1 ? args[0]! : { op: "and", args };
  }

  #not(): Expression {
    if (!this.#word("not")) return this.#primary();
    if (++this.#depth > DEEPEST) throw this.#wrong(this.#peek(), `more than ${DEEPEST} levels of nesting`);
    const arg = this.#not();
    this.#depth--;
    return { op: "not", arg };
  }

  #primary(): Expression {
    if (this.#sign("(")) {
      const inner = this.#or();
      this.#need(")");
      return inner;
    }
    const token = this.#peek();
    if (token.kind === "name" && this.#tokens[this.#at + 1]?.text === "(" && !isLiteralWord(token.text)) {
      return this.#call(this.#take());
    }
    if (token.kind === "name" && !isLiteralWord(token.text)) return this.#onPath();
    const value = this.#literal();
    const next = this.#peek();
    if (typeof value === "boolean" && !COMPARISONS.includes(next.text)) return { op: "constant", value };
    const comparison = this.#comparison();
    return { op: "compare", comparison: FLIPPED[comparison], path: this.#path(), value };
  }

  #onPath(): Expression {
    const path = this.#path();
    if (this.#sign("(")) {
      const word = path.names.pop();
      if (word !== "any" && word !== "all") {
        throw this.#wrong(this.#peek(), `"${word}" is no function of a collection: there are any and all`);
      }
      return this.#quantified(word, path);
    }
    if (!COMPARISONS.includes(this.#peek().text)) return { op: "compare", comparison: "eq", path, value: true };
    const comparison = this.#comparison();
    if (this.#peek().kind === "name" && !isLiteralWord(this.#peek().text)) {
      throw this.#wrong(this.#peek(), "a field can be compared with a constant only, not with another field");
    }
    return { op: "compare", comparison, path, value: this.#literal() };
  }

  #quantified(op: "any" | "all", path: Path): Expression {
    if (this.#sign(")")) {
      if (op === "all") throw this.#wrong(this.#peek(), "all() needs a condition");
      return { op, path };
    }
    const variable = this.#take();
    if (variable.kind !== "name") throw this.#wrong(variable, "a variable is expected");
    this.#need(":");
    const arg = this.#or();
    this.#need(")");
    return { op, path, variable: variable.text, arg };
  }

  #call(name: Token): Expression {
    if (name.text.startsWith("geo."))
      throw this.#wrong(name, `${name.text} is not supported: there are no geography fields`);
    this.#need("(");
    if (name.text === "search.in") {
      const path = this.#path();
      this.#need(",");
      const values = this.#string("the values");
      const separators = this.#sign(",") ? this.#string("the separators") : " ,";
      this.#need(")");
      const parts = values.split(new RegExp(`[${separators.replaceAll(/[\\\]^-]/g, String.raw`\$&`)}]`, "u"));
      return { op: "in", path, values: parts.map((part) => part.trim()).filter((part) => part !== "") };
    }
    if (name.text === "search.ismatch" || name.text === "search.ismatchscoring") {
      return this.#match(name.text === "search.ismatchscoring");
    }
    throw this.#wrong(name, `the function ${name.text} is not known`);
  }

  #match(scoring: boolean): Expression {
    const query = this.#string("the query");
    const rest: string[] = [];
    while (this.#sign(",")) rest.push(this.#word("null") ? "" : this.#string("an argument"));
    const closing = this.#peek();
    this.#need(")");
    const [fields = "", syntax = "simple", mode = "any"] = rest;
    if (!["simple", "full", ""].includes(syntax) || !["any", "all", ""].includes(mode) || rest.length > 3) {
      throw this.#wrong(closing, "search.ismatch takes a query, fields, 'simple' or 'full', and 'any' or 'all'");
    }
    const names = fields.split(",").map((field) => field.trim());
    return {
      op: "match",
      query,
      ...(fields === "" ? {} : { fields: names }),
      syntax: syntax === "full" ? "full" : "simple",
      mode: mode === "all" ? "all" : "any",
      scoring,
    };
  }

  #path(): Path {
    const first = this.#take();
    if (first.kind !== "name") throw this.#wrong(first, "a field is expected");
    const names = [first.text];
    while (this.#sign("/")) {
      const next = this.#take();
      if (next.kind !== "name") throw this.#wrong(next, "a field is expected after /");
      names.push(next.text);
    }
    return { names, position: first.position };
  }

  #comparison(): Comparison {
    const token = this.#take();
    if (COMPARISONS.includes(token.text)) return token.text as Comparison;
    throw this.#wrong(token, `one of ${COMPARISONS.join(", ")} is expected`);
  }

  #literal(): Literal {
    const token = this.#take();
    if (token.kind === "string") return unquoted(token.text);
    if (token.kind === "date") {
      const date = new Date(
        /[Z+]|-\d\d:\d\d$/.test(token.text.slice(10))
          ? token.text
          : `${token.text}${token.text.includes("T") ? "Z" : ""}`,
      );
      if (Number.isNaN(date.getTime())) throw this.#wrong(token, `${token.text} is no date`);
      return date;
    }
    if (token.kind === "number")
      return token.text.endsWith("INF") ? Number(`${token.text}inity`.replace("INF", "Inf")) : Number(token.text);
    if (token.text === "true" || token.text === "false") return token.text === "true";
    if (token.text === "null") return null;
    throw this.#wrong(token, "a constant is expected");
  }

  #string(what: string): string {
    const token = this.#take();
    if (token.kind !== "string") throw this.#wrong(token, `${what} must be a text in quotes`);
    return unquoted(token.text);
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #word(text: string): boolean {
    const found = this.#peek().kind === "name" && this.#peek().text === text;
    if (found) this.#at++;
    return found;
  }

  #sign(text: string): boolean {
    const found = this.#peek().kind === "sign" && this.#peek().text === text;
    if (found) this.#at++;
    return found;
  }

  #need(text: string): void {
    if (!this.#sign(text)) throw this.#wrong(this.#peek(), `"${text}" is expected`);
  }

  #wrong({ position }: Token, why: string): Error {
    return invalidFilter(this.#text, position, why);
  }
}

function isLiteralWord(text: string): boolean {
  return text === "true" || text === "false" || text === "null";
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'");
}
