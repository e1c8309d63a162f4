// Python literals, for `tool_calls` that a template printed as Python does: `[{'id': 'a', 'n': None, 'ok': True}]`.

import { type Value, float, pyStr } from "../base/value.ts";

const MAX_DEPTH = 100;
const NUMBER =
  /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*(?:[eE][+-]?\d+)?)/y;
const STRING_START = /(?:[uU]|[rR])?("""|'''|"|')/y;
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\x07", "\n": "" };

/** Reads the literal that starts at `at`; undefined when there is none, or only a part of one. */
export function parsePythonLiteral(text: string, at: number): { value: Value; end: number } | undefined {
  const reader = new Reader(text, at);
  try {
    const value = reader.value(0);
    return { value, end: reader.at };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

class Reader {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) this.#fail();
    this.#blank();
    const char = this.#text[this.at];
    if (char === "[") return this.#items("]", depth);
    if (char === "(") return this.#tuple(depth);
    if (char === "{") return this.#dict(depth);
    for (const [word, value] of [
      ["True", true],
      ["False", false],
      ["None", null],
    ] as const) {
      if (this.#text.startsWith(word, this.at) && !/\w/.test(this.#text[this.at + word.length] ?? "")) {
        this.at += word.length;
        return value;
      }
    }
    return this.#string() ?? this.#number();
  }

  #items(close: string, depth: number): Value[] {
    const items: Value[] = [];
    this.at++;
    for (;;) {
      this.#blank();
      if (this.#skip(close)) return items;
      items.push(this.value(depth + 1));
      this.#blank();
      if (!this.#skip(",") && this.#text[this.at] !== close) this.#fail();
    }
  }

  #tuple(depth: number): Value {
    const start = this.at;
    const items = this.#items(")", depth);
    const isGroup = items.length === 1 && !/,\s*\)$/.test(this.#text.slice(start, this.at));
    return isGroup ? (items[0] as Value) : items;
  }

  #dict(depth: number): Value {
    const entries: [string, Value][] = [];
    this.at++;
    for (;;) {
      this.#blank();
      if (this.#skip("}")) break;
      const key = this.value(depth + 1);
      this.#blank();
      if (!this.#skip(":")) this.#fail();
      entries.push([pyStr(key), this.value(depth + 1)]);
      this.#blank();
      if (!this.#skip(",") && this.#text[this.at] !== "}") this.#fail();
    }
    return Object.fromEntries(entries);
  }

  /** One or more strings side by side. */
  #string(): string | undefined {
    let joined: string | undefined;
    for (;;) {
      this.#blank();
      STRING_START.lastIndex = this.at;
      const start = STRING_START.exec(this.#text);
      if (!start) return joined;
      const quote = start[1] ?? "";
      const isRaw = /^[rR]/.test(start[0]);
      const from = STRING_START.lastIndex;
      let end = from;
      while (!this.#text.startsWith(quote, end)) {
        if (end >= this.#text.length || (quote.length === 1 && this.#text[end] === "\n")) this.#fail();
        end += this.#text[end] === "\\" ? 2 : 1;
      }
      this.at = end + quote.length;
      const body = this.#text.slice(from, end);
      joined = (joined ?? "") + (isRaw ? body : unescape(body));
    }
  }

  #number(): Value {
    const isNegative = this.#skip("-");
    if (!isNegative) this.#skip("+");
    this.#blank();
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.#text);
    if (!match) return this.#fail();
    this.at = NUMBER.lastIndex;
    const digits = match[0].replaceAll("_", "");
    if (/^\d+$/.test(digits) || /^0[xXoObB]/.test(digits)) {
      const whole = isNegative ? -BigInt(digits) : BigInt(digits);
      return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
    }
    return float(isNegative ? -Number(digits) : Number(digits));
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.at] ?? "x")) this.at++;
  }

  #fail(): never {
    throw new SyntaxError("not a Python literal");
  }
}

function unescape(body: string): string {
  return body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[^])/g, (whole, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Math.min(parseInt(code.slice(1), 16), 0x10ffff));
    if (/^[0-7]/.test(code)) return String.fromCodePoint(parseInt(code, 8));
    return ESCAPES[code] ?? (/["'\\]/.test(code) ? code : whole);
  });
}
