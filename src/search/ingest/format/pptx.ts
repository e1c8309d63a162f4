import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { addComments } from "./comment.ts";
import { addShape, readDrawings } from "./drawing-part.ts";
import { type OfficePackage, readOffice } from "./office-package.ts";
import { readSlide } from "./pptx-slide.ts";
import { readXml } from "./xml.ts";

const DECK = "ppt/presentation.xml";
const WANTED =
  /^ppt\/(?:presentation\.xml|_rels\/presentation\.xml\.rels|(?:slides|notesSlides|comments)\/.*\.(?:xml|rels)|(?:commentAuthors|authors)\.xml|(?:diagrams\/data|charts\/chart)\d*\.xml)$/;

/** Slides in the order of the show, each a page: title, text, tables, and the speaker's notes after them.
 * @throws FlowsteadError `DocumentDamaged`, `DocumentEmpty` or `DocumentTooLarge`. */
export function parsePptx(bytes: Uint8Array, name: string, limits: IngestLimits): ParsedDocument {
  return readOffice(
    bytes,
    (part) => WANTED.test(part),
    limits,
    (office) => {
      const builder = new DocumentBuilder(limits);
      if (office.title && !/^(?:powerpoint|microsoft powerpoint|presentation)\b/i.test(office.title)) {
        builder.title(office.title);
      }
      const silent: number[] = [];
      slideParts(office).forEach((part, at) => {
        builder.page(at + 1);
        if (!addSlide(office, part, builder, at + 1)) silent.push(at + 1);
      });
      if (silent.length > 0) builder.note(`no text on slide ${silent.slice(0, 20).join(", ")} (perhaps pictures)`);
      return builder.finish(MEDIA_TYPES.pptx, name);
    },
  );
}

function slideParts(office: OfficePackage): string[] {
  const relations = office.relations(DECK);
  const parts: string[] = [];
  readXml(office.required(DECK), {
    open(name, attributes) {
      const relation = name === "sldId" ? relations.get(attributes["r:id"] ?? "") : undefined;
      if (relation?.kind === "slide") parts.push(relation.part);
    },
  });
  return parts;
}

/** Whether the slide said anything. */
function addSlide(office: OfficePackage, part: string, builder: DocumentBuilder, number: number): boolean {
  const shapes = [...readSlide(office.required(part)), ...readDrawings(office, part)];
  const notesPart = [...office.relations(part).values()].find(({ kind }) => kind === "notesSlide")?.part;
  const notes = notesPart === undefined ? [] : readSlide(office.xml(notesPart) ?? "<notes/>");
  const spoken = notes.flatMap(({ role, lines }) => (role === "list" ? lines.map(({ text }) => text) : []));
  const title = shapes
    .filter(({ role }) => role === "title")
    .flatMap(({ lines }) => lines.map(({ text }) => text))
    .join(" ");
  const body = shapes.filter(({ role }) => role !== "title");
  const isSilent =
    title === "" && spoken.length === 0 && body.every((shape) => shape.lines.length + shape.rows.length === 0);
  if (isSilent) return false;
  // A slide without a title would stand under the title of the one before it.
  builder.heading(1, title || `Slide ${number}`);
  for (const shape of body) addShape(shape, builder);
  if (spoken.length > 0) builder.paragraph(`Notes: ${spoken.join("\n")}`);
  addComments(office, part, builder);
  return true;
}
