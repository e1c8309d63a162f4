import type { Span } from "../wire/contract.ts";
import { type Line, isBlank } from "./line.ts";

export interface List {
  kind: "list";
  ordered: boolean;
  items: Item[];
}

export interface Item {
  /** As the document counts it. */
  number?: number;
  /** Its words, over all its lines. */
  span: Span;
  lists: List[];
}

interface FlatItem {
  indent: number;
  number?: number;
  /** Stands before what is an item only in company: a footnote begins with a star, too. */
  isDoubtful: boolean;
  span: Span;
}

const MARKER = /^([ \t]*)(?:([-*+•‣▪])|(\d{1,3})[.)])[ \t]+(?=\S)/;

/** The lists that begin at a line, and the line after them: a list of dots that goes on with numbers is two. */
export function readLists(lines: readonly Line[], at: number): { lists: List[]; next: number } | undefined {
  const first = lines[at] && itemOf(lines[at]);
  if (!first) return undefined;
  const items = [first];
  let last = first;
  let next = at + 1;
  for (let ahead = next; ahead < lines.length; ahead++) {
    const line = lines[ahead];
    // A blank line stands inside the list when what follows it does.
    if (!line || isBlank(line)) continue;
    const item = itemOf(line);
    if (item) items.push((last = item));
    else if (indentOf(line.text) > last.indent) last.span.end = line.start + line.text.trimEnd().length;
    else break;
    next = ahead + 1;
  }
  return items.length === 1 && first.isDoubtful ? undefined : { lists: nested(items), next };
}

function itemOf(line: Line): FlatItem | undefined {
  const marker = MARKER.exec(line.text);
  if (!marker) return undefined;
  const [whole, blanks = "", dot = "", number] = marker;
  const span = { start: line.start + whole.length, end: line.start + line.text.trimEnd().length };
  return {
    indent: indentOf(blanks),
    ...(number !== undefined && { number: Number(number) }),
    isDoubtful: dot === "*" || dot === "+",
    span,
  };
}

function indentOf(text: string): number {
  return (/^[ \t]*/.exec(text)?.[0] ?? "").replaceAll("\t", "    ").length;
}

function nested(items: readonly FlatItem[]): List[] {
  const lists: List[] = [];
  for (let at = 0; at < items.length;) {
    const item = items[at];
    if (!item) break;
    let next = at + 1;
    while ((items[next]?.indent ?? -1) >= item.indent + 2) next++;
    const ordered = item.number !== undefined;
    if (lists.at(-1)?.ordered !== ordered) lists.push({ kind: "list", ordered, items: [] });
    lists.at(-1)?.items.push({
      ...(item.number !== undefined && { number: item.number }),
      span: item.span,
      lists: nested(items.slice(at + 1, next)),
    });
    at = next;
  }
  return lists;
}
