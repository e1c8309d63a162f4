// What in a passage is a table, a list or a paragraph. Tables and lists come as the indexer writes them, which is Markdown.
// All is told in places of the text, never in copies of it: what is marked in the text can then be marked wherever it shows.

import type { Span } from "../wire/contract.ts";
import { isBlank, linesOf } from "./line.ts";
import { type List, readLists } from "./list.ts";
import { type Table, readTable } from "./table.ts";

export type Block = Table | List | { kind: "paragraph"; span: Span };

/** Much longer than any passage of ours. What a flow makes of a whole book is shown as it is. */
const LONGEST = 20_000;
const FENCE = /^\s{0,3}(?:```|~~~)/;

export function blocksOf(text: string): Block[] {
  if (text.length > LONGEST) return [{ kind: "paragraph", span: { start: 0, end: text.length } }];
  const lines = linesOf(text);
  const blocks: Block[] = [];
  let paragraph: Span | undefined;
  let isCode = false;
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    if (!line) break;
    const isFence = FENCE.test(line.text);
    const table = isCode || isFence ? undefined : readTable(lines, at);
    const list = table || isCode || isFence ? undefined : readLists(lines, at);
    if (table || list) paragraph = undefined;
    if (table) blocks.push(table.table);
    if (list) blocks.push(...list.lists);
    at = table?.next ?? list?.next ?? at + 1;
    if (table || list) continue;
    if (isFence) isCode = !isCode;
    if (isBlank(line) && !isCode) paragraph = undefined;
    else if (paragraph) paragraph.end = line.end;
    else {
      paragraph = { start: line.start, end: line.end };
      blocks.push({ kind: "paragraph", span: paragraph });
    }
  }
  return blocks;
}
