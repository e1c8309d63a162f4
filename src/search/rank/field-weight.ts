import type { Lexicon } from "../lexicon.ts";
import type { QueryTerm } from "../query.ts";
import type { Occurrence, WantedTerms } from "./position.ts";

const K1 = 1.4;
const BODY_B = 0.75;
const FIELD_WEIGHT = 3;
const FIELD_B = 0.5;

/** Where a query is met in one part of a passage, and how many terms that part has. */
export interface Part {
  found: readonly Occurrence[];
  length: number;
}

/** BM25F: word evidence of text and of title and headings, the latter counting three times. */
export function fieldWeight(
  query: readonly QueryTerm[],
  wanted: WantedTerms,
  { body, field }: { body: Part; field: Part },
  lexicon: Pick<Lexicon, "meanBody" | "meanField">,
): number {
  const bodyNorm = 1 - BODY_B + (BODY_B * body.length) / lexicon.meanBody;
  const fieldNorm = 1 - FIELD_B + (FIELD_B * field.length) / lexicon.meanField;
  const frequencies = new Float64Array(wanted.queries.length);
  for (const one of body.found) frequencies[one.wanted]! += 1 / bodyNorm;
  for (const one of field.found) frequencies[one.wanted]! += FIELD_WEIGHT / fieldNorm;
  // Of the alternatives for a word, the best counts.
  const best = new Float64Array(query.length);
  for (let number = 0; number < frequencies.length; number++) {
    const frequency = frequencies[number]!;
    if (frequency === 0) continue;
    const weight = (wanted.idf[number]! * frequency * (K1 + 1)) / (K1 + frequency);
    const at = wanted.queries[number]!;
    best[at] = Math.max(best[at]!, weight);
  }
  let score = 0;
  for (let at = 0; at < best.length; at++) score += query[at]!.weight * best[at]!;
  return score;
}
