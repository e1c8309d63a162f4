import { FlowsteadError } from "../../base/error/error.ts";
import { decodeAs, decodeText, tellsEncoding } from "./format/decode.ts";
import { parseDelimited } from "./format/delimited.ts";
import type { ParsedDocument } from "./document.ts";
import { parseDocx } from "./format/docx.ts";
import { parseEmail } from "./format/email.ts";
import { recognize } from "./format.ts";
import { htmlCharset, parseHtml } from "./format/html.ts";
import { parseJson, parseJsonLines } from "./format/json.ts";
import type { IngestLimits } from "./limit.ts";
import { parseMarkdown } from "./format/markdown.ts";
import { parsePptx } from "./format/pptx.ts";
import { parseText } from "./format/text.ts";
import { parseXlsx } from "./format/xlsx.ts";

/**
 * A file's bytes as a document. `name` is the file's name, which tells Markdown from text and is the title when the
 * document has none.
 * @throws FlowsteadError of the `Document...` codes.
 */
export async function parseDocument(bytes: Uint8Array, name: string, limits: IngestLimits): Promise<ParsedDocument> {
  if (bytes.length === 0) throw new FlowsteadError("DocumentEmpty", "The file is empty (0 bytes).");
  if (bytes.length > limits.fileBytes) {
    throw new FlowsteadError("DocumentTooLarge", `It has ${bytes.length} bytes; the limit is ${limits.fileBytes}.`);
  }
  const recognized = recognize(bytes, name);
  if ("unsupported" in recognized) throw new FlowsteadError("DocumentUnsupported", `It is ${recognized.unsupported}.`);
  switch (recognized.format) {
    case "pdf": {
      // The PDF library is by far the largest of the readers, and most folders do without it.
      const { parsePdf } = await import("./format/pdf/pdf.ts");
      return parsePdf(bytes, name, limits);
    }
    case "docx":
      return parseDocx(bytes, name, limits);
    case "pptx":
      return parsePptx(bytes, name, limits);
    case "xlsx":
      return parseXlsx(bytes, name, limits);
    case "email":
      return parseEmail(bytes, name, limits);
    case "csv":
      return readText(bytes, undefined, (text) => parseDelimited(text, name, limits));
    case "json":
      return readText(bytes, undefined, (text) => parseJson(text, name, limits));
    case "jsonl":
      return readText(bytes, undefined, (text) => parseJsonLines(text, name, limits));
    case "html":
      return readText(bytes, htmlCharset(bytes), (text) => parseHtml(text, name, limits));
    case "markdown":
      return readText(bytes, undefined, (text) => parseMarkdown(text, name, limits));
    default:
      return readText(bytes, undefined, (text) => parseText(text, name, limits));
  }
}

function readText(
  bytes: Uint8Array,
  charset: string | undefined,
  parse: (text: string) => ParsedDocument,
): ParsedDocument {
  const named = charset === undefined || tellsEncoding(bytes) ? undefined : decodeAs(bytes, charset);
  if (named !== undefined) return parse(named);
  const { text, note } = decodeText(bytes);
  const document = parse(text);
  if (note !== undefined) document.notes.push(note);
  return document;
}
