// Passages as documents of a service that searches itself. Words are given to it as this program's own terms, so that
// stems and stop words are the same whatever the service makes of texts.

import { createHash } from "node:crypto";
import type { Embedder } from "../../model/embedder.ts";
import { type IndexAnalysis, passageTerms } from "./passage-term.ts";
import type { PassageWords } from "../lexicon.ts";
import type { Passage } from "../search-index.ts";

export type PassageDocument = Record<string, unknown>;

/** What is read of a candidate. */
export const SHOWN = "passage,text,terms,headTerms";

export function servedDefinition(name: string, embedder: Embedder | undefined): Record<string, unknown> {
  const field = (of: string, type: string, rest: object = {}): object => ({
    name: of,
    type,
    searchable: false,
    filterable: false,
    sortable: false,
    facetable: false,
    retrievable: true,
    ...rest,
  });
  const kept = { filterable: true, facetable: true };
  const words = { searchable: true, analyzer: "whitespace" };
  const vector = embedder && {
    vectorSearch: {
      algorithms: [{ name: "near", kind: "hnsw", hnswParameters: { metric: "cosine" } }],
      profiles: [{ name: "near", algorithm: "near" }],
    },
  };
  return {
    name,
    fields: [
      field("key", "Edm.String", { key: true, filterable: true, sortable: true }),
      field("documentId", "Edm.String", kept),
      field("ordinal", "Edm.Int32", { filterable: true, sortable: true }),
      field("text", "Edm.String"),
      field("terms", "Edm.String", words),
      field("headTerms", "Edm.String", words),
      field("lexicon", "Collection(Edm.String)", { ...kept, retrievable: false }),
      field("bodyLength", "Edm.Int32", kept),
      field("headLength", "Edm.Int32", kept),
      field("language", "Edm.String", kept),
      field("isRestricted", "Edm.Boolean", kept),
      field("groups", "Collection(Edm.String)", kept),
      field("title", "Edm.String"),
      field("source", "Edm.String"),
      field("passage", "Edm.String"),
      field("stamp", "Edm.String", { filterable: true }),
      field("written", "Edm.DateTimeOffset", { filterable: true, sortable: true }),
      ...(embedder
        ? [
            field("vector", "Collection(Edm.Single)", {
              searchable: true,
              dimensions: embedder.dimensions,
              vectorSearchProfile: "near",
            }),
          ]
        : []),
    ],
    ...vector,
  };
}

/** A service's keys have few signs, and must not be long. */
export function keyOf(id: string): string {
  const plain = `p${Buffer.from(id, "utf8").toString("base64url")}`;
  return plain.length <= 900 && Buffer.from(id, "utf8").toString("utf8") === id
    ? plain
    : `h${createHash("sha256").update(JSON.stringify(id)).digest("base64url")}`;
}

export interface Stamp {
  /** Of one write. */
  stamp: string;
  written: string;
}

export function toDocument(passage: Passage, analyze: IndexAnalysis, stamp: Stamp): PassageDocument {
  const { vector, text, ...rest } = passage;
  const { body, field } = passageTerms(passage, analyze);
  return {
    key: keyOf(passage.id),
    documentId: passage.documentId,
    ordinal: passage.ordinal,
    text,
    terms: body.join(" "),
    headTerms: field.join(" "),
    lexicon: [...new Set([...body, ...field])],
    bodyLength: body.length,
    headLength: field.length,
    language: passage.language ?? "",
    isRestricted: passage.groups !== undefined,
    groups: passage.groups ?? [],
    title: passage.title,
    source: passage.source,
    passage: JSON.stringify(rest),
    ...stamp,
    ...(vector ? { vector: Array.from(vector) } : {}),
  };
}

export function toPassage({ passage, text, vector }: PassageDocument): Passage {
  const found = { ...(JSON.parse(String(passage)) as Omit<Passage, "text">), text: String(text) };
  return Array.isArray(vector) ? { ...found, vector: Float32Array.from(vector as number[]) } : found;
}

export function wordsOf({ terms, headTerms }: PassageDocument): PassageWords {
  const split = (given: unknown): string[] => (typeof given === "string" && given !== "" ? given.split(" ") : []);
  return { body: split(terms), field: split(headTerms) };
}
