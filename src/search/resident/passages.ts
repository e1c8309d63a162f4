// The passages of an index as they lie in memory while it is searched: a query then costs no call of the engine but the one
// that asks whether anything has changed. What is above the limits stays with the engine.

import { ENGLISH } from "../analysis/language.ts";
import type { Candidate } from "../answer-query.ts";
import type { KeySet } from "../document/document-store.ts";
import type { Lexicon, PassageTerms, PassageWords, WordCounts } from "../lexicon.ts";
import type { Passage } from "../search-index.ts";
import { isVisible, passageTest, type Readers, type Within } from "../visibility.ts";
import { best } from "./best.ts";
import { TermTable } from "./term-table.ts";

interface Entry {
  passage: Passage;
  terms: PassageTerms & { body: Int32Array; field: Int32Array };
  /** Length of the vector, so that the cosine is one product. */
  norm: number;
}

const K1 = 1.2;
const B = 0.75;

export class ResidentPassages {
  readonly #numbers = new Map<string, number>();
  readonly #documents = new Map<string, Set<string>>();
  readonly #terms = new TermTable();
  #entries: (Entry | undefined)[] = [];
  // By number of the passage, apart from the entries: scoring reads nothing else of a passage.
  #bodyLengths: number[] = [];
  #fieldLengths: number[] = [];
  #bodyTerms = 0;
  #fieldTerms = 0;
  /** How many passages are of a language. */
  readonly #languages = new Map<string, number>();

  get size(): number {
    return this.#numbers.size;
  }

  get documents(): number {
    return this.#documents.size;
  }

  /** How many a reader may see. */
  count(readers: Readers): { documents: number; passages: number } {
    if (readers === "all") return { documents: this.documents, passages: this.size };
    const documents = new Set<string>();
    let passages = 0;
    for (const entry of this.#entries) {
      if (!entry || !isVisible(entry.passage, readers)) continue;
      documents.add(entry.passage.documentId);
      passages += 1;
    }
    return { documents: documents.size, passages };
  }

