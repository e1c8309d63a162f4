// What a file is, by what is in it. Its name only tells apart what content cannot: Markdown from plain text, and
// text that is data or source code from text that people read.

import path from "node:path";

export type Format = "markdown" | "text" | "html" | "pdf" | "docx";

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  markdown: "text/markdown",
  text: "text/plain",
  html: "text/html",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
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

/** A file by its first bytes and name; a ZIP file counts as DOCX by name or by the parts its front shows. */
export function recognize(head: Uint8Array, name: string): Recognized {
  const extension = path.extname(name).toLowerCase();
  const named = BY_NAME[extension];
  const front = new TextDecoder("latin1").decode(head.subarray(0, HEAD_BYTES));
  if (front.slice(0, 1024).includes("%PDF-")) return { format: "pdf" };
  if (front.startsWith("PK\u0003\u0004") || front.startsWith("PK\u0005\u0006")) return zipped(front, named);
  const other = SIGNATURES.find(([signature]) => signature.every((byte, at) => head[at] === byte));
  if (other) return { unsupported: other[1] };
  // What is named as one of ours is read as that, so that damage is reported as such.
  if (named && named !== "text" && named !== "markdown") return { format: named };
  const start = front.replace(/^(?:\u00ef\u00bb\u00bf)?\s*(?:<\?xml[^>]*>\s*)?/, "").slice(0, 20);
  if (/^<!doctype html|^<html[\s>]/i.test(start)) return { format: "html" };
  if (named) return { format: named };
  if (extension === "" && !front.includes("\u0000")) return { format: "text" };
  const kind = extension === "" ? "files without text" : `${extension} files`;
  return { unsupported: `${kind} are not indexed` };
}

function zipped(front: string, named: Format | undefined): Recognized {
  if (named === "docx" || front.includes("word/")) return { format: "docx" };
  if (front.includes("xl/")) return { unsupported: "Excel workbooks are not indexed" };
  if (front.includes("ppt/")) return { unsupported: "PowerPoint files are not indexed" };
  if (front.includes("mimetypeapplication/vnd.oasis")) return { unsupported: "OpenDocument files are not indexed" };
  return { unsupported: "ZIP archives are not indexed" };
}
