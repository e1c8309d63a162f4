import type { Lexicon, TermKey } from "../lexicon.ts";
import type { QueryTerm } from "../query.ts";

/** A place of the text where the query is met: the position among its terms, and which query term it is. */
export interface Occurrence {
  position: number;
  query: number;
  /** Which of the wanted terms stands there. */
  wanted: number;
}

/** The terms a query is met by, numbered, as the passages of a lexicon name them. */
export interface WantedTerms {
  numbers: ReadonlyMap<TermKey, number>;
  /** By number: the query term it is for. */
  queries: readonly number[];
  /** By number. */
  idf: readonly number[];
}

export function wantedOf(query: readonly QueryTerm[], lexicon: Lexicon): WantedTerms {
  const numbers = new Map<TermKey, number>();
  const queries: number[] = [];
  const idf: number[] = [];
  query.forEach(({ terms }, at) => {
    for (const term of terms) {
      const key = lexicon.key(term);
      if (key === undefined || numbers.has(key)) continue;
      numbers.set(key, queries.length);
      queries.push(at);
      idf.push(lexicon.idf(term));
    }
  });
  return { numbers, queries, idf };
}

/** Where the terms of a query stand in a text, in order. */
export function occurrences({ numbers, queries }: WantedTerms, terms: ArrayLike<TermKey>): Occurrence[] {
  const found: Occurrence[] = [];
  for (let position = 0; position < terms.length; position++) {
    const wanted = numbers.get(terms[position]!);
    if (wanted !== undefined) found.push({ position, query: queries[wanted]!, wanted });
  }
  return found;
}
