import { parseJson } from "../base/json.ts";
import type { Value } from "../base/value.ts";

/** Text that is no JSON, with the message that Python's json module gives for it. */
export class JsonDecodeError extends Error {
  override readonly name = "JSONDecodeError";
}

/** @throws JsonDecodeError */
export function decodeJson(text: string): Value {
  try {
    return parseJson(text);
  } catch {
    throw new JsonDecodeError(new Fault(text).describe());
  }
}

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y;

/** Walks a text as Python's scanner does, to find where and why it stops. */
class Fault {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  describe(): string {
    const fault = this.#find();
    const before = this.#text.slice(0, fault.at);
    const line = before.split("\n").length;
    const column = fault.at - before.lastIndexOf("\n");
    return `${fault.reason}: line ${line} column ${column} (char ${fault.at})`;
  }

  #find(): { reason: string; at: number } {
    try {
      this.#blank();
      this.#value();
      this.#blank();
      return { reason: "Extra data", at: this.#at };
    } catch (thrown) {
      if (thrown instanceof Stop) return { reason: thrown.message, at: thrown.at };
      throw thrown;
    }
  }

  #blank(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #value(): void {
    const char = this.#text[this.#at];
    if (char === '"') return this.#string();
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    SCALAR.lastIndex = this.#at;
    if (!SCALAR.test(this.#text)) throw new Stop("Expecting value", this.#at);
    this.#at = SCALAR.lastIndex;
  }

  #object(): void {
    this.#at++;
    this.#blank();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return;
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') {
        throw new Stop("Expecting property name enclosed in double quotes", this.#at);
      }
      this.#string();
      this.#blank();
      if (this.#text[this.#at] !== ":") throw new Stop("Expecting ':' delimiter", this.#at);
      this.#at++;
      this.#blank();
      this.#value();
      if (this.#closes("}")) return;
    }
  }

  #array(): void {
    this.#at++;
    this.#blank();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#value();
      if (this.#closes("]")) return;
    }
  }

  #closes(end: string): boolean {
    this.#blank();
    if (this.#text[this.#at] === end) {
      this.#at++;
      return true;
    }
    if (this.#text[this.#at] !== ",") throw new Stop("Expecting ',' delimiter", this.#at);
    this.#at++;
    this.#blank();
    return false;
  }

  #string(): void {
    const start = this.#at++;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === '"') {
        this.#at++;
        return;
      }
      if (char < " ") throw new Stop("Invalid control character at", this.#at);
      if (char === "\\") {
        const escape = this.#text[this.#at + 1] ?? "";
        if (escape === "u") {
          if (!/^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at + 2, this.#at + 6))) {
            throw new Stop("Invalid \\uXXXX escape", this.#at + 2);
          }
        } else if (escape !== "" && !'"\\/bfnrt'.includes(escape)) throw new Stop("Invalid \\escape", this.#at);
        this.#at++;
      }
    }
    throw new Stop("Unterminated string starting at", start);
  }
}

class Stop extends Error {
  readonly at: number;
  constructor(reason: string, at: number) {
    super(reason);
    this.at = at;
  }
}
