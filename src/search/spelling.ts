// Words that no passage holds are taken for misspelt: they are asked for as the known words one edit away, or as the
// two known words they are made of. Words that are known are never touched, so a clean query is not harmed.

import type { Analyzer } from "./analysis/analyzer.ts";
import type { Lexicon } from "./lexicon.ts";

const MOST = 3;
const SHORTEST = 4;

/** Known terms that `term` may have been meant for, the likeliest first; none for short words and numbers. */
export function corrections(term: string, lexicon: Lexicon): string[] {
  if (term.length < SHORTEST || /\p{N}/u.test(term)) return [];
  const near: [string, number][] = [];
  for (const [known, frequency] of lexicon.terms()) {
    if (known.length >= SHORTEST - 1 && oneEditApart(term, known)) {
      // A changed first letter is the rarest of typing errors.
      near.push([known, known[0] === term[0] ? frequency : frequency / 8]);
    }
  }
  near.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return near.slice(0, MOST).map(([known]) => known);
}

/** The two known terms a word is made of when the blank between them was forgotten. */
export function twoWords(word: string, lexicon: Lexicon, analyzer: Analyzer): string[] {
  let best: string[] = [];
  let bestRarest = 0;
  for (let at = 3; at <= word.length - 3; at++) {
    const parts = analyzer.queryTokens(`${word.slice(0, at)} ${word.slice(at)}`).map(({ term }) => term);
    const rarest = parts.length === 2 ? Math.min(...parts.map((part) => lexicon.frequency(part))) : 0;
    if (rarest > bestRarest) [best, bestRarest] = [parts, rarest];
  }
  return best;
}

/** Whether one insertion, deletion, substitution or swap of neighbours makes one word of the other. */
export function oneEditApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || a === b) return false;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
}
