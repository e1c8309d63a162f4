// Pieces of a field's text in which the query's words are marked.

import { FlowsteadError } from "../../base/error/error.ts";
import { shortSentences } from "../caption.ts";
import type { FieldImage, Image } from "./image.ts";
import { textsOf } from "./image.ts";
import type { Matched } from "./match.ts";
import { listed } from "./request.ts";
import type { StoredDocument } from "./value.ts";

export interface Tags {
  before: string;
  after: string;
}

const FRAGMENTS = 5;

/** @returns a function from a document to its `@search.highlights`, undefined when nothing is marked in it. */
export function highlighter(
  asked: string | null | undefined,
  { image, matched, tags }: { image: Image; matched: Matched; tags: Tags },
): (document: StoredDocument) => Record<string, string[]> | undefined {
  const wanted = listed(asked).map((text) => {
    const [, path = "", count] = /^(.*?)(?:-(\d+))?$/.exec(text) ?? [];
    const field = image.fields.get(path);
    if (!field) {
      throw new FlowsteadError("InvalidRequest", `The field '${path}' in the highlight list is not searchable.`, {
        details: { parameter: "highlight" },
      });
    }
    return { path, field, count: count === undefined ? FRAGMENTS : Number(count) };
  });
  return (document) => {
    const found: Record<string, string[]> = {};
    for (const { path, field, count } of wanted) {
      const terms = matched.get(path);
      if (!terms) continue;
      const pieces = textsOf(document, field.field).flatMap((text) => fragments(text, { field, terms, tags }));
      const best = pieces.sort((a, b) => b.marks - a.marks).slice(0, count);
      if (best.length > 0) found[path] = best.map(({ text }) => text);
    }
    return Object.keys(found).length > 0 ? found : undefined;
  };
}

interface Marking {
  field: Pick<FieldImage, "analyze">;
  terms: ReadonlySet<string>;
  tags: Tags;
}

function fragments(text: string, marking: Marking): { text: string; marks: number }[] {
  return shortSentences(text)
    .map(({ start, end }) => marked(text.slice(start, end), marking))
    .filter(({ marks }) => marks > 0);
}

/** A text with its matching words between the tags, and how many they are. */
export function marked(text: string, { field, terms, tags }: Marking): { text: string; marks: number } {
  let result = "";
  let at = 0;
  let marks = 0;
  for (const { term, start, end } of field.analyze(text)) {
    if (!terms.has(term) || start < at) continue;
    result += `${text.slice(at, start)}${tags.before}${text.slice(start, end)}${tags.after}`;
    at = end;
    marks++;
  }
  return { text: result + text.slice(at), marks };
}
