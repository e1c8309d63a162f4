// A cursor over tokens, with Jinja's way of naming what it met and what it wanted.

import { fault } from "./fault.ts";
import type { Token, TokenType } from "./token.ts";

const DESCRIPTIONS: Partial<Record<TokenType, string>> = {
  eof: "end of template",
  block_begin: "begin of statement block",
  block_end: "end of statement block",
  variable_begin: "begin of print statement",
  variable_end: "end of print statement",
  data: "template data / text",
};

export class Cursor {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
    this.#sound(0);
  }

  get current(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get ahead(): Token {
    this.#sound(this.#at + 1);
    return (this.#tokens[this.#at + 1] ?? this.current) as Token;
  }

  next(): Token {
    const token = this.current;
    if (token.type !== "eof") this.#advance();
    return token;
  }

  is(type: TokenType, text?: string): boolean {
    return this.current.type === type && (text === undefined || this.current.text === text);
  }

  isOperator(text: string): boolean {
    return this.is("operator", text);
  }

  isWord(text: string): boolean {
    return this.is("name", text);
  }

  skip(type: TokenType, text?: string): boolean {
    if (!this.is(type, text)) return false;
    this.#advance();
    return true;
  }

  #advance(): void {
    this.#at++;
    this.#sound(this.#at);
  }

  /** @throws Fault where the lexer has found one. */
  #sound(at: number): void {
    const found = this.#tokens[at]?.fault;
    if (found) throw found;
  }

  expect(type: TokenType, text?: string): Token {
    if (this.is(type, text)) return this.next();
    const wanted = text ?? DESCRIPTIONS[type] ?? type;
    if (this.current.type === "eof") this.fail(`unexpected end of template, expected '${wanted}'.`);
    return this.fail(`expected token '${wanted}', got '${describe(this.current)}'`);
  }

  fail(message: string, line = this.current.line): never {
    return fault("TemplateSyntaxError", message, line);
  }
}

export function describe(token: Token): string {
  if (token.type === "name" || token.type === "operator") return token.text;
  return DESCRIPTIONS[token.type] ?? token.type;
}
