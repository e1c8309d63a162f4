import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { plainInline } from "./markdown-inline.ts";

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEFINITION = /^ {0,3}\[[^\]]{1,200}\]:[ \t]*\S/;
const FOOTNOTE = /^ {0,3}\[\^([^\]]{1,200})\]:[ \t]*(.*)$/;
const SETEXT = /^ {0,3}(=+|-+)[ \t]*$/;

export function parseMarkdown(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const builder = new DocumentBuilder(limits);
  const lines = withoutComments(source)
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/);
  let at = frontMatter(lines, builder);
  while (at < lines.length) at = block(lines, at, builder);
  return builder.finish(MEDIA_TYPES.markdown, name);
}

function withoutComments(source: string): string {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const start = source.indexOf("<!--", from);
    const end = start < 0 ? -1 : source.indexOf("-->", start + 4);
    if (end < 0) return parts.join("") + source.slice(from);
    parts.push(source.slice(from, start));
    from = end + 3;
  }
}

/** Reads the block that begins at a line, and gives the line after it. */
function block(lines: readonly string[], at: number, builder: DocumentBuilder): number {
  const line = lines[at]!;
  const note = FOOTNOTE.exec(line);
  if (note) return footnote(lines, at, note, builder);
  if (line.trim() === "" || DEFINITION.test(line)) return at + 1;
  const heading = HEADING.exec(line);
  if (heading) {
    builder.heading(heading[1]!.length, plainInline(withoutMarks(heading[2] ?? "")));
    return at + 1;
  }
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, at, fence[1]!, builder);
  if (startsTable(lines, at)) return table(lines, at, builder);
  if (RULE.test(line)) return at + 1;
  const item = ITEM.exec(line);
  if (item) return listItem(lines, at, item, builder);
  return paragraph(lines, at, builder);
}

/** A heading without the signs that may close it and the id that some writers put behind it. */
function withoutMarks(text: string): string {
  return text.replace(/[ \t]+\{[#.][^{}]{1,200}\}[ \t]*$/, "").replace(/[ \t]+#+[ \t]*$/, "");
}

/** What it says, with the lines that are indented under it. */
function footnote(lines: readonly string[], from: number, note: RegExpExecArray, builder: DocumentBuilder): number {
  const text = [note[2]!];
  let at = from + 1;
  while (at < lines.length && /^(?: {2,}|\t)\S/.test(lines[at]!)) text.push(lines[at++]!.trim());
  builder.paragraph(plainInline(`${note[1]!}: ${text.join(" ")}`));
  return at;
}

/** YAML between hyphens or TOML between plus signs. */
function frontMatter(lines: readonly string[], builder: DocumentBuilder): number {
  const mark = lines[0]?.trim();
  if (mark !== "---" && mark !== "+++") return 0;
  const last = mark === "---" ? /^(?:---|\.\.\.)\s*$/ : /^\+\+\+\s*$/;
  const end = lines.findIndex((line, at) => at > 0 && at < 200 && last.test(line));
  if (end < 0) return 0;
  for (const line of lines.slice(1, end)) {
    const title = /^title\s*[:=]\s*(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
    if (title) builder.title(title[1] ?? title[2] ?? title[3] ?? "");
  }
  return end + 1;
}

function fenced(lines: readonly string[], from: number, mark: string, builder: DocumentBuilder): number {
  const closing = lines.findIndex((line, at) => at > from && FENCE.exec(line)?.[1]?.startsWith(mark) === true);
  const end = closing < 0 ? lines.length : closing;
  builder.code(lines.slice(from + 1, end).join("\n"));
  return end + 1;
}

function startsTable(lines: readonly string[], at: number): boolean {
  const rule = lines[at + 1];
  return rule !== undefined && lines[at]!.includes("|") && rule.includes("-") && TABLE_RULE.test(rule);
}

function table(lines: readonly string[], from: number, builder: DocumentBuilder): number {
  const rows = [cells(lines[from]!)];
  let at = from + 2;
  while (at < lines.length && lines[at]!.includes("|")) rows.push(cells(lines[at++]!));
  builder.table(rows, true);
  return at;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => plainInline(cell.replaceAll("\\|", "|")));
}

function listItem(lines: readonly string[], from: number, item: RegExpExecArray, builder: DocumentBuilder): number {
  const indent = width(item[1]!);
  const marker = /\d/.test(item[2]!) ? item[2]!.replace(")", ".") : "-";
  const text = [item[3]!.replace(/^\[[ xX]\][ \t]+/, "")];
  let at = from + 1;
  while (at < lines.length) {
    const line = lines[at]!;
    const blank = line.trim() === "";
    // A blank line ends the item unless what follows is indented as its continuation.
    const next = blank ? lines[at + 1] : line;
    if (next === undefined || next.trim() === "" || (blank && width(/^[ \t]*/.exec(next)![0]) <= indent)) break;
    if (ITEM.test(next) || HEADING.test(next) || FENCE.test(next.trim()) || startsTable(lines, blank ? at + 1 : at)) {
      break;
    }
    if (!blank) text.push(line.trim());
    at += 1;
  }
  builder.item(plainInline(text.join(" ")), Math.floor(indent / 2) + 1, marker);
  return at;
}

function width(blanks: string): number {
  return blanks.replaceAll("\t", "    ").length;
}

function paragraph(lines: readonly string[], from: number, builder: DocumentBuilder): number {
  const text: string[] = [];
  let at = from;
  while (at < lines.length) {
    const line = lines[at]!;
    const level = text.length > 0 ? SETEXT.exec(line)?.[1] : undefined;
    if (level) {
      builder.heading(level.startsWith("=") ? 1 : 2, plainInline(text.join(" ")));
      return at + 1;
    }
    const quoted = line.replace(/^(?: {0,3}>[ \t]?)+/, "");
    if (quoted.trim() === "") break;
    if (at > from && (HEADING.test(line) || FENCE.test(line) || RULE.test(line) || startsTable(lines, at))) break;
    if (at > from && /^ {0,3}(?:[-*+]|1[.)])[ \t]/.test(line)) break;
    // Two blanks or a backslash at the end of a line ask for a line break.
    text.push(quoted.trim().replace(/\\$/, ""), / {2}$|\\$/.test(line) ? "\n" : " ");
    at += 1;
  }
  builder.paragraph(plainInline(text.join("")));
  return Math.max(at, from + 1);
}
