// The lexical re-rank: the engine's best passages are scored anew by evidence an inverted index does not weigh
// together. Its weights were set once, on public question sets.

import type { Lexicon, PassageTerms } from "../lexicon.ts";
import type { UnderstoodQuery } from "../query.ts";
import { fieldWeight } from "./field-weight.ts";
import { occurrences } from "./position.ts";
import { proximity } from "./proximity.ts";
import { bestWindow } from "./window.ts";

const PROXIMITY_WEIGHT = 0.3;
const WINDOW_WEIGHT = 0.3;

/** A passage's lexical score for a query: field-weighted BM25, nearness of its terms, and its best stretch of text. */
export function lexicalScore(query: UnderstoodQuery, terms: PassageTerms, lexicon: Lexicon): number {
  const idf = query.terms.map(({ terms: alternatives, weight }) =>
    Math.max(
      0,
      ...alternatives.filter((term) => lexicon.frequency(term) > 0).map((term) => weight * lexicon.idf(term)),
    ),
  );
  const found = occurrences(query.terms, terms.body);
  return (
    fieldWeight(query.terms, terms, lexicon) +
    PROXIMITY_WEIGHT * proximity(found, idf) +
    WINDOW_WEIGHT * bestWindow(found, idf)
  );
}
