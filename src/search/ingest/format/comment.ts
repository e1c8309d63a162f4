// Remarks that people leave in Office files: who, on what, and what they say.

import type { DocumentBuilder } from "./document-builder.ts";
import type { OfficePackage } from "./office-package.ts";
import { readXml } from "./xml.ts";

interface Comment {
  /** The cell, in a workbook. */
  cell: string;
  author: string;
  text: string;
}

const REMARKS = new Set(["comment", "threadedComment", "cm"]);
const KINDS = new Set(["comments", "threadedComment"]);
/** What Excel writes for older programs in place of a remark that has answers. */
const STAND_IN = /^\[Threaded comment\]/i;

/** Adds the remarks of a part, which stand in parts that it refers to. */
export function addComments(office: OfficePackage, part: string, builder: DocumentBuilder): void {
  const people = readPeople(office);
  const all = [...office.relations(part).values()].flatMap((relation) => {
    const xml = KINDS.has(relation.kind) ? office.xml(relation.part) : undefined;
    return xml === undefined ? [] : readComments(xml, people);
  });
  for (const { cell, author, text } of all) {
    if (STAND_IN.test(text)) continue;
    builder.paragraph(`Comment${cell ? ` on ${cell}` : ""}${author ? ` (${author})` : ""}: ${text}`);
  }
}

function readComments(xml: string, people: ReadonlyMap<string, string>): Comment[] {
  const comments: Comment[] = [];
  const authors: string[] = [];
  let open: Comment | undefined;
  let text = "";
  readXml(xml, {
    open(name, attributes) {
      const attribute = (local: string): string => attributes[local] ?? attributes[`w:${local}`] ?? "";
      if (REMARKS.has(name)) {
        const id = attribute("personId") || attribute("authorId");
        const author = attribute("author") || people.get(id) || authors[Number(id)] || "";
        open = { cell: attribute("ref"), author, text: "" };
      }
      if (name === "t" || name === "text" || name === "author") text = "";
      if (name === "p" && open?.text) open.text += "\n";
    },
    text: (part) => (text += part),
    close(name) {
      if (name === "author") authors.push(text.trim());
      else if (!open) return;
      else if (name === "t" || (name === "text" && open.text === "")) open.text += text;
      else if (REMARKS.has(name)) {
        if (open.text.trim() !== "") comments.push({ ...open, text: open.text.trim() });
        open = undefined;
      }
    },
  });
  return comments;
}

/** Names by id, as workbooks and shows keep them beside their remarks. */
function readPeople(office: OfficePackage): Map<string, string> {
  const people = new Map<string, string>();
  for (const part of ["xl/persons/person.xml", "ppt/commentAuthors.xml", "ppt/authors.xml"]) {
    readXml(office.xml(part) ?? "<none/>", {
      open(name, { id, displayName, name: named }) {
        if ((name === "person" || name === "cmAuthor" || name === "author") && id)
          people.set(id, displayName ?? named ?? "");
      },
    });
  }
  return people;
}
