// Which documents a query of words finds, and how well: BM25 per field, summed, with the boosts of query and profile.

import type { QueryNode } from "../syntax/node.ts";
import { editDistance } from "./edit-distance.ts";
import type { FieldImage, Image } from "./image.ts";

export type Scores = Map<number, number>;

export interface MatchOptions {
  /** Fields searched where the query names none. */
  fields: readonly FieldImage[];
  /** Of a scoring profile. */
  weights: Readonly<Record<string, number>>;
  /** Other wordings of a word, by the field's synonym maps. */
  synonyms: (field: FieldImage, text: string) => readonly string[];
  k1: number;
  b: number;
}

const MOST_EXPANSIONS = 1000;

/** The terms that matched, by field, so that they can be marked. */
export type Matched = Map<string, Set<string>>;

/** @returns undefined when the query asks nothing, as one of stop words only. */
export function matchQuery(
  node: QueryNode,
  image: Image,
  options: MatchOptions,
): { scores: Scores | undefined; matched: Matched } {
  const matched: Matched = new Map();
  return { scores: new Matching(image, options, matched).run(node), matched };
}

class Matching {
  readonly #image: Image;
  readonly #options: MatchOptions;
  readonly #matched: Matched;

  constructor(image: Image, options: MatchOptions, matched: Matched) {
    this.#image = image;
    this.#options = options;
    this.#matched = matched;
  }

  run(node: QueryNode): Scores | undefined {
    switch (node.kind) {
      case "everything":
        return new Map(Array.from(this.#image.numbers(), (number) => [number, node.boost]));
      case "boolean":
        return this.#boolean(node);
      default: {
        let all: Scores | undefined;
        for (const field of this.#fieldsOf(node.field)) {
          const weight = node.boost * (this.#options.weights[field.field.path] ?? 1);
          const found = this.#inField(node, field);
          if (!found) continue;
          all ??= new Map();
          for (const [number, score] of found) all.set(number, (all.get(number) ?? 0) + weight * score);
        }
        return all;
      }
    }
  }

  #boolean({ must, should, not, boost }: Extract<QueryNode, { kind: "boolean" }>): Scores | undefined {
    let found: Scores | undefined;
    for (const node of must) {
      const scores = this.run(node);
      if (!scores) continue;
      found = found ? intersected(found, scores) : scores;
    }
    const isOptional = found !== undefined;
    for (const node of should) {
      const scores = this.run(node);
      if (!scores) continue;
      found ??= new Map();
      for (const [number, score] of scores) {
        if (isOptional && !found.has(number)) continue;
        found.set(number, (found.get(number) ?? 0) + score);
      }
    }
    if (!found) return undefined;
    for (const node of not) {
      // What must not be there is not marked either.
      const { scores } = matchQuery(node, this.#image, this.#options);
      for (const number of scores?.keys() ?? []) found.delete(number);
    }
    if (boost !== 1) for (const [number, score] of found) found.set(number, score * boost);
    return found;
  }

  #fieldsOf(name: string | undefined): readonly FieldImage[] {
    if (name === undefined) return this.#options.fields;
    const field = this.#image.fields.get(name.replaceAll(".", "/"));
    return field ? [field] : [];
  }

  #inField(node: Exclude<QueryNode, { kind: "boolean" | "everything" }>, field: FieldImage): Scores | undefined {
    switch (node.kind) {
      case "term":
        return this.#words(node.text, field);
      case "phrase": {
        const terms = field.analyze(node.text).map(({ term }) => term);
        return terms.length === 0 ? undefined : this.#phrase(terms, node.slop, field);
      }
      case "prefix": {
        const prefix = node.text.toLowerCase();
        return this.#expanded(field, (term) => term.startsWith(prefix));
      }
      case "fuzzy": {
        const text = field.analyze(node.text)[0]?.term ?? node.text.toLowerCase();
        return this.#expanded(field, (term) => editDistance(text, term, node.distance) <= node.distance);
      }
      default:
        return this.#expanded(field, (term) => node.pattern.test(term));
    }
  }

  #words(text: string, field: FieldImage): Scores | undefined {
    let found = this.#all(text, field);
    for (const other of this.#options.synonyms(field, text)) {
      const terms = field.analyze(other).map(({ term }) => term);
      const scores = terms.length > 1 ? this.#phrase(terms, 0, field) : this.#all(other, field);
      for (const [number, score] of scores ?? []) {
        found ??= new Map();
        found.set(number, Math.max(score, found.get(number) ?? 0));
      }
    }
    return found;
  }

  /** What is one word as typed may be several terms: all of them have to be there. */
  #all(text: string, field: FieldImage): Scores | undefined {
    let found: Scores | undefined;
    for (const { term } of field.analyze(text)) {
      const scores = this.#term(term, field);
      found = found ? intersected(found, scores) : scores;
    }
    return found;
  }

  #term(term: string, field: FieldImage): Scores {
    const posting = field.postings.get(term);
    const scores: Scores = new Map();
    if (!posting) return scores;
    this.#mark(field, term);
    const { k1, b } = this.#options;
    const frequency = posting.length / 2;
    const idf = Math.log(1 + (this.#image.size - frequency + 0.5) / (frequency + 0.5));
    const mean = Math.max(1, field.length / Math.max(1, this.#image.size));
    for (let at = 0; at < posting.length; at += 2) {
      const number = posting[at]!;
      const count = posting[at + 1]!;
      const norm = 1 - b + (b * (field.terms[number]?.length ?? 0)) / mean;
      scores.set(number, (idf * count * (k1 + 1)) / (count + k1 * norm));
    }
    return scores;
  }

  #expanded(field: FieldImage, wanted: (term: string) => boolean): Scores {
    const scores: Scores = new Map();
    let found = 0;
    for (const [term, posting] of field.postings) {
      if (!wanted(term)) continue;
      if (++found > MOST_EXPANSIONS) break;
      this.#mark(field, term);
      for (let at = 0; at < posting.length; at += 2) scores.set(posting[at]!, 1);
    }
    return scores;
  }

  #phrase(terms: readonly string[], slop: number, field: FieldImage): Scores {
    let both: Scores | undefined;
    for (const term of terms) {
      const scores = this.#term(term, field);
      both = both ? intersected(both, scores) : scores;
    }
    const found: Scores = new Map();
    for (const [number, score] of both ?? []) {
      if (holdsPhrase(field.terms[number] ?? [], terms, slop)) found.set(number, score);
    }
    return found;
  }

  #mark({ field: { path } }: FieldImage, term: string): void {
    const terms = this.#matched.get(path);
    if (terms) terms.add(term);
    else this.#matched.set(path, new Set([term]));
  }
}

/** Whether the terms stand in this order with at most `slop` moves; two that are swapped take two. */
function holdsPhrase(text: readonly string[], phrase: readonly string[], slop: number): boolean {
  const places = phrase.map((term, at) => text.flatMap((other, position) => (other === term ? [position - at] : [])));
  const starts = places[0] ?? [];
  return starts.some((start) => {
    // Each term is taken where it is nearest to its place behind the first.
    const offsets = places.map((at) =>
      at.reduce((best, one) => (Math.abs(one - start) < Math.abs(best - start) ? one : best), Infinity),
    );
    return Math.max(...offsets) - Math.min(...offsets) <= slop;
  });
}

function intersected(a: Scores, b: Scores): Scores {
  const both: Scores = new Map();
  for (const [number, score] of a) {
    const other = b.get(number);
    if (other !== undefined) both.set(number, score + other);
  }
  return both;
}
