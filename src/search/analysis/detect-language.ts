// The language of a document is told by its function words: every text has many of them, and few are shared by languages.

import { FUNCTION_WORDS } from "./function-word.ts";
import { ENGLISH } from "./language.ts";
import { ENGLISH_QUESTION_WORDS, ENGLISH_STOP_WORDS } from "./stop-word.ts";
import { words } from "./word.ts";

const READ = 20_000;
// So many function words of a language at least, and so much more than of the next one, or it is not known.
const LEAST = 4;
const LEAST_SHARE = 0.08;
const AHEAD = 1.15;

const LANGUAGES_BY_WORD = wordsByLanguage();

/** By the front of a text; undefined when it is too short, or in none of the languages with function words. */
export function detectLanguage(text: string): string | undefined {
  return bestOf(text, { least: LEAST, share: LEAST_SHARE });
}

/** Of a question, which is short: of the languages given, the one whose function words it has; undefined when none is ahead. */
export function questionLanguage(text: string, among: readonly string[]): string | undefined {
  return bestOf(text, { least: 1, share: 0, among });
}

interface Demand {
  least: number;
  share: number;
  among?: readonly string[];
}

function bestOf(text: string, { least, share, among }: Demand): string | undefined {
  const counts = new Map<string, number>();
  const scores = new Map<string, number>();
  let total = 0;
  for (const { text: word, kind } of words(text.slice(0, READ))) {
    if (kind !== "word" || !/^\p{L}/u.test(word)) continue;
    total += 1;
    const languages = LANGUAGES_BY_WORD.get(word.normalize("NFC").toLowerCase());
    const own = among ? languages?.filter((language) => among.includes(language)) : languages;
    for (const language of own ?? []) {
      counts.set(language, (counts.get(language) ?? 0) + 1);
      // A word of several languages tells less.
      scores.set(language, (scores.get(language) ?? 0) + 1 / own!.length);
    }
  }
  const [best, next] = [...scores].sort((a, b) => b[1] - a[1]);
  if (!best || (next && best[1] < next[1] * AHEAD)) return undefined;
  const count = counts.get(best[0]) ?? 0;
  return count >= least && count >= share * total ? best[0] : undefined;
}

function wordsByLanguage(): Map<string, string[]> {
  const byWord = new Map<string, string[]>();
  const add = (language: string, list: Iterable<string>): void => {
    for (const word of new Set(list)) byWord.set(word, [...(byWord.get(word) ?? []), language]);
  };
  add(ENGLISH, [...ENGLISH_STOP_WORDS, ...ENGLISH_QUESTION_WORDS]);
  for (const [language, { stop, asked }] of Object.entries(FUNCTION_WORDS))
    add(language, `${stop} ${asked}`.split(" "));
  return byWord;
}
