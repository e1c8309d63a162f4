// What is known of a whole index: how many passages hold a term, and how long passages are. Ranking weighs terms by it,
// and it tells a misspelt word from a known one.

import { ENGLISH } from "./analysis/language.ts";

/** A term as passages hold it: the word itself, or its number where a dictionary keeps the words. */
export type TermKey = string | number;

/** Terms of a passage as they were indexed. */
export interface PassageTerms {
  body: ArrayLike<TermKey>;
  /** Title and headings. */
  field: ArrayLike<TermKey>;
}

/** The same as words. */
export interface PassageWords {
  body: readonly string[];
  field: readonly string[];
}

export interface Lexicon {
  readonly passages: number;
  /** Mean number of terms of a passage's text, at least 1. */
  readonly meanBody: number;
  readonly meanField: number;
  /** Of the passages; English alone when there are none. */
  readonly languages: readonly string[];
  /** How many passages hold the term in their text, title or headings. */
  frequency(term: string): number;
  /** Inverse document frequency, never negative. */
  idf(term: string): number;
  /** What the passages hold for a term; undefined when none holds it. */
  key(term: string): TermKey | undefined;
  /** Whether passages may have been written since: a word without a count may be there all the same. */
  readonly isStale?: boolean;
}

/** What a lexicon is made of. */
export interface WordCounts {
  passages: number;
  meanBody: number;
  meanField: number;
  languages: readonly string[];
  frequencies: ReadonlyMap<string, number>;
}

/** Over passages that are held as words. */
export function lexiconOf({ frequencies, ...counts }: WordCounts, isStale = false): Lexicon {
  const frequency = (term: string): number => frequencies.get(term) ?? 0;
  return {
    ...counts,
    isStale,
    frequency,
    idf: (term) => idfOf(counts.passages, frequency(term)),
    key: (term) => term,
  };
}

function idfOf(passages: number, frequency: number): number {
  return Math.log(1 + (passages - Math.min(frequency, passages) + 0.5) / (frequency + 0.5));
}

export interface LexiconBuilder {
  add(terms: PassageWords, language?: string): void;
  build(): WordCounts;
}

export function lexiconBuilder(): LexiconBuilder {
  const frequencies = new Map<string, number>();
  let passages = 0;
  let bodyTerms = 0;
  let fieldTerms = 0;
  const languages = new Set<string>();
  return {
    add({ body, field }, language = ENGLISH) {
      languages.add(language);
      passages += 1;
      bodyTerms += body.length;
      fieldTerms += field.length;
      for (const term of new Set([...body, ...field])) frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
    },
    build: () => ({
      passages,
      meanBody: Math.max(1, bodyTerms / Math.max(1, passages)),
      meanField: Math.max(1, fieldTerms / Math.max(1, passages)),
      languages: languages.size === 0 ? [ENGLISH] : [...languages].sort(),
      frequencies,
    }),
  };
}
