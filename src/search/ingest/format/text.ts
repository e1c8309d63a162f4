import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";

/** Plain text: blank lines part paragraphs; a line of its own under `===` or `---` is a heading, as is usual. */
export function parseText(source: string, name: string, limits: IngestLimits): ParsedDocument {
  const builder = new DocumentBuilder(limits);
  for (const paragraph of source.replaceAll(/\r\n?/g, "\n").split(/\n[ \t\f]*\n+|\f/)) {
    const [first = "", second = "", ...rest] = paragraph.replace(/^\n+/, "").split("\n");
    const underline = /^\s*(={3,}|-{3,})\s*$/.exec(second)?.[1];
    if (underline && first.trim() !== "") {
      builder.heading(underline.startsWith("=") ? 1 : 2, first);
      builder.paragraph(rest.join("\n"));
    } else builder.paragraph(paragraph);
  }
  return builder.finish(MEDIA_TYPES.text, name);
}
