// The blocks of a Markdown or plain text body: headings, paragraphs, list items, tables, code.

export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "item"; text: string }
  | { kind: "table"; header: string[] | undefined; rows: string[][] }
  | { kind: "code"; text: string };

const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/;
const BOLD_LINE = /^\s*(?:\*\*|__)([^*_]{2,80})(?:\*\*|__):?\s*$/;
const ITEM = /^\s*(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(.*)$/;
const FENCE = /^\s*(?:```|~~~)/;
const RULE = /^\s*(?:[-*_=]\s*){3,}$/;
/** A line of its own such as `Phone: 12 34`, in text whose lines are otherwise wrapped. */
const FIELD = /^\s*(?:\*\*)?[\p{Lu}\d][^.:!?]{1,40}:(?:\*\*)?\s+\S/u;

export function blocksOf(body: string): Block[] {
  const lines = body.replaceAll("\r", "").split("\n");
  const blocks: Block[] = [];
  let open: { kind: "paragraph" | "item"; text: string } | undefined;
  const close = (): void => {
    if (open) blocks.push(open);
    open = undefined;
  };
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").replace(/^\s*>\s?/, "");
    if (FENCE.test(line)) {
      close();
      const code: string[] = [];
      while (++at < lines.length && !FENCE.test(lines[at] ?? "")) code.push(lines[at] ?? "");
      if (code.length > 0) blocks.push({ kind: "code", text: code.join("\n").trim() });
    } else if (cells(line)) {
      close();
      const rows: string[][] = [];
      for (let row = cells(lines[at] ?? ""); row; row = cells(lines[++at] ?? "")) rows.push(row);
      at--;
      blocks.push(tableOf(rows));
    } else if (line.trim() === "") close();
    else {
      const heading = HEADING.exec(line);
      const bold = BOLD_LINE.exec(line);
      const item = ITEM.exec(line);
      if (heading) {
        close();
        blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" });
      } else if (open?.kind === "paragraph" && /^\s*(?:=+|-+)\s*$/.test(line)) {
        blocks.push({ kind: "heading", level: line.includes("=") ? 1 : 2, text: open.text });
        open = undefined;
      } else if (RULE.test(line)) close();
      else if (bold && !open) blocks.push({ kind: "heading", level: 6, text: bold[1] ?? "" });
      else if (item) {
        close();
        open = { kind: "item", text: item[1] ?? "" };
      } else if (open && !(open.kind === "paragraph" && FIELD.test(line) && !/[,(]\s*$/.test(open.text))) {
        open.text += ` ${line.trim()}`;
      } else {
        close();
        open = { kind: "paragraph", text: line.trim() };
      }
    }
  }
  close();
  return blocks;
}

/** The cells of a table row, or undefined when the line is none. */
function cells(line: string): string[] | undefined {
  const text = line.trim();
  if (!/^\|.*\|?$/.test(text) && !/\S\s+\|\s+\S/.test(text)) return undefined;
  return text
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function tableOf(rows: string[][]): Block {
  const isLine = (row: string[] | undefined): boolean =>
    row !== undefined && row.every((cell) => /^:?-+:?$/.test(cell));
  const hasHeader = isLine(rows[1]);
  const data = rows.filter((row, at) => !isLine(row) && !(hasHeader && at === 0));
  return { kind: "table", header: hasHeader ? rows[0] : undefined, rows: data };
}
