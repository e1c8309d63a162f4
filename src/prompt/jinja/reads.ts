// What a template may read of an object: every attribute that it names, be it in a filter's argument.

import type { TemplateReads } from "../foreign.ts";
import type { Statement } from "./ast.ts";
import { visit } from "./walk.ts";

export function readsOf(body: Statement[]): TemplateReads {
  const names = new Set<string>();
  const calls = new Set<string>();
  visit(body, (node) => {
    if (node.kind === "attribute") names.add(node.name);
    if (node.kind === "constant" && typeof node.value === "string") {
      for (const part of node.value.split(".")) if (/^[A-Za-z]\w*$/.test(part)) names.add(part);
    }
    if (node.kind === "call" && node.target.kind === "attribute" && node.args.length === 0) calls.add(node.target.name);
  });
  return { names: [...names], calls: [...calls] };
}
