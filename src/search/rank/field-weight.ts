import type { Lexicon, PassageTerms } from "../lexicon.ts";
import type { QueryTerm } from "../query.ts";

const K1 = 1.2;
const BODY_B = 0.75;
const FIELD_WEIGHT = 3;
const FIELD_B = 0.3;

/** BM25F: word evidence of text and of title and headings, the latter counting three times. */
export function fieldWeight(query: readonly QueryTerm[], { body, field }: PassageTerms, lexicon: Lexicon): number {
  const wanted = new Set(query.flatMap(({ terms }) => terms));
  const inBody = counts(body, wanted);
  const inField = counts(field, wanted);
  const bodyNorm = 1 - BODY_B + (BODY_B * body.length) / lexicon.meanBody;
  const fieldNorm = 1 - FIELD_B + (FIELD_B * field.length) / lexicon.meanField;
  let score = 0;
  for (const { terms, weight } of query) {
    let best = 0;
    for (const term of terms) {
      const frequency = (inBody.get(term) ?? 0) / bodyNorm + (FIELD_WEIGHT * (inField.get(term) ?? 0)) / fieldNorm;
      if (frequency > 0) best = Math.max(best, (lexicon.idf(term) * frequency * (K1 + 1)) / (K1 + frequency));
    }
    score += weight * best;
  }
  return score;
}

function counts(terms: readonly string[], wanted: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const term of terms) if (wanted.has(term)) found.set(term, (found.get(term) ?? 0) + 1);
  return found;
}
