import type { Analyzer } from "./analysis/analyzer.ts";
import type { Lexicon } from "./lexicon.ts";
import { corrections, twoWords } from "./spelling.ts";

/** One thing a query asks for: a term, or the known terms it was probably meant for. */
export interface QueryTerm {
  /** What to look for; several are alternatives. */
  terms: string[];
  /** How much it counts: how often the question says it, whole. */
  weight: number;
  /** The term as typed, where `terms` are corrections of it. */
  corrected?: string;
}

export interface UnderstoodQuery {
  terms: QueryTerm[];
}

// A question is short; what is longer is a pasted text, whose first words must do.
const MOST_TERMS = 256;
const MOST_CHARACTERS = 20_000;
/** Mending a word costs some milliseconds, in which nobody else is answered. */
const MOST_MENDED = 24;

/** Analyses a question and mends words that no passage holds. */
export function understand(text: string, analyzer: Analyzer, lexicon: Lexicon): UnderstoodQuery {
  const byTerm = new Map<string, QueryTerm>();
  const ask = (term: string, query: QueryTerm): void => {
    const seen = byTerm.get(term);
    if (seen) seen.weight += 1;
    else if (byTerm.size < MOST_TERMS) byTerm.set(term, query);
  };
  let mended = 0;
  for (const { terms, start, end } of analyzer.queryTokens(text.slice(0, MOST_CHARACTERS), lexicon.languages)) {
    const term = terms[0]!;
    const held = terms.filter((one) => lexicon.frequency(one) > 0);
    if (byTerm.has(term) || held.length > 0) {
      ask(term, { terms: held.length > 0 ? held : [term], weight: 1 });
      continue;
    }
    if (byTerm.size >= MOST_TERMS) continue;
    if (++mended > MOST_MENDED) {
      ask(term, { terms: [term], weight: 1 });
      continue;
    }
    const word = text.slice(start, end);
    const known = corrections(word, lexicon, analyzer);
    const parts = known.length > 0 ? [] : twoWords(word, lexicon, analyzer);
    // Where the counts may be behind the passages, the word may be right after all.
    const perhaps = lexicon.isStale ? [term] : [];
    if (known.length > 0) ask(term, { terms: [...perhaps, ...known], weight: 1, corrected: term });
    else if (parts.length > 0 && !lexicon.isStale)
      parts.forEach((part) => ask(part, { terms: [part], weight: 1, corrected: term }));
    else ask(term, { terms: [term], weight: 1 });
  }
  return { terms: [...byTerm.values()] };
}

/** All terms an engine has to look for; one that counts twice is there twice. */
export function wantedTerms(query: UnderstoodQuery): string[] {
  return query.terms.flatMap(({ terms, weight }) => Array.from({ length: weight }, () => terms).flat());
}
