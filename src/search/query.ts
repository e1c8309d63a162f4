import type { Analyzer } from "./analysis/analyzer.ts";
import type { Lexicon } from "./lexicon.ts";
import { corrections, twoWords } from "./spelling.ts";

/** One thing a query asks for: a term, or the known terms it was probably meant for. */
export interface QueryTerm {
  /** What to look for; several are alternatives. */
  terms: string[];
  /** How much it counts; 1, or more where the question says it twice. */
  weight: number;
  /** The term as typed, where `terms` are corrections of it. */
  corrected?: string;
}

export interface UnderstoodQuery {
  terms: QueryTerm[];
}

// A question is short; what is longer is a pasted text, whose first words must do.
const MOST_TERMS = 64;
const REPEATED = 0.25;

/** Analyses a question and mends words that no passage holds. */
export function understand(text: string, analyzer: Analyzer, lexicon: Lexicon): UnderstoodQuery {
  const byTerm = new Map<string, QueryTerm>();
  const ask = (term: string, query: QueryTerm): void => {
    const seen = byTerm.get(term);
    if (seen) seen.weight = Math.min(2, seen.weight + REPEATED);
    else if (byTerm.size < MOST_TERMS) byTerm.set(term, query);
  };
  for (const { term, start, end } of analyzer.queryTokens(text)) {
    if (byTerm.has(term) || lexicon.frequency(term) > 0) {
      ask(term, { terms: [term], weight: 1 });
      continue;
    }
    const word = text.slice(start, end);
    const known = corrections(word, lexicon, analyzer);
    const parts = known.length > 0 ? [] : twoWords(word, lexicon, analyzer);
    if (known.length > 0) ask(term, { terms: known, weight: 1, corrected: term });
    else if (parts.length > 0) parts.forEach((part) => ask(part, { terms: [part], weight: 1, corrected: term }));
    else ask(term, { terms: [term], weight: 1 });
  }
  return { terms: [...byTerm.values()] };
}

/** All terms an engine has to look for, each once. */
export function wantedTerms(query: UnderstoodQuery): string[] {
  return [...new Set(query.terms.flatMap(({ terms }) => terms))];
}
