// The simple query syntax of Azure AI Search: `+` and, `|` or, `-` not, quotes, a `*` at the end, brackets. It never
// fails: a sign that makes no sense is a character like any other.

import { type Clause, type QueryNode, group } from "./node.ts";

const DEEPEST = 50;

/** `mode` says whether words beside each other are alternatives, and whether `-` narrows or widens, as the original has it. */
export function parseSimple(text: string, mode: "any" | "all"): QueryNode {
  let at = 0;
  let depth = 0;

  const blank = (): void => {
    while (at < text.length && /\s/u.test(text[at]!)) at++;
  };

  const one = (): QueryNode | undefined => {
    if (text[at] === "(" && depth < DEEPEST) {
      at++;
      depth++;
      const inner = many();
      depth--;
      if (text[at] === ")") at++;
      return inner;
    }
    if (text[at] === '"') {
      const end = text.indexOf('"', at + 1);
      const phrase = text.slice(at + 1, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end + 1;
      return phrase.trim() === "" ? undefined : { kind: "phrase", text: phrase, slop: 0, boost: 1 };
    }
    let word = "";
    while (at < text.length && !/[\s|+()"]/u.test(text[at]!)) {
      if (text[at] === "\\" && at + 1 < text.length) at++;
      word += text[at++];
    }
    if (word === "") {
      at++;
      return undefined;
    }
    if (word === "*") return { kind: "everything", boost: 1 };
    const isPrefix = word.endsWith("*") && text[at - 2] !== "\\";
    return isPrefix ? { kind: "prefix", text: word.slice(0, -1), boost: 1 } : { kind: "term", text: word, boost: 1 };
  };

  const many = (): QueryNode => {
    const clauses: Clause[] = [];
    let operator: "and" | "or" | undefined;
    for (;;) {
      blank();
      if (at >= text.length || (text[at] === ")" && depth > 0)) break;
      if (text[at] === "+" || text[at] === "|") {
        operator = text[at] === "+" ? "and" : "or";
        at++;
        continue;
      }
      const isNot = text[at] === "-" && /\S/u.test(text[at + 1] ?? "");
      if (isNot) at++;
      const node = one();
      if (!node) continue;
      const previous = clauses.at(-1);
      if (isNot && mode === "any" && operator !== "and") {
        // With searchMode=any, `a -b` means a or not b.
        clauses.push({ occur: "should", node: group([{ occur: "not", node }]) });
      } else if (isNot) clauses.push({ occur: "not", node });
      else {
        const isMust = operator === "and" || (mode === "all" && operator !== "or");
        if (operator === "and" && previous?.occur === "should") previous.occur = "must";
        if (operator === "or" && previous?.occur === "must") previous.occur = "should";
        clauses.push({ occur: isMust ? "must" : "should", node });
      }
      operator = undefined;
    }
    return group(clauses);
  };
  return many();
}
