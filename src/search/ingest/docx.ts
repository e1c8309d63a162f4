import { FlowsteadError } from "../../base/error/error.ts";
import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "./document.ts";
import { readBody } from "./docx-body.ts";
import { readStyles } from "./docx-style.ts";
import { MEDIA_TYPES } from "./format.ts";
import type { IngestLimits } from "./limit.ts";
import { unzipParts } from "./zip.ts";

const BODY = "word/document.xml";
const STYLES = "word/styles.xml";
const PROPERTIES = "docProps/core.xml";
const NOTES = ["word/footnotes.xml", "word/endnotes.xml"];
const PARTS = new Set([BODY, STYLES, PROPERTIES, ...NOTES]);

/** @throws FlowsteadError `DocumentDamaged`, `DocumentEmpty` or `DocumentTooLarge`. */
export function parseDocx(bytes: Uint8Array, name: string, limits: IngestLimits): ParsedDocument {
  const parts = unzipParts(bytes, (part) => PARTS.has(part), limits);
  const xml = (part: string): string | undefined => {
    const found = parts.get(part);
    return found && new TextDecoder("utf-8").decode(found);
  };
  const body = xml(BODY);
  if (body === undefined) {
    throw new FlowsteadError("DocumentDamaged", `It is a ZIP file without ${BODY}, so not a Word document.`);
  }
  const builder = new DocumentBuilder(limits);
  const title = /<dc:title>([^<]{1,500})<\/dc:title>/.exec(xml(PROPERTIES) ?? "")?.[1];
  if (title) builder.title(plainEntities(title));
  try {
    const styles = readStyles(xml(STYLES));
    readBody(body, styles, builder);
    for (const part of NOTES) {
      const notes = xml(part);
      if (notes !== undefined) readBody(notes, styles, builder);
    }
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `Its text is broken XML: ${reason}`, { cause: thrown });
  }
  return builder.finish(MEDIA_TYPES.docx, name);
}

function plainEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
