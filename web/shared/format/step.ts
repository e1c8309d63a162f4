// Node names are the flow author's words. These are the reader's.

import type { NodeData } from "../wire/contract.ts";

/** What a step does, while it does it and when it is done: "Searching the documents", "Searched the documents". */
export function stepWords({ node, kind, tool }: Pick<NodeData, "node" | "kind" | "tool">): {
  doing: string;
  done: string;
} {
  const what = `${kind} ${tool}`.toLowerCase();
  if (/index|lookup|search|retriev/.test(what))
    return { doing: "Searching the documents", done: "Searched the documents" };
  if (/llm|chat|completion/.test(what)) {
    if (/rewrit|rephras|condens|contextual|intent|standalone|query|question/i.test(node)) {
      return { doing: "Reading the question", done: "Read the question" };
    }
    return { doing: "Writing the answer", done: "Wrote the answer" };
  }
  if (/prompt/.test(what)) return { doing: "Preparing", done: "Prepared" };
  const name = readable(node);
  return { doing: name, done: name };
}

function readable(node: string): string {
  const words = node
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
