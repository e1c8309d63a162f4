// What a file is, by what is in it. Its name only tells apart what content cannot: Markdown from plain text, and
// text that is data or source code from text that people read.

import path from "node:path";
import { zipNames } from "./zip.ts";

export type Format =
  | "markdown"
  | "text"
  | "html"
  | "pdf"
  | "docx"
  | "pptx"
  | "xlsx"
  | "csv"
  | "json"
  | "jsonl"
  | "email";

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  markdown: "text/markdown",
  text: "text/plain",
  html: "text/html",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv",
  json: "application/json",
  jsonl: "application/jsonl",
  email: "message/rfc822",
};

/** Either a format, or why the file is none. */
export type Recognized = { format: Format } | { unsupported: string };

const BY_NAME: Readonly<Record<string, Format>> = {
  ".md": "markdown",
  ".markdown": "markdown",
  ".mdown": "markdown",
  ".txt": "text",
  ".text": "text",
  ".rst": "text",
  ".adoc": "text",
  ".html": "html",
  ".htm": "html",
  ".xhtml": "html",
  ".pdf": "pdf",
  ".docx": "docx",
  ".pptx": "pptx",
  ".xlsx": "xlsx",
  ".xlsm": "xlsx",
  ".csv": "csv",
  ".tsv": "csv",
  ".tab": "csv",
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".eml": "email",
};

const SIGNATURES: readonly [readonly number[], string][] = [
  [[0xd0, 0xcf, 0x11, 0xe0], "an old binary Office file, or an Office file with a password"],
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image"],
  [[0xff, 0xd8, 0xff], "a JPEG image"],
  [[0x47, 0x49, 0x46, 0x38], "a GIF image"],
  [[0x1f, 0x8b], "a gzip archive"],
  [[0x37, 0x7a, 0xbc, 0xaf], "a 7z archive"],
  [[0x7f, 0x45, 0x4c, 0x46], "a program"],
  [[0x4d, 0x5a, 0x90, 0x00], "a program"],
];

/** How many bytes from the front `recognize` wants to see. */
export const HEAD_BYTES = 4096;

/** A file by its bytes and name. Of a ZIP file all bytes are wanted: what it is stands in the list at its end. */
export function recognize(head: Uint8Array, name: string): Recognized {
  const extension = path.extname(name).toLowerCase();
  const named = BY_NAME[extension];
  const front = new TextDecoder("latin1").decode(head.subarray(0, HEAD_BYTES));
  if (front.slice(0, 1024).includes("%PDF-")) return { format: "pdf" };
  if (front.startsWith("PK\u0003\u0004") || front.startsWith("PK\u0005\u0006")) return zipped(head, front, named);
  const other = SIGNATURES.find(([signature]) => signature.every((byte, at) => head[at] === byte));
  if (other) return { unsupported: other[1] };
  // What is named as one of ours is read as that, so that damage is reported as such.
  if (named && named !== "text" && named !== "markdown") return { format: named };
  const start = front.replace(/^(?:\u00ef\u00bb\u00bf)?\s*(?:<\?xml[^>]*>\s*)?/, "").slice(0, 20);
  if (/^<!doctype html|^<html[\s>]/i.test(start)) return { format: "html" };
  if (named !== "markdown" && looksLikeEmail(front)) return { format: "email" };
  if (named) return { format: named };
  if (extension === "" && !front.includes("\u0000")) return { format: "text" };
  const kind = extension === "" ? "files without text" : `${extension} files`;
  return { unsupported: `${kind} are not indexed` };
}

/** The first of these parts that a ZIP file has tells what it is. */
const PARTS: readonly [RegExp, Format][] = [
  [/^word\/document\d*\.xml$/, "docx"],
  [/^ppt\/presentation\.xml$/, "pptx"],
  [/^xl\/workbook\.xml$/, "xlsx"],
];

/** By the parts it holds; the name counts only where the list of them is not (all) there. */
function zipped(bytes: Uint8Array, front: string, named: Format | undefined): Recognized {
  const parts = zipNames(bytes);
  for (const [part, format] of PARTS) if (parts?.some((name) => part.test(name))) return { format };
  if (front.includes("mimetypeapplication/vnd.oasis")) return { unsupported: "OpenDocument files are not indexed" };
  if (parts?.includes("xl/workbook.bin")) return { unsupported: "binary Excel workbooks are not indexed" };
  // What is named as an Office file is read as that, so that damage is reported as such.
  if (named === "docx" || named === "pptx" || named === "xlsx") return { format: named };
  if (!parts && bytes.length <= HEAD_BYTES) return { format: "docx" };
  return { unsupported: "ZIP archives are not indexed" };
}

/** Two or more of the lines that every message has, before its first blank line. */
function looksLikeEmail(front: string): boolean {
  const head = front.replace(/^From [^\n]*\n/, "").split(/\r?\n\r?\n/)[0] ?? "";
  if (!/^[A-Za-z][A-Za-z0-9-]*: ?\S/.test(head)) return false;
  const names = new Set(Array.from(head.matchAll(/^([A-Za-z-]+):/gm), ([, name]) => name!.toLowerCase()));
  return names.has("from") && (names.has("message-id") || names.has("received") || names.has("mime-version"));
}
