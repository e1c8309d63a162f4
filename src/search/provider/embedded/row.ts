import type { Schema } from "apache-arrow";
import type { Analyzer } from "../../analysis/analyzer.ts";
import type { PassageWords } from "../../lexicon.ts";
import type { Passage } from "../../search-index.ts";
import type { Engine } from "./engine.ts";

/** A passage as LanceDB holds it; the two columns of terms are what full text is searched in. */
export interface Row {
  id: string;
  document_id: string;
  title: string;
  text: string;
  ordinal: number;
  headings: Iterable<string>;
  page: number | null;
  start: number;
  end: number;
  source: string;
  /** Who may see it; null is everyone. */
  groups?: Iterable<string> | null;
  /** Analysed terms of the text, separated by blanks. */
  body_terms: string;
  /** Analysed terms of title and headings. */
  field_terms: string;
  /** Null is English. */
  language?: string | null;
  vector?: Iterable<number> | null;
}

/** The columns a hit needs; the vector is left out because it is most of the bytes. */
export const HIT_COLUMNS = [
  "id",
  "document_id",
  "title",
  "text",
  "ordinal",
  "headings",
  "page",
  "start",
  "end",
  "source",
  "groups",
  "body_terms",
  "field_terms",
  "language",
];

/** The columns that tell which rows are the best. */
export const RANK_COLUMNS = ["id", "body_terms", "field_terms"];

export function passageSchema({ arrow }: Engine, dimensions: number | undefined): Schema {
  const { Field, Int32, List, Schema: ArrowSchema, Utf8 } = arrow;
  const text = (name: string) => new Field(name, new Utf8(), false);
  const integer = (name: string, nullable = false) => new Field(name, new Int32(), nullable);
  return new ArrowSchema([
    text("id"),
    text("document_id"),
    text("title"),
    text("text"),
    integer("ordinal"),
    new Field("headings", new List(new Field("item", new Utf8(), true)), false),
    integer("page", true),
    integer("start"),
    integer("end"),
    text("source"),
    groupsField({ arrow }),
    text("body_terms"),
    text("field_terms"),
    languageField({ arrow }),
    ...(dimensions === undefined ? [] : [vectorField({ arrow }, dimensions)]),
  ]);
}

export function groupsField({ arrow }: Pick<Engine, "arrow">) {
  return new arrow.Field("groups", new arrow.List(new arrow.Field("item", new arrow.Utf8(), true)), true);
}

export function languageField({ arrow }: Pick<Engine, "arrow">) {
  return new arrow.Field("language", new arrow.Utf8(), true);
}

export function vectorField({ arrow }: Pick<Engine, "arrow">, dimensions: number) {
  const item = new arrow.Field("item", new arrow.Float32(), true);
  return new arrow.Field("vector", new arrow.FixedSizeList(dimensions, item), true);
}

export function toRow(passage: Passage, analyzer: Analyzer, withVector: boolean): Row {
  const terms = (text: string): string =>
    analyzer
      .tokens(text, passage.language)
      .map(({ term }) => term)
      .join(" ");
  const row: Row = {
    id: passage.id,
    document_id: passage.documentId,
    title: wellFormed(passage.title),
    text: wellFormed(passage.text),
    ordinal: passage.ordinal,
    headings: passage.headings.map(wellFormed),
    page: passage.page ?? null,
    start: passage.start,
    end: passage.end,
    source: passage.source,
    groups: passage.groups?.map(wellFormed) ?? null,
    body_terms: terms(passage.text),
    field_terms: terms([passage.title, ...passage.headings].join("\n")),
    language: passage.language ?? null,
  };
  if (withVector) row.vector = passage.vector ? Array.from(passage.vector) : null;
  return row;
}

/** Lone surrogates have no UTF-8 form; one replacement character each keeps offsets as they are. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "\uFFFD");
}

export function fromRow(row: Row): Passage {
  const passage: Passage = {
    id: row.id,
    documentId: row.document_id,
    title: row.title,
    text: row.text,
    ordinal: row.ordinal,
    headings: Array.from(row.headings),
    start: row.start,
    end: row.end,
    source: row.source,
  };
  if (row.page !== null) passage.page = row.page;
  if (row.groups) passage.groups = Array.from(row.groups);
  if (row.language) passage.language = row.language;
  if (row.vector) passage.vector = Float32Array.from(row.vector);
  return passage;
}

export function termsOf(row: Pick<Row, "body_terms" | "field_terms">): PassageWords {
  return { body: split(row.body_terms), field: split(row.field_terms) };
}

function split(terms: string): string[] {
  return terms === "" ? [] : terms.split(" ");
}
