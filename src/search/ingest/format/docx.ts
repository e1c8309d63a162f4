import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { addComments } from "./comment.ts";
import { readBody } from "./docx-body.ts";
import { readStyles } from "./docx-style.ts";
import { readDrawing } from "./drawing-part.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { readOffice } from "./office-package.ts";

const BODY = "word/document.xml";
const STYLES = "word/styles.xml";
const NOTES = ["word/footnotes.xml", "word/endnotes.xml"];
const PARTS = new Set(["word/comments.xml", STYLES, ...NOTES]);
const DRAWN = /^word\/(?:document\d*\.xml|_rels\/document\d*\.xml\.rels|(?:charts\/chart|diagrams\/data)\d*\.xml)$/;

/** @throws FlowsteadError `DocumentDamaged`, `DocumentEmpty` or `DocumentTooLarge`. */
export function parseDocx(bytes: Uint8Array, name: string, limits: IngestLimits): ParsedDocument {
  return readOffice(
    bytes,
    (part) => PARTS.has(part) || DRAWN.test(part),
    limits,
    (office) => {
      const main = office.main(BODY);
      const body = office.required(main);
      const builder = new DocumentBuilder(limits);
      if (office.title) builder.title(office.title);
      const styles = readStyles(office.xml(STYLES));
      const relations = office.relations(main);
      readBody(body, styles, builder, (id) => {
        const relation = relations.get(id);
        return relation ? readDrawing(office, relation) : [];
      });
      for (const part of NOTES) {
        const notes = office.xml(part);
        if (notes !== undefined) readBody(notes, styles, builder);
      }
      addComments(office, main, builder);
      return builder.finish(MEDIA_TYPES.docx, name);
    },
  );
}
