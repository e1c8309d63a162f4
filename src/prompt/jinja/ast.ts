// The tree that the parser makes and the interpreter walks.

import type { Float } from "../../base/value.ts";

export interface Argument {
  /** Name of a keyword argument, or the star of an unpacked list or dict. */
  name?: string;
  star?: "*" | "**";
  value: Expression;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type Comparator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export type Expression = { line: number } & (
  | { kind: "constant"; value: null | boolean | number | bigint | Float | string }
  | { kind: "name"; name: string }
  | { kind: "tuple" | "list"; items: Expression[] }
  | { kind: "dict"; entries: [Expression, Expression][] }
  | { kind: "attribute"; target: Expression; name: string }
  | { kind: "item"; target: Expression; key: Expression }
  | { kind: "slice"; start?: Expression; stop?: Expression; step?: Expression }
  | { kind: "call"; target: Expression; args: Argument[] }
  | { kind: "filter"; target: Expression | null; name: string; args: Argument[] }
  | { kind: "test"; target: Expression; name: string; args: Argument[] }
  | { kind: "binary"; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: "unary"; operator: "+" | "-" | "not"; operand: Expression }
  | { kind: "logic"; operator: "and" | "or"; left: Expression; right: Expression }
  | { kind: "compare"; first: Expression; rest: { operator: Comparator; operand: Expression }[] }
  | { kind: "concat"; parts: Expression[] }
  | { kind: "choice"; test: Expression; whenTrue: Expression; otherwise: Expression | null }
);

export type Target =
  | { kind: "name"; name: string; line: number }
  | { kind: "tuple"; items: Target[]; line: number }
  | { kind: "namespace"; name: string; attribute: string; line: number };

export interface Signature {
  parameters: { name: string; fallback: Expression | null }[];
  body: Statement[];
  /** Whether the body uses the names `caller`, `varargs` and `kwargs`, which a macro takes only then. */
  uses: { caller: boolean; varargs: boolean; kwargs: boolean };
}

export type Statement = { line: number } & (
  | { kind: "text"; text: string }
  | { kind: "print"; value: Expression }
  | { kind: "if"; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[] }
  | {
      kind: "for";
      target: Target;
      iterable: Expression;
      condition: Expression | null;
      recursive: boolean;
      body: Statement[];
      otherwise: Statement[];
    }
  | { kind: "set"; target: Target; value: Expression }
  | { kind: "capture"; target: Target; filter: Expression | null; body: Statement[] }
  | { kind: "with"; bindings: { target: Target; value: Expression }[]; body: Statement[] }
  | { kind: "macro"; name: string; signature: Signature }
  | { kind: "callBlock"; call: Expression; signature: Signature }
  | { kind: "filterBlock"; filter: Expression; body: Statement[] }
  | { kind: "block"; name: string; body: Statement[] }
  | { kind: "load"; tag: string; source: Expression; names: string[] }
);
