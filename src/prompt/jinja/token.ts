// The lexer: template source to tokens. Whitespace control is settled here, so the parser sees final text.

import { type Float, float } from "../../base/value.ts";
import { Fault, fault } from "./fault.ts";

export type TokenType =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "fault"
  | "eof";

export interface Token {
  type: TokenType;
  /** Source text of names and operators, decoded text of strings and data. */
  text: string;
  number?: number | bigint | Float;
  /** What is wrong with the source from here on: nobody is told before the parser gets here, as it may stumble earlier. */
  fault?: Fault;
  line: number;
}

export interface LexOptions {
  /** Drop the newline after a block or comment tag; the original sets it. */
  trimBlocks: boolean;
  /** Drop blanks before a block tag that begins its line. */
  lstripBlocks: boolean;
  keepTrailingNewline: boolean;
}

const OPERATORS = ["//", "**", "==", "!=", "<=", ">=", ..."+-*/%~[](){}<>=.:|,;".split("")];
const CLOSING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
const OPENING: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
const WORD = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER =
  /(?:(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const STRING = /'([^'\\]*(?:\\[^][^'\\]*)*)'|"([^"\\]*(?:\\[^][^"\\]*)*)"/y;
const RAW_BEGIN = /\{%([-+]?)\s*raw\s*(-?)%\}/y;
const RAW_END = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

export function tokenize(template: string, options: LexOptions): Token[] {
  return new Lexer(template, options).run();
}

class Lexer {
  readonly #source: string;
  readonly #options: LexOptions;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** Where the newline count of `#line` stands, so that lines are counted once. */
  #counted = 0;

  constructor(template: string, options: LexOptions) {
    let source = template.replace(/\r\n?/g, "\n");
    if (!options.keepTrailingNewline && source.endsWith("\n")) source = source.slice(0, -1);
    this.#source = source;
    this.#options = options;
  }

  run(): Token[] {
    try {
      this.#template();
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      this.#tokens.push({ type: "fault", text: "", fault: thrown, line: this.#line });
    }
    this.#push("eof", "", this.#source.length);
    return this.#tokens;
  }

  #template(): void {
    const source = this.#source;
    while (this.#at < source.length) {
      const next = this.#nextTag();
      if (next < 0) {
        this.#data(this.#at, source.length, "");
        break;
      }
      const sign = /[-+]/.test(source[next + 2] ?? "") ? (source[next + 2] ?? "") : "";
      const kind = source[next + 1];
      this.#data(this.#at, next, kind === "{" && sign === "+" ? "" : sign, kind !== "{");
      this.#at = next;
      if (kind === "#") this.#comment();
      else if (kind === "%" && this.#raw()) continue;
      else this.#tag(kind === "%" ? "block" : "variable", sign);
    }
  }

  #nextTag(): number {
    const source = this.#source;
    for (let at = source.indexOf("{", this.#at); at >= 0; at = source.indexOf("{", at + 1)) {
      const char = source[at + 1];
      if (char === "{" || char === "%" || char === "#") return at;
    }
    return -1;
  }

  #data(from: number, to: number, sign: string, isBlock = false): void {
    let text = this.#source.slice(from, to);
    if (sign === "-") text = text.trimEnd();
    else if (sign !== "+" && isBlock && this.#options.lstripBlocks) text = withoutIndent(text);
    if (text !== "") this.#push("data", text, from);
    this.#at = to;
  }

  #comment(): void {
    const end = this.#source.indexOf("#}", this.#at + 2);
    if (end < 0) fault("TemplateSyntaxError", "Missing end of comment tag", this.#lineAt(this.#at));
    this.#skipAfterTag(end + 2, this.#source[end - 1] ?? "", true);
  }

  #raw(): boolean {
    RAW_BEGIN.lastIndex = this.#at;
    const begin = RAW_BEGIN.exec(this.#source);
    if (!begin) return false;
    let start = RAW_BEGIN.lastIndex;
    if (begin[2] === "-") start = this.#afterBlank(start);
    RAW_END.lastIndex = start;
    const end = RAW_END.exec(this.#source);
    if (!end) fault("TemplateSyntaxError", "Missing end of raw directive", this.#lineAt(this.#at));
    this.#data(start, end.index, end[1] ?? "", true);
    this.#skipAfterTag(RAW_END.lastIndex, end[2] ?? "", true);
    return true;
  }

  /** Moves behind a tag that ends at `end`; `sign` is the character before its closing delimiter. */
  #skipAfterTag(end: number, sign: string, isBlock: boolean): void {
    this.#at = end;
    if (sign === "-") this.#at = this.#afterBlank(end);
    else if (sign !== "+" && isBlock && this.#options.trimBlocks && this.#source[end] === "\n") this.#at = end + 1;
  }

  #afterBlank(from: number): number {
    let at = from;
    while (at < this.#source.length && /\s/.test(this.#source[at] ?? "")) at++;
    return at;
  }

  #tag(kind: "block" | "variable", sign: string): void {
    const close = kind === "block" ? "%}" : "}}";
    const source = this.#source;
    const open: string[] = [];
    this.#push(`${kind}_begin`, "", this.#at);
    this.#at += 2 + sign.length;
    for (;;) {
      this.#at = this.#afterBlank(this.#at);
      if (this.#at >= source.length) return;
      if (open.length === 0) {
        const char = source[this.#at] ?? "";
        const end = source.startsWith(close, this.#at) ? this.#at : this.#at + 1;
        if (
          end === this.#at ||
          ((char === "-" || (char === "+" && kind === "block")) && source.startsWith(close, end))
        ) {
          this.#push(`${kind}_end`, "", this.#at);
          this.#skipAfterTag(end + 2, end === this.#at ? "" : char, kind === "block");
          return;
        }
      }
      this.#piece(open);
    }
  }

  #piece(open: string[]): void {
    const at = this.#at;
    const number = this.#match(NUMBER);
    if (number) return this.#number(number[0], at);
    const word = this.#match(WORD);
    if (word) return this.#push("name", word[0], at);
    const string = this.#match(STRING);
    if (string) return this.#push("string", unescape(string[1] ?? string[2] ?? ""), at);
    const operator = OPERATORS.find((text) => this.#source.startsWith(text, at));
    if (operator === undefined) {
      const char = String.fromCodePoint(this.#source.codePointAt(at) ?? 0);
      return fault("TemplateSyntaxError", `unexpected char ${quoteChar(char)} at ${at}`, this.#lineAt(at));
    }
    const closing = OPENING[operator];
    if (closing !== undefined) open.push(closing);
    if (CLOSING[operator] !== undefined) {
      const expected = open.pop();
      if (expected === undefined) fault("TemplateSyntaxError", `unexpected '${operator}'`, this.#lineAt(at));
      if (expected !== operator) {
        fault("TemplateSyntaxError", `unexpected '${operator}', expected '${expected}'`, this.#lineAt(at));
      }
    }
    this.#at += operator.length;
    this.#push("operator", operator, at);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match) this.#at += match[0].length;
    return match;
  }

  #number(text: string, at: number): void {
    const digits = text.replaceAll("_", "");
    const isFloat = /[.eE]/.test(digits) && !/^0[xX]/.test(digits);
    const integer = isFloat ? 0n : BigInt(digits);
    const value = isFloat ? float(Number(digits)) : Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    this.#tokens.push({ type: isFloat ? "float" : "integer", text, number: value, line: this.#lineAt(at) });
  }

  #push(type: TokenType, text: string, at: number): void {
    this.#tokens.push({ type, text, line: this.#lineAt(at) });
  }

  #lineAt(at: number): number {
    for (; this.#counted < at; this.#counted++) if (this.#source[this.#counted] === "\n") this.#line++;
    return this.#line;
  }
}

/** Without the blanks after the last line break, if nothing but blanks stands there. */
function withoutIndent(text: string): string {
  const line = text.lastIndexOf("\n") + 1;
  return text.slice(line).trim() === "" ? text.slice(0, line) : text;
}

const SIMPLE_ESCAPES: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** Python's string escapes; an unknown escape keeps its backslash. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[^])/g,
    (whole: string, code: string) => {
      if (/^[xuU]./.test(code)) return String.fromCodePoint(Math.min(parseInt(code.slice(1), 16), 0x10ffff));
      if (/^[0-7]/.test(code)) return String.fromCodePoint(parseInt(code, 8));
      return SIMPLE_ESCAPES[code] ?? whole;
    },
  );
}

function quoteChar(char: string): string {
  return char === "'" ? `"'"` : `'${char}'`;
}