  get(id: string): Passage | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#entries[number]?.passage;
  }

  put(passage: Passage, { body, field }: PassageWords): void {
    this.remove(passage.id);
    const number = this.#entries.length;
    const terms = { body: this.#terms.numbersOf(body), field: this.#terms.numbersOf(field) };
    this.#entries.push({ passage, terms, norm: passage.vector ? lengthOf(passage.vector) : 0 });
    this.#bodyLengths.push(body.length);
    this.#fieldLengths.push(field.length);
    this.#numbers.set(passage.id, number);
    const ids = this.#documents.get(passage.documentId);
    if (ids) ids.add(passage.id);
    else this.#documents.set(passage.documentId, new Set([passage.id]));
    this.#bodyTerms += body.length;
    this.#fieldTerms += field.length;
    this.#terms.post(number, terms);
    this.#countLanguage(passage, 1);
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    const entry = number === undefined ? undefined : this.#entries[number];
    if (number === undefined || !entry) return;
    this.#numbers.delete(id);
    this.#entries[number] = undefined;
    const { passage, terms } = entry;
    const ids = this.#documents.get(passage.documentId);
    ids?.delete(id);
    if (ids?.size === 0) this.#documents.delete(passage.documentId);
    this.#bodyTerms -= terms.body.length;
    this.#fieldTerms -= terms.field.length;
    this.#terms.forget(number, terms);
    this.#countLanguage(passage, -1);
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
    const frequency = (term: string): number => this.#terms.frequency(term);
    return {
      passages,
      meanBody: Math.max(1, this.#bodyTerms / Math.max(1, passages)),
      meanField: Math.max(1, this.#fieldTerms / Math.max(1, passages)),
      languages: this.#languages.size === 0 ? [ENGLISH] : [...this.#languages.keys()].sort(),
      frequency,
      idf: (term) => Math.log(1 + (passages - frequency(term) + 0.5) / (frequency(term) + 0.5)),
      key: (term) => this.#terms.number(term),
    };
  }

  wordCounts(): WordCounts {
    const { passages, meanBody, meanField, languages } = this.lexicon();
    return { passages, meanBody, meanField, languages, frequencies: this.#terms.frequencies() };
  }

  /** By BM25 over the text and over title and headings, best first. */
  byTerms(terms: readonly string[], limit: number, within: Within): Candidate[] {
    const { idf, meanBody, meanField } = this.lexicon();
    // A list by number: most words of a question stand in many passages, and a map would cost ten times as much.
    const scores = new Float64Array(this.#entries.length);
    const bodyLengths = this.#bodyLengths;
    const fieldLengths = this.#fieldLengths;
    const [always, perBody, perField] = [K1 * (1 - B), (K1 * B) / meanBody, (K1 * B) / meanField];
    for (const term of terms) {
      const weight = idf(term) * (K1 + 1);
      this.#terms.eachPosting(term, (number, inBody, inField) => {
        let score = 0;
        if (inBody > 0) score = inBody / (inBody + always + perBody * bodyLengths[number]!);
        if (inField > 0) score += inField / (inField + always + perField * fieldLengths[number]!);
        scores[number]! += weight * score;
      });
    }
    return this.#best(scores, limit, within);
  }

  /** Exact: every vector is compared. The score is 1 / (2 - cosine). */
  byVector(vector: Float32Array, limit: number, within: Within): Candidate[] {
    const norm = lengthOf(vector);
    const scores = new Float64Array(this.#entries.length);
    this.#entries.forEach((entry, number) => {
      const other = entry?.passage.vector;
      if (other) scores[number] = 1 / (2 - product(vector, other) / (norm * entry.norm));
    });
    return this.#best(scores, limit, within);
  }

  /** What is looked up elsewhere by vector is to be among these; undefined for all. */
  among(within: Within): KeySet | undefined {
    const test = passageTest(within);
    if (!test) return undefined;
    const ids = new Set<string>();
    for (const entry of this.#entries) if (entry && test(entry.passage)) ids.add(entry.passage.id);
    return { size: ids.size, of: this.size, has: (id) => ids.has(id), keys: () => ids };
  }

  /** Of passages that are found elsewhere; those that are gone are left out. */
  candidates(found: readonly { key: string; score: number }[]): Candidate[] {
    return found.flatMap(({ key, score }) => {
      const number = this.#numbers.get(key);
      if (number === undefined) return [];
      const { passage, terms } = this.#entries[number]!;
      return [{ passage, terms, score }];
    });
  }

  #best(scores: Float64Array, limit: number, within: Within): Candidate[] {
    const test = passageTest(within);
    const isWanted = test && ((number: number) => test(this.#entries[number]!.passage));
    return best(scores, limit, isWanted)
      .map((number): Candidate => {
        const { passage, terms } = this.#entries[number]!;
        return { passage, terms, score: scores[number]! };
      })
      .sort((a, b) => b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1))
      .slice(0, limit);
  }

  #countLanguage({ language = ENGLISH }: Passage, change: number): void {
    const count = (this.#languages.get(language) ?? 0) + change;
    if (count > 0) this.#languages.set(language, count);
    else this.#languages.delete(language);
  }

  #renumber(): void {
    const renumbered = new Int32Array(this.#entries.length);
    const entries: Entry[] = [];
    this.#entries.forEach((entry, number) => {
      if (!entry) return;
      renumbered[number] = entries.length;
      this.#numbers.set(entry.passage.id, entries.length);
      entries.push(entry);
    });
    this.#entries = entries;
    this.#bodyLengths = entries.map(({ terms }) => terms.body.length);
    this.#fieldLengths = entries.map(({ terms }) => terms.field.length);
    this.#terms.renumber(renumbered);
  }
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(product(vector, vector)) || 1;
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
