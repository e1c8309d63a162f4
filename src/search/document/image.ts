// The documents of one index as they lie in memory while it is searched: analysed, with their postings and vectors.
// The store underneath is what lasts; the image follows it by versions.

import { follow } from "../filter/evaluate.ts";
import type { Schema, SchemaField } from "./definition.ts";
import { type FieldAnalyzer, fieldAnalyzer } from "./field-analyzer.ts";
import type { StoredDocument } from "./value.ts";

/** One searchable field: which documents hold a term, and the terms of every document in order. */
export interface FieldImage {
  field: SchemaField;
  analyze: FieldAnalyzer;
  /** Term to pairs of document and how often it stands there, one after the other. */
  postings: Map<string, number[]>;
  /** By document. */
  terms: (readonly string[] | undefined)[];
  /** Sum over all living documents. */
  length: number;
}

export class Image {
  readonly schema: Schema;
  readonly fields: ReadonlyMap<string, FieldImage>;
  readonly #numbers = new Map<string, number>();
  #documents: (StoredDocument | undefined)[] = [];
  #changes = 0;

  constructor(schema: Schema) {
    this.schema = schema;
    const searchable = [...schema.fields.values()].filter((field) => field.searchable);
    this.fields = new Map(
      searchable.map((field) => [
        field.path,
        { field, analyze: fieldAnalyzer(field.analyzer), postings: new Map(), terms: [], length: 0 },
      ]),
    );
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** Differs after every change. */
  get state(): number {
    return this.#changes;
  }

  get(key: string): StoredDocument | undefined {
    const at = this.#numbers.get(key);
    return at === undefined ? undefined : this.#documents[at];
  }

  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  at(number: number): StoredDocument | undefined {
    return this.#documents[number];
  }

  /** Numbers of the living documents. */
  numbers(): Iterable<number> {
    return this.#numbers.values();
  }

  put(document: StoredDocument): void {
    this.remove(document.key);
    const number = this.#documents.length;
    this.#documents.push(document);
    this.#numbers.set(document.key, number);
    for (const image of this.fields.values()) {
      const terms = textsOf(document, image.field).flatMap((text) => image.analyze(text).map(({ term }) => term));
      image.terms[number] = terms;
      image.length += terms.length;
      const counts = new Map<string, number>();
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
      for (const [term, count] of counts) {
        const posting = image.postings.get(term);
        if (posting) posting.push(number, count);
        else image.postings.set(term, [number, count]);
      }
    }
    this.#changes++;
  }

  remove(key: string): void {
    const number = this.#numbers.get(key);
    if (number === undefined) return;
    this.#numbers.delete(key);
    this.#documents[number] = undefined;
    for (const image of this.fields.values()) {
      const terms = image.terms[number] ?? [];
      image.length -= terms.length;
      for (const term of new Set(terms)) forget(image.postings, term, number);
      image.terms[number] = undefined;
    }
    this.#changes++;
  }
}

function forget(postings: Map<string, number[]>, term: string, number: number): void {
  const posting = postings.get(term);
  if (!posting) return;
  if (posting.length === 2) {
    postings.delete(term);
    return;
  }
  let [low, high] = [0, posting.length / 2 - 1];
  // Numbers only grow, so a posting is in order.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (posting[middle * 2]! < number) low = middle + 1;
    else high = middle;
  }
  posting.splice(low * 2, 2);
}

/** What a document has in a text field; several when the field is in a collection. */
export function textsOf({ fields }: StoredDocument, { names }: SchemaField): string[] {
  const found = follow(fields, names);
  return (Array.isArray(found) ? found : [found]).filter((text): text is string => typeof text === "string");
}
