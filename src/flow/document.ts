// Changes to YAML files that people wrote: what is not changed keeps every byte, comments, anchors, quoting and order. The
// parser tells where a value stands; the text around it is never written anew.

import { Document, type Pair, type ParsedNode, Scalar, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { FlowsteadError } from "../base/error/error.ts";

type Path = readonly (string | number)[];

/**
 * The text with one value put at a path of keys; maps that are missing on the way are made.
 * @throws FlowsteadError `InvalidYaml` for text that is no YAML, `UsageError` for a path that leads through a value.
 */
export function setInYaml(text: string, path: Path, value: unknown): string {
  const document = parse(text);
  const [found, depth] = nearest(document.contents, path);
  if (depth === path.length && holds(text, path, value)) return text;
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  for (const write of [written, (given: unknown) => JSON.stringify(given)]) {
    const spell: Spelling = (given, manner) => write(given, manner).replaceAll("\n", lineEnd);
    const changed =
      depth === path.length && found?.range
        ? replaceValue(text, found, { value, spell, lineEnd })
        : addPair(text, { parent: found, path, depth, lineEnd }, value);
    if (holds(changed, path, value)) return changed;
  }
  throw new FlowsteadError(
    "UsageError",
    `${path.join(".")} cannot be changed where it stands; change the file by hand.`,
  );
}

type Spelling = (value: unknown, manner: Scalar.Type | undefined) => string;

function parse(text: string): ReturnType<typeof parseDocument> {
  const document = parseDocument(text, { version: "1.2", prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new FlowsteadError("InvalidYaml", error.message);
  return document;
}

/** The deepest node on the path, and how many keys of the path lead to it. */
function nearest(contents: unknown, path: Path): [ParsedNode | undefined, number] {
  let node = (contents ?? undefined) as ParsedNode | undefined;
  for (const [depth, key] of path.entries()) {
    const next = isMap(node) || isSeq(node) ? (node.get(key, true) as ParsedNode | undefined) : undefined;
    if (next === undefined) return [node, depth];
    node = next;
  }
  return [node, path.length];
}

/** A scalar keeps its manner of quoting where the new value can be written so. */
function replaceValue(
  text: string,
  node: ParsedNode,
  { value, spell, lineEnd }: { value: unknown; spell: Spelling; lineEnd: string },
): string {
  const [start, end] = node.range;
  const kept = isScalar(node) && typeof value === "string" ? node.type : undefined;
  const tokenEnd = isScalar(node) || isAlias(node) ? end : text.slice(0, end).trimEnd().length;
  if (start === tokenEnd) return `${text.slice(0, start)} ${spell(value, undefined)}${text.slice(tokenEnd)}`;
  const isBlock = isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
  const after = isBlock ? `${lineEnd}${text.slice(end)}` : text.slice(tokenEnd);
  return text.slice(0, start) + spell(value, kept) + after;
}

interface Place {
  parent: ParsedNode | undefined;
  path: Path;
  depth: number;
  lineEnd: string;
}

function addPair(text: string, { parent, path, depth, lineEnd }: Place, value: unknown): string {
  const rest = path.slice(depth);
  if (rest.some((key) => typeof key === "number"))
    throw new FlowsteadError("UsageError", `${path.join(".")}: there is no such item.`);
  const isEmpty = parent === undefined || (isScalar(parent) && parent.value === null);
  if (!isEmpty && !isMap(parent))
    throw new FlowsteadError("UsageError", `${path.join(".")}: ${path.slice(0, depth).join(".")} is no map.`);
  const nested = rest.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  if (isMap(parent) && parent.flow) return insertInFlow(text, parent, nested as object);
  const keys = isMap(parent) ? parent.items : [];
  const first = keys[0] as Pair<ParsedNode> | undefined;
  const column = first?.key.range ? columnOf(text, first.key.range[0]) : depth * 2;
  const lines = new Document(nested)
    .toString({ lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => `${" ".repeat(column)}${line}`);
  const at = isMap(parent) ? endOfContent(text, parent) : endOfContent(text, parent, path.slice(0, depth));
  const before = text.slice(0, at);
  const gap = before === "" || before.endsWith("\n") ? "" : lineEnd;
  return `${before}${gap}${lines.join(lineEnd)}${lineEnd}${text.slice(at)}`;
}

function insertInFlow(text: string, map: ParsedNode, nested: object): string {
  const close = text.lastIndexOf("}", (map.range[1] ?? 1) - 1);
  const inner = new Document(nested);
  const pair = JSON.stringify(inner.toJS()).slice(1, -1);
  const hasItems = isMap(map) && map.items.length > 0;
  const body = text.slice(0, close).trimEnd();
  return `${body}${hasItems ? ", " : ""}${pair}${text.slice(body.length)}`;
}

/** Where the line of a map's last value ends; comments that follow it stay behind what is added. */
function endOfContent(text: string, node: ParsedNode | undefined, at: Path = []): number {
  if (node === undefined) return text.length;
  const end = isScalar(node) && node.value === null && at.length > 0 ? node.range[0] : lastEnd(node);
  const newline = text.indexOf("\n", Math.max(0, text[end - 1] === "\n" ? end - 1 : end));
  return newline < 0 ? text.length : newline + 1;
}

function lastEnd(node: ParsedNode): number {
  if (!isMap(node) && !isSeq(node)) return node.range[1];
  if (node.flow) return node.range[1];
  const last = node.items.at(-1);
  if (isMap(node)) {
    const { key, value } = last as Pair<ParsedNode, ParsedNode | null>;
    return value?.range ? lastEnd(value) : key.range[1];
  }
  return last ? lastEnd(last as ParsedNode) : node.range[1];
}

/** The mark that editors of Windows put first takes no column. */
function columnOf(text: string, offset: number): number {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  return offset - (lineStart === 0 && text.startsWith("\uFEFF") ? 1 : lineStart);
}

function written(value: unknown, manner: Scalar.Type | undefined): string {
  const scalar = new Scalar(value);
  if (manner === "QUOTE_DOUBLE" || manner === "QUOTE_SINGLE") scalar.type = manner;
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : new Document(scalar).toString({ lineWidth: 0 }).trimEnd();
}

/** Whether a text has a value where it should be. What was put in must be what is read: anything else would damage somebody's file. */
function holds(text: string, path: Path, value: unknown): boolean {
  const document = parseDocument(text, { version: "1.2", prettyErrors: false, logLevel: "error" });
  if (document.errors.length > 0) return false;
  let at: unknown;
  try {
    at = document.toJS();
  } catch {
    return false; // An alias of nothing.
  }
  for (const key of path) at = (at as Record<string, unknown> | null | undefined)?.[key as string];
  return JSON.stringify(at) === JSON.stringify(value);
}
