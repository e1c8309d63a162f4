// The full Lucene query syntax: fields, phrases with slop, fuzzy, wildcards, regular expressions, boosts, AND OR NOT + -.

import { FlowsteadError } from "../../base/error/error.ts";
import { type Clause, type QueryNode, group } from "./node.ts";

const DEEPEST = 50;
const LONGEST_PATTERN = 200;

/** @throws FlowsteadError `InvalidRequest` that tells the position, as the original refuses a broken Lucene query. */
export function parseFull(text: string, mode: "any" | "all"): QueryNode {
  return new Parser(text, mode).whole();
}

class Parser {
  readonly #text: string;
  readonly #mode: "any" | "all";
  #at = 0;
  #depth = 0;

  constructor(text: string, mode: "any" | "all") {
    this.#text = text;
    this.#mode = mode;
  }

  whole(): QueryNode {
    const found = this.#many(undefined);
    if (this.#at < this.#text.length) throw this.#wrong('")" closes nothing');
    return found;
  }

  #many(field: string | undefined): QueryNode {
    if (++this.#depth > DEEPEST) throw this.#wrong(`more than ${DEEPEST} brackets inside each other`);
    const clauses: Clause[] = [];
    let operator: "AND" | "OR" | undefined;
    for (;;) {
      this.#blank();
      if (this.#at >= this.#text.length || this.#text[this.#at] === ")") break;
      const word = /^(?:AND|OR|&&|\|\|)(?![\p{L}\p{N}_:])/u.exec(this.#text.slice(this.#at))?.[0];
      if (word) {
        if (clauses.length === 0 || operator) throw this.#wrong(`${word} has nothing before it`);
        operator = word === "AND" || word === "&&" ? "AND" : "OR";
        this.#at += word.length;
        continue;
      }
      let occur: Clause["occur"] | undefined;
      const sign = /^(?:NOT(?=\s)|[+!-])/u.exec(this.#text.slice(this.#at))?.[0];
      if (sign) {
        occur = sign === "+" ? "must" : "not";
        this.#at += sign.length;
        this.#blank();
      }
      const node = this.#one(field);
      const previous = clauses.at(-1);
      if (operator === "AND" && previous?.occur === "should") previous.occur = "must";
      if (operator === "OR" && this.#mode === "all" && previous?.occur === "must") previous.occur = "should";
      const free = operator === "AND" || (this.#mode === "all" && operator !== "OR") ? "must" : "should";
      clauses.push({ occur: occur ?? free, node });
      operator = undefined;
    }
    if (operator) throw this.#wrong(`${operator} has nothing after it`);
    this.#depth--;
    return group(clauses);
  }

  #one(outer: string | undefined): QueryNode {
    const named = /^([\p{L}_][\p{L}\p{N}_/.]*):(?=\S)/u.exec(this.#text.slice(this.#at));
    if (named) this.#at += named[0].length;
    const field = named?.[1] ?? outer;
    const start = this.#text[this.#at];
    if (start === "(") {
      this.#at++;
      const inner = this.#many(field);
      if (this.#text[this.#at] !== ")") throw this.#wrong('")" is missing');
      this.#at++;
      return { ...inner, boost: inner.boost * this.#boost() };
    }
    const at = field === undefined ? {} : { field };
    if (start === '"') return { ...this.#phrase(), ...at, boost: this.#boost() };
    if (start === "/") return { kind: "regex", pattern: this.#regex(), ...at, boost: this.#boost() };
    if (start === "[" || start === "{") throw this.#wrong("ranges are not part of this syntax: use $filter");
    const { word, escaped } = this.#word();
    if (word === "*") return { kind: "everything", boost: this.#boost() };
    const fuzzy = /^~([0-2]?)(?:\.\d+)?/.exec(this.#text.slice(this.#at));
    if (fuzzy) {
      this.#at += fuzzy[0].length;
      if (fuzzy[1] === "0") return { kind: "term", text: word, ...at, boost: this.#boost() };
      return { kind: "fuzzy", text: word, distance: fuzzy[1] === "1" ? 1 : 2, ...at, boost: this.#boost() };
    }
    const boost = this.#boost();
    if (!/[*?]/.test(escaped)) return { kind: "term", text: word, ...at, boost };
    if (/^[^*?]+\*$/.test(escaped)) return { kind: "prefix", text: word.slice(0, -1), ...at, boost };
    return { kind: "wildcard", pattern: wildcard(escaped), ...at, boost };
  }

  #phrase(): { kind: "phrase"; text: string; slop: number } {
    const end = this.#text.indexOf('"', this.#at + 1);
    if (end < 0) throw this.#wrong("the phrase has no closing quote");
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    const slop = /^~(\d+)/.exec(this.#text.slice(this.#at));
    if (slop) this.#at += slop[0].length;
    return { kind: "phrase", text, slop: Number(slop?.[1] ?? 0) };
  }

  #regex(): RegExp {
    const match = /^\/((?:[^/\\]|\\.)+)\//.exec(this.#text.slice(this.#at));
    if (!match) throw this.#wrong("the regular expression has no closing /");
    const source = match[1]!;
    // A pattern is run over every term of the index: one that can take exponential time would stop everybody.
    if (source.length > LONGEST_PATTERN || /[)\]}*+?]\s*[*+{]|\\[1-9kpP]|\(\?|(?:[*+][^)]*){4}/.test(source)) {
      throw this.#wrong(
        "this regular expression is not supported: no nested repetition, back-references or look-around",
      );
    }
    try {
      const pattern = new RegExp(`^(?:${source})$`, "iu");
      this.#at += match[0].length;
      return pattern;
    } catch (thrown) {
      throw this.#wrong(`the regular expression is wrong: ${(thrown as Error).message}`);
    }
  }

  /** The word as meant, and with escaped wildcards made harmless. */
  #word(): { word: string; escaped: string } {
    let word = "";
    let escaped = "";
    while (this.#at < this.#text.length && !/[\s()"^~[\]{}]/u.test(this.#text[this.#at]!)) {
      const isEscape = this.#text[this.#at] === "\\" && this.#at + 1 < this.#text.length;
      if (isEscape) this.#at++;
      const sign = this.#text[this.#at++]!;
      if (sign === ":" && !isEscape) throw this.#wrong('":" has no field before it; write \\: for the sign');
      word += sign;
      escaped += isEscape && /[*?]/.test(sign) ? " " : sign;
    }
    if (word === "") throw this.#wrong(`"${this.#text[this.#at]}" is not expected here`);
    return { word, escaped };
  }

  #boost(): number {
    const match = /^\^(\d+(?:\.\d+)?|\.\d+)/.exec(this.#text.slice(this.#at));
    if (!match) {
      if (this.#text[this.#at] === "^") throw this.#wrong("a boost is a positive number");
      return 1;
    }
    this.#at += match[0].length;
    return Number(match[1]);
  }

  #blank(): void {
    while (/\s/u.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #wrong(why: string): FlowsteadError {
    return new FlowsteadError(
      "InvalidRequest",
      `Failed to parse query string at line 1, column ${this.#at + 1}: ${why}. ` +
        "See https://aka.ms/azure-search-full-query for the syntax of queryType=full.",
      { details: { parameter: "search", position: this.#at + 1 } },
    );
  }
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/\*+/g, "*")
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "iu");
}
