// A check by rule whether a passage supports what a sentence says: words in common, the same figures, the same negations. It
// understands nothing: a sentence in other words than its source fails, and a false one in its source's words may pass.

import { passageAnalyzer } from "./analysis/analyzer.ts";
import { detectLanguage } from "./analysis/detect-language.ts";
import { ENGLISH } from "./analysis/language.ts";
import { negations } from "./analysis/negation.ts";
import { sentences } from "./analysis/sentence.ts";
import type { Span } from "./analysis/span.ts";

export interface Support {
  isSupported: boolean;
  /** Share of the sentence's words, by meaning, that the best place of the source has: 0 to 1. */
  overlap: number;
  /** The place looked at, in characters of the source. */
  start: number;
  end: number;
  /** Why not. */
  reason?: string;
}

/** What the check is called wherever its results are shown. */
export const CHECK_NAME = "rule-based: words, figures, negation";

const LEAST_OVERLAP = 0.6;
// A claim may rest on a few neighbouring sentences; more would let it gather its words from anywhere.
const WIDEST_WINDOW = 3;
const MOST_CHARACTERS = 50_000;

const NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
/** Looks for the place of a source that supports a sentence best. */
export function verifyClaim(claim: string, source: string): Support {
  const text = source.slice(0, MOST_CHARACTERS);
  // A claim is short; its source tells better what language both are in.
  const language = detectLanguage(text) ?? detectLanguage(claim) ?? ENGLISH;
  const wanted = wordsOf(claim, language);
  const figures = figuresOf(claim);
  const isDenied = isNegated(claim, language);
  const whole = { start: 0, end: text.length };
  if (wanted.size === 0)
    return { ...whole, isSupported: false, overlap: 0, reason: "the sentence has no words to check" };
  const places = sentences(text).map(({ start, end }) => placeOf(text.slice(start, end), { start, end }, language));
  let best: Support = { ...whole, isSupported: false, overlap: 0, reason: "the source has nothing of it" };
  for (let width = 1; width <= WIDEST_WINDOW; width++) {
    for (let at = 0; at + width <= places.length; at++) {
      const found = judge({ words: wanted, figures, isDenied }, places.slice(at, at + width));
      if (found.isSupported !== best.isSupported ? found.isSupported : found.overlap > best.overlap) best = found;
    }
    // What one sentence says or denies is not looked for in more of them: neighbours may say otherwise of something else.
    if (best.isSupported || best.reason === DENIED || best.reason === DENIES) return best;
  }
  return best;
}

interface Place {
  start: number;
  end: number;
  words: ReadonlySet<string>;
  figures: ReadonlySet<string>;
  isDenied: boolean;
}

const DENIES = "the sentence denies what the source says";
const DENIED = "the source denies what the sentence says";

function placeOf(own: string, span: Span, language: string): Place {
  return { ...span, words: wordsOf(own, language), figures: figuresOf(own), isDenied: isNegated(own, language) };
}

/** The claim against neighbouring sentences; the one that shares most with it tells whether it is denied. */
function judge(claim: Omit<Place, "start" | "end">, window: readonly Place[]): Support {
  const sharedWith = ({ words }: Place): number => [...claim.words].filter((word) => words.has(word)).length;
  const core = window.reduce((best, place) => (sharedWith(place) > sharedWith(best) ? place : best));
  const shared = [...claim.words].filter((word) => window.some(({ words }) => words.has(word))).length;
  const overlap = Math.round((shared / claim.words.size) * 100) / 100;
  const missing = [...claim.figures].filter((figure) => !window.some(({ figures }) => figures.has(figure)));
  const result = { start: window[0]!.start, end: window.at(-1)!.end, overlap };
  const fails = (reason: string): Support => ({ ...result, isSupported: false, reason });
  if (overlap < LEAST_OVERLAP) return fails("the source speaks of something else");
  if (missing.length > 0) return fails(`the source does not have ${missing.join(", ")}`);
  if (claim.isDenied !== core.isDenied) return fails(claim.isDenied ? DENIES : DENIED);
  return { ...result, isSupported: true };
}

const ANALYZER = passageAnalyzer();

/** Stems of the words that tell something; figures are compared by themselves. */
function wordsOf(text: string, language: string): Set<string> {
  const terms = ANALYZER.queryTokens(text.replaceAll(negations(language), " "), [language]).map(
    ({ terms: [term] }) => term!,
  );
  return new Set(terms.filter((term) => !/^[\d.,]+$/.test(term)));
}

/** Figures in one form: `1,250.00` and `1250`, `five` and `5` are the same. */
function figuresOf(text: string): Set<string> {
  const figures = new Set<string>();
  for (const [figure] of text.matchAll(/\d+(?:[.,:]\d+)*/g)) {
    const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(figure) ? figure.replaceAll(",", "") : figure.replace(",", ".");
    figures.add(/^\d+\.\d+$/.test(plain) ? String(Number(plain)) : plain.replace(/^0+(?=\d)/, ""));
  }
  for (const [word] of text.toLowerCase().matchAll(/[a-z]+/g)) {
    const value = NUMBER_WORDS.indexOf(word);
    // "One" is a pronoun more often than a figure.
    if (value === 0 || value > 1) figures.add(String(value));
  }
  return figures;
}

/** Two denials of the same thing cancel each other. */
function isNegated(text: string, language: string): boolean {
  return (text.match(negations(language))?.length ?? 0) % 2 === 1;
}
