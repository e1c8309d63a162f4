// The passages of an index as they lie in memory while it is searched: a query then costs no call of the engine but the one
// that asks whether anything has changed. What is above the limits stays with the engine.

import type { Candidate } from "../answer-query.ts";
import type { Lexicon, PassageTerms } from "../lexicon.ts";
import type { Passage } from "../search-index.ts";

interface Entry {
  passage: Passage;
  terms: PassageTerms;
  /** Length of the vector, so that the cosine is one product. */
  norm: number;
}

const K1 = 1.2;
const B = 0.75;

export class ResidentPassages {
  readonly #numbers = new Map<string, number>();
  readonly #documents = new Map<string, Set<string>>();
  readonly #postings = new Map<string, number[]>();
  readonly #words = new Map<string, string>();
  #entries: (Entry | undefined)[] = [];
  #bodyTerms = 0;
  #fieldTerms = 0;

  get size(): number {
    return this.#numbers.size;
  }

  get documents(): number {
    return this.#documents.size;
  }

  get(id: string): Passage | undefined {
    return this.#entry(id)?.passage;
  }

  put(passage: Passage, { body, field }: PassageTerms): void {
    this.remove(passage.id);
    const number = this.#entries.length;
    // The same word stands in many passages: one copy of it is kept.
    const terms = { body: body.map((term) => this.#same(term)), field: field.map((term) => this.#same(term)) };
    const { vector } = passage;
    this.#entries.push({ passage, terms, norm: vector ? Math.hypot(...vector) || 1 : 0 });
    this.#numbers.set(passage.id, number);
    const ids = this.#documents.get(passage.documentId);
    if (ids) ids.add(passage.id);
    else this.#documents.set(passage.documentId, new Set([passage.id]));
    this.#bodyTerms += body.length;
    this.#fieldTerms += field.length;
    const counts = new Map<string, [number, number]>();
    for (const term of terms.body) bump(counts, term, 0);
    for (const term of terms.field) bump(counts, term, 1);
    for (const [term, [inBody, inField]] of counts) {
      const posting = this.#postings.get(term);
      if (posting) posting.push(number, inBody, inField);
      else this.#postings.set(term, [number, inBody, inField]);
    }
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    const entry = this.#entry(id);
    if (number === undefined || !entry) return;
    this.#numbers.delete(id);
    this.#entries[number] = undefined;
    const { passage, terms } = entry;
    const ids = this.#documents.get(passage.documentId);
    ids?.delete(id);
    if (ids?.size === 0) this.#documents.delete(passage.documentId);
    this.#bodyTerms -= terms.body.length;
    this.#fieldTerms -= terms.field.length;
    for (const term of new Set([...terms.body, ...terms.field])) this.#forget(term, number);
    // Numbers of what is gone are not used again, so an index that changes much is numbered anew.
    if (this.#entries.length > 1000 && this.#entries.length > 2 * this.#numbers.size) this.#renumber();
  }

  removeDocuments(documentIds: readonly string[]): void {
    for (const documentId of documentIds) {
      for (const id of this.#documents.get(documentId) ?? []) this.remove(id);
    }
  }

  documentPassages(documentId: string): Passage[] {
    const ids = [...(this.#documents.get(documentId) ?? [])];
    return ids.map((id) => this.get(id)!).sort((a, b) => a.ordinal - b.ordinal);
  }

  /** A living view, right until the next change. */
  lexicon(): Lexicon {
    const passages = this.#numbers.size;
    const frequency = (term: string): number => (this.#postings.get(term)?.length ?? 0) / 3;
    return {
      passages,
      meanBody: Math.max(1, this.#bodyTerms / Math.max(1, passages)),
      meanField: Math.max(1, this.#fieldTerms / Math.max(1, passages)),
      frequency,
      idf: (term) => Math.log(1 + (passages - frequency(term) + 0.5) / (frequency(term) + 0.5)),
      terms: () => Array.from(this.#postings, ([term, posting]): [string, number] => [term, posting.length / 3]),
    };
  }

  /** By BM25 over the text and over title and headings, best first. */
  byTerms(terms: readonly string[], limit: number, documentIds?: readonly string[]): Candidate[] {
    const { idf, meanBody, meanField } = this.lexicon();
    // A list by number: most words of a question stand in many passages, and a map would cost ten times as much.
    const scores = new Float64Array(this.#entries.length);
    const touched: number[] = [];
    for (const term of terms) {
      const posting = this.#postings.get(term);
      if (!posting) continue;
      const weight = idf(term) * (K1 + 1);
      for (let at = 0; at < posting.length; at += 3) {
        const number = posting[at]!;
        const inBody = posting[at + 1]!;
        const inField = posting[at + 2]!;
        const { body, field } = this.#entries[number]!.terms;
        let score = 0;
        if (inBody > 0) score += inBody / (inBody + K1 * (1 - B + (B * body.length) / meanBody));
        if (inField > 0) score += inField / (inField + K1 * (1 - B + (B * field.length) / meanField));
        if (scores[number] === 0) touched.push(number);
        scores[number]! += weight * score;
      }
    }
    return this.#best(scores, touched, { limit, documentIds });
  }

  /** Exact: every vector is compared. The score is 1 / (2 - cosine). */
  byVector(vector: Float32Array, limit: number, documentIds?: readonly string[]): Candidate[] {
    const norm = Math.hypot(...vector) || 1;
    const scores = new Float64Array(this.#entries.length);
    const touched: number[] = [];
    for (const number of this.#numbers.values()) {
      const { passage, norm: otherNorm } = this.#entries[number]!;
      const other = passage.vector;
      if (!other) continue;
      let dot = 0;
      for (let at = 0; at < vector.length; at++) dot += vector[at]! * other[at]!;
      scores[number] = 1 / (2 - dot / (norm * otherNorm));
      touched.push(number);
    }
    return this.#best(scores, touched, { limit, documentIds });
  }

  #best(
    scores: Float64Array,
    touched: readonly number[],
    { limit, documentIds }: { limit: number; documentIds: readonly string[] | undefined },
  ): Candidate[] {
    const wanted = documentIds && new Set(documentIds);
    let found = wanted ? touched.filter((number) => wanted.has(this.#entries[number]!.passage.documentId)) : touched;
    if (found.length > 4 * limit) {
      // Only what is as good as the last of the best is sorted.
      const order = Float64Array.from(found, (number) => scores[number]!).sort();
      const least = order[order.length - limit] ?? 0;
      found = found.filter((number) => scores[number]! >= least);
    }
    return found
      .map((number): Candidate => ({ ...this.#entries[number]!, score: scores[number]! }))
      .sort((a, b) => b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1))
      .slice(0, limit);
  }

  #entry(id: string): Entry | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#entries[number];
  }

  #same(term: string): string {
    const known = this.#words.get(term);
    if (known !== undefined) return known;
    this.#words.set(term, term);
    return term;
  }

  #forget(term: string, number: number): void {
    const posting = this.#postings.get(term);
    if (!posting) return;
    let [low, high] = [0, posting.length / 3 - 1];
    // Numbers only grow, so a posting is in order.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (posting[middle * 3]! < number) low = middle + 1;
      else high = middle;
    }
    posting.splice(low * 3, 3);
    if (posting.length > 0) return;
    this.#postings.delete(term);
    this.#words.delete(term);
  }

  #renumber(): void {
    const renumbered: number[] = [];
    const entries: Entry[] = [];
    this.#entries.forEach((entry, number) => {
      if (!entry) return;
      renumbered[number] = entries.length;
      this.#numbers.set(entry.passage.id, entries.length);
      entries.push(entry);
    });
    this.#entries = entries;
    for (const posting of this.#postings.values()) {
      for (let at = 0; at < posting.length; at += 3) posting[at] = renumbered[posting[at]!]!;
    }
  }
}

function bump(counts: Map<string, [number, number]>, term: string, at: 0 | 1): void {
  const count = counts.get(term);
  if (count) count[at]++;
  else counts.set(term, at === 0 ? [1, 0] : [0, 1]);
}
