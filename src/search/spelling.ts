// Words that no passage holds are taken for misspelt: they are asked for as the known words one edit away, or as the
// two known words they are made of. Words that are known are never touched, so a clean query is not harmed.

import type { Analyzer } from "./analysis/analyzer.ts";
import type { Lexicon } from "./lexicon.ts";

const MOST = 3;
const SHORTEST = 4;
// Longer than what people type of one word, German compounds included. Each place where a word may be parted costs an
// analysis of the whole word in every language, so the cost of a text without blanks would grow with its square.
const LONGEST = 40;
const LATIN = /^[a-z]+$/;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * Known terms that a word of a query may have been meant for, the likeliest first; none for short words and numbers.
 * It is the word as typed that is mended, and then analysed: an error in its ending also hides its stem.
 */
export function corrections(word: string, lexicon: Lexicon, analyzer: Analyzer): string[] {
  const typed = word
    .normalize("NFKD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase();
  if (typed.length < SHORTEST || typed.length > LONGEST || !LATIN.test(typed)) return [];
  const frequencies = new Map<string, number>();
  const variants = [...oneEditAway(typed)].join(" ");
  for (const { term } of lexicon.languages.flatMap((language) => analyzer.tokens(variants, language))) {
    const frequency = lexicon.frequency(term);
    if (frequency === 0) continue;
    // A wrong first letter is the rarest of typing errors.
    const likelihood = term[0] === typed[0] ? frequency : frequency / 8;
    frequencies.set(term, Math.max(likelihood, frequencies.get(term) ?? 0));
  }
  return [...frequencies]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST)
    .map(([term]) => term);
}

/** All words that one deletion, swap of neighbours, substitution or insertion makes of a word. */
export function oneEditAway(word: string): Set<string> {
  const variants = new Set<string>();
  for (let at = 0; at <= word.length; at++) {
    const before = word.slice(0, at);
    const after = word.slice(at);
    if (after !== "") variants.add(before + after.slice(1));
    if (after.length > 1) variants.add(before + after[1]! + after[0]! + after.slice(2));
    for (const letter of LETTERS) {
      if (after !== "") variants.add(before + letter + after.slice(1));
      variants.add(before + letter + after);
    }
  }
  variants.delete(word);
  return variants;
}

/** The two known terms a word is made of when the blank between them was forgotten. */
export function twoWords(word: string, lexicon: Lexicon, analyzer: Analyzer): string[] {
  if (word.length > LONGEST) return [];
  let best: string[] = [];
  let bestRarest = 0;
  for (let at = 3; at <= word.length - 3; at++) {
    const parts = analyzer
      .queryTokens(`${word.slice(0, at)} ${word.slice(at)}`, lexicon.languages)
      .map(({ terms }) =>
        terms.reduce((best, term) => (lexicon.frequency(term) > lexicon.frequency(best) ? term : best)),
      );
    const rarest = parts.length === 2 ? Math.min(...parts.map((part) => lexicon.frequency(part))) : 0;
    if (rarest > bestRarest) [best, bestRarest] = [parts, rarest];
  }
  return best;
}
