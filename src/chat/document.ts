// The documents output of a flow, as passages that can be cited. Flows differ: the Index Lookup shape is the full one,
// others give `content` and `title`, or plain strings.

import { plain } from "../base/json.ts";
import type { DocumentPassage, SourceDocument } from "./event.ts";

/** A passage that a flow says it has used. */
export interface UsedPassage extends DocumentPassage {
  filename?: string;
}

type Fields = Record<string, unknown>;

const LIST_KEYS = ["documents", "citations", "value", "results", "context"];

/** Item i is what the marker `[i+1]` in the answer means; an item that cannot be read leaves its place empty. */
export function usedPassages(output: unknown): (UsedPassage | undefined)[] {
  return listOf(plain(output)).map((item, index) => passageOf(item, index + 1));
}

/** The document that a passage is from. */
export function documentOf(passage: UsedPassage): SourceDocument {
  const name = passage.filename ?? passage.source ?? passage.title;
  return {
    documentId: passage.documentId,
    mediaType: mediaTypeOf(name),
    title: passage.title,
    ...(passage.filename && { filename: passage.filename }),
  };
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") {
    const parsed = parsedJson(value);
    if (parsed !== undefined) return listOf(parsed);
    return value.trim() === "" ? [] : [value];
  }
  if (!isFields(value)) return [];
  const key = LIST_KEYS.find((each) => Array.isArray(value[each]));
  return key ? (value[key] as unknown[]) : [value];
}

function parsedJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function passageOf(item: unknown, n: number): UsedPassage | undefined {
  if (typeof item === "string") {
    const parsed = parsedJson(item);
    if (isFields(parsed)) return passageOf(parsed, n);
    return { passageId: `${n}`, documentId: `${n}`, title: `Source ${n}`, headings: [], text: item };
  }
  if (!isFields(item)) return undefined;
  const metadata = isFields(item.metadata) ? item.metadata : {};
  const origin = isFields(metadata.source) ? metadata.source : isFields(item.source) ? item.source : {};
  const places = [metadata, item, origin];
  const text = first(places, ["text", "content", "page_content", "chunk", "snippet", "body"]);
  const source = first([origin, metadata, item], ["url", "source", "link", "path", "filepath", "file_path"]);
  const filename = first([origin, metadata, item], ["filename", "file_name", "filepath", "sourcefile"]);
  const title = first(places, ["title", "name"]) ?? filename ?? source ?? `Source ${n}`;
  if (text === undefined && title === `Source ${n}`) return undefined;
  const page = numberOf(places, ["page", "page_number", "pageNumber"]);
  const start = numberOf([metadata, item], ["start", "char_start"]);
  const end = numberOf([metadata, item], ["end", "char_end"]);
  const score = numberOf([item, metadata], ["score", "@search.score", "relevance"]);
  return {
    passageId: first(places, ["id", "chunk_id", "passage_id", "key"]) ?? `${n}`,
    documentId: first(places, ["document_id", "documentId", "doc_id", "parent_id"]) ?? source ?? filename ?? title,
    title,
    headings: headingsOf(metadata.headings ?? item.headings ?? metadata.heading ?? item.heading),
    text: text ?? "",
    ...(page !== undefined && { page }),
    ...(start !== undefined && end !== undefined && { start, end }),
    ...(source !== undefined && { source }),
    ...(filename !== undefined && { filename: filename.split(/[/\\]/).at(-1) ?? filename }),
    ...(score !== undefined && { score }),
  };
}

function headingsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((each): each is string => typeof each === "string");
  return typeof value === "string" && value !== "" ? [value] : [];
}

function first(places: readonly Fields[], keys: readonly string[]): string | undefined {
  for (const key of keys) {
    for (const place of places) {
      const value = place[key];
      if (typeof value === "string" && value !== "") return value;
      if (typeof value === "number") return String(value);
    }
  }
  return undefined;
}

function numberOf(places: readonly Fields[], keys: readonly string[]): number | undefined {
  for (const key of keys) {
    for (const place of places) {
      const value = typeof place[key] === "string" && place[key] !== "" ? Number(place[key]) : place[key];
      if (typeof value === "number" && Number.isFinite(value)) return value;
    }
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const MEDIA_TYPES: Record<string, string> = {
  pdf: "application/pdf",
  md: "text/markdown",
  markdown: "text/markdown",
  html: "text/html",
  htm: "text/html",
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};

function mediaTypeOf(name: string): string {
  const extension = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return MEDIA_TYPES[extension] ?? "text/plain";
}
