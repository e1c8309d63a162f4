// An index of documents, seen as an index of passages: for flows, which know passages only. It can be read, not written.

import { FlowsteadError } from "../../base/error/error.ts";
import { passageAnalyzer } from "../analysis/analyzer.ts";
import type { Expression } from "../filter/expression.ts";
import { marks } from "../highlight.ts";
import { lexiconBuilder, lexiconOf } from "../lexicon.ts";
import { understand } from "../query.ts";
import type { Readers } from "../visibility.ts";
import type { Hit, Passage, SearchIndex, SearchQuery } from "../search-index.ts";
import type { SchemaField } from "./definition.ts";
import type { DocumentIndex } from "./document-index.ts";
import { groupsOf, permitted } from "./permission.ts";
import { readSearch } from "./request.ts";

/** Which fields of the documents hold what; what is not named is guessed by the customary names. */
export interface FieldMapping {
  content?: string | undefined;
  title?: string | undefined;
  source?: string | undefined;
}

export function documentPassages(name: string, index: DocumentIndex, given: FieldMapping = {}): SearchIndex {
  const fields = [...index.schema.fields.values()].filter(({ names }) => names.length === 1);
  const mapping = mappingOf(fields, given);
  const vectors = fields.filter(({ vector }) => vector).map(({ path }) => path);
  const toPassage = (document: Record<string, unknown>): Passage => {
    const say = (field: string | undefined): string => {
      const found = field === undefined ? "" : document[field];
      return typeof found === "string" ? found : "";
    };
    const text = say(mapping.content);
    const id = say(index.schema.key);
    const own = Object.fromEntries(Object.entries(document).filter(([field]) => !field.startsWith("@search.")));
    for (const field of vectors) delete own[field];
    const title = say(mapping.title) || id;
    const place = { ordinal: 0, headings: [], start: 0, end: text.length };
    const groups = groupsOf(index.schema, document);
    const shown = { id, documentId: id, title, text, ...place, source: say(mapping.source), fields: own };
    return groups ? { ...shown, groups } : shown;
  };
  const withinOf = (readers: Readers): Expression | undefined =>
    permitted(index.schema, readers === "all" ? "all" : { ids: [], groups: readers });
  const refuse = (): never => {
    throw new FlowsteadError("Forbidden", `The index ${name} holds documents: write to it through the search service.`);
  };
  return {
    name,
    upsert: async () => refuse(),
    replaceDocuments: async () => refuse(),
    deleteDocuments: async () => refuse(),
    async query(query, signal) {
      const body = readSearch(searchOf(query, vectors));
      const { value } = await index.search(body, { signal, within: withinOf(query.readers ?? []) });
      const passages = value.map(toPassage);
      const said = marksOf(query.text, passages);
      return {
        hits: value.map((one, at): Hit => ({
          passage: passages[at]!,
          score: Number(one["@search.score"]),
          ...said(passages[at]!),
        })),
        degraded: query.mode !== "text" && !body.vectorQueries ? ["vector: the index has no vector field"] : [],
      };
    },
    async get(id, signal) {
      const found = await index.get(id, undefined, { signal });
      return found && toPassage(found);
    },
    async documentPassages(id, signal) {
      const found = await index.get(id, undefined, { signal });
      return found ? [toPassage(found)] : [];
    },
    async statistics(signal, readers = "all") {
      const { storageSize } = await index.statistics(signal);
      const count = await index.count({ signal, within: withinOf(readers) });
      return { documents: count, passages: count, bytes: storageSize };
    },
    // It is the catalog's to close.
    close: async () => undefined,
  };
}

/** Where the words of the question stand in a hit, and its best sentence; words are weighed by how many of the hits have them. */
function marksOf(
  question: string,
  passages: readonly Passage[],
): (passage: Passage) => Pick<Hit, "highlights" | "caption"> {
  const analyzer = passageAnalyzer();
  const builder = lexiconBuilder();
  const terms = (text: string): string[] => analyzer.tokens(text).map(({ term }) => term);
  for (const { text, title } of passages) builder.add({ body: terms(text), field: terms(title) });
  const lexicon = lexiconOf(builder.build(), true);
  const understood = understand(question, analyzer, lexicon);
  return (passage) => marks(passage, understood, { analyzer, lexicon });
}

function searchOf({ text, mode, vector, top, skip, filter, weights }: SearchQuery, vectors: readonly string[]): object {
  const isVector = mode !== "text" && vectors.length > 0;
  // Of the two weights a body has the one of its vectors, in proportion to the words.
  const weight = (weights?.vectors ?? 1) / (weights?.words ?? 1);
  const question = vector ? { kind: "vector", vector: Array.from(vector) } : { kind: "text", text };
  return {
    search: mode === "vector" && isVector ? "*" : text,
    top,
    skip: skip ?? 0,
    ...(filter ? { filter } : {}),
    ...(isVector ? { vectorQueries: [{ ...question, weight, fields: vectors[0], k: Math.max(top, 10) }] } : {}),
  };
}

function mappingOf(fields: readonly SchemaField[], given: FieldMapping): FieldMapping {
  const named = (names: RegExp): string | undefined => fields.find(({ path }) => names.test(path))?.path;
  const texts = fields.filter(({ searchable, vector, isKey }) => searchable && !vector && !isKey);
  return {
    content: given.content ?? named(/^(content|text|chunk|body|page_content)$/i) ?? texts.at(-1)?.path,
    title: given.title ?? named(/title|^name$/i),
    source: given.source ?? named(/url|source|file_?(path|name)/i),
  };
}
