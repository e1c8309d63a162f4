import { FlowsteadError } from "../../../base/error/error.ts";
import { parseJson as parseValue, stringifyJson } from "../../../base/json.ts";
import { Float } from "../../../base/value.ts";
import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";

const DEEPEST = 100;
// A text this long is a paragraph under its path, and not a line among lines.
const LONG = 200;
const NAMES = ["title", "name", "subject", "question", "label", "id"];

/** Values with the paths that lead to them; each entry of a list at the top is a section of its own. */
export function parseJson(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const value = readValue(source, "");
  const builder = new DocumentBuilder(limits);
  if (Array.isArray(value) && value.some(isStructure)) {
    builder.title(name);
    value.forEach((entry, at) => addSection(entry, `[${at}]`, builder));
  } else {
    builder.title((isRecord(value) && nameOf(value)) || name);
    addValue(value, "", builder);
  }
  return builder.finish(MEDIA_TYPES.json, name);
}

/** One value a line. A line that is none is told of and left out, unless no line is one. */
export function parseJsonLines(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const builder = new DocumentBuilder(limits);
  builder.title(name);
  const broken: number[] = [];
  let first: unknown;
  let count = 0;
  source.split("\n").forEach((line, at) => {
    if (line.trim() === "") return;
    count += 1;
    try {
      addSection(readValue(line, ` in line ${at + 1}`), `[${at + 1}]`, builder);
    } catch (thrown) {
      if (!(thrown instanceof FlowsteadError) || thrown.code !== "DocumentDamaged") throw thrown;
      first ??= thrown;
      broken.push(at + 1);
    }
  });
  if (count > 0 && broken.length === count) throw first;
  if (broken.length > 0) {
    const more = broken.length > 20 ? ` and ${broken.length - 20} more` : "";
    builder.note(`no JSON in line ${broken.slice(0, 20).join(", ")}${more}`);
  }
  return builder.finish(MEDIA_TYPES.jsonl, name);
}

function readValue(source: string, where: string): unknown {
  try {
    // Long numbers are ids as often as amounts, and keep their digits.
    return parseValue(source);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `It is broken JSON${where}: ${reason.slice(0, 200)}`, {
      cause: thrown,
    });
  }
}

function addSection(value: unknown, path: string, builder: DocumentBuilder): void {
  builder.heading(1, (isRecord(value) && nameOf(value)) || path);
  addValue(value, path, builder);
}

interface Line {
  path: string;
  text: string;
}

function addValue(value: unknown, path: string, builder: DocumentBuilder): void {
  let lines: string[] = [];
  const flush = (): void => {
    builder.paragraph(lines.join("\n"));
    lines = [];
  };
  for (const { path: where, text } of linesOf(value, path, 0)) {
    const line = where === "" ? text : `${where}: ${text}`;
    if (text.length > LONG || text.includes("\n")) {
      flush();
      builder.paragraph(line);
    } else {
      lines.push(line);
      // A paragraph is parted by sentences, which lines of values do not have.
      if (lines.length === 20) flush();
    }
  }
  flush();
}

function* linesOf(value: unknown, path: string, depth: number): Generator<Line> {
  if (depth > DEEPEST) {
    throw new FlowsteadError("DocumentDamaged", `It is nested more than ${DEEPEST} deep at ${path.slice(0, 100)}.`);
  }
  if (Array.isArray(value)) {
    if (value.length > 0 && !value.some(isStructure)) {
      yield { path, text: value.map(shown).filter(Boolean).join(", ") };
      return;
    }
    for (const [at, entry] of value.entries()) yield* linesOf(entry, `${path}[${at}]`, depth + 1);
  } else if (isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) yield* linesOf(entry, join(path, key), depth + 1);
  } else if (shown(value) !== "") yield { path, text: shown(value) };
}

function join(path: string, key: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value.trim() : value === null ? "" : stringifyJson(value);
}

function nameOf(value: Record<string, unknown>): string | undefined {
  for (const key of NAMES) {
    const named = value[key];
    if (typeof named === "string" && named.trim() !== "" && named.length <= LONG) return named;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isStructure(value) && !Array.isArray(value);
}

function isStructure(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Float);
}
