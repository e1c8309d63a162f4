// The lexical re-rank: the engine's best passages are scored anew by evidence an inverted index does not weigh
// together. Its weights were set once, on the eight public question sets that the bench reads; their neighbours
// do about as well.

import type { Lexicon, PassageTerms } from "../lexicon.ts";
import type { UnderstoodQuery } from "../query.ts";
import { fieldWeight } from "./field-weight.ts";
import { occurrences, wantedOf } from "./position.ts";
import { proximity } from "./proximity.ts";
import { bestWindow } from "./window.ts";

const PROXIMITY_WEIGHT = 0.4;
const WINDOW_WEIGHT = 0.4;

/** Scores passages for a query: field-weighted BM25, nearness of its terms, and the best stretch of text. */
export function lexicalScorer(query: UnderstoodQuery, lexicon: Lexicon): (terms: PassageTerms) => number {
  const { meanBody, meanField } = lexicon;
  const wanted = wantedOf(query.terms, lexicon);
  // A word that the question repeats counts so often as a word, but stands beside its neighbours once.
  const idf = query.terms.map(({ terms: alternatives }) =>
    Math.max(0, ...alternatives.filter((term) => lexicon.frequency(term) > 0).map((term) => lexicon.idf(term))),
  );
  return (terms) => {
    const body = { found: occurrences(wanted, terms.body), length: terms.body.length };
    const field = { found: occurrences(wanted, terms.field), length: terms.field.length };
    return (
      fieldWeight(query.terms, wanted, { body, field }, { meanBody, meanField }) +
      PROXIMITY_WEIGHT * proximity(body.found, idf) +
      WINDOW_WEIGHT * bestWindow(body.found, idf)
    );
  };
}
