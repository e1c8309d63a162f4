// A check by rule whether a passage supports what a sentence says: words in common, the same figures and what they
// count, the same dates, the same negations. It understands nothing: a sentence in other words than its source fails, and a false one in its source's words may pass.

import { keptByText } from "../base/kept-by-text.ts";
import { passageAnalyzer } from "./analysis/analyzer.ts";
import { datesIn, isSameDate, type TextDate } from "./analysis/date.ts";
import { detectLanguage } from "./analysis/detect-language.ts";
import { figuresOf, unitsOf, withoutUnits } from "./analysis/figure.ts";
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
export const CHECK_NAME = "rule-based: words, figures, units, dates, negation";

const LEAST_OVERLAP = 0.6;
// A claim may rest on a few neighbouring sentences; more would let it gather its words from anywhere.
const WIDEST_WINDOW = 3;
const MOST_CHARACTERS = 50_000;

/** Looks for the place of a source that supports a sentence best. */
export function verifyClaim(claim: string, source: string): Support {
  const text = source.slice(0, MOST_CHARACTERS);
  const known = sourceOf(text);
  // A claim is short; its source tells better what language both are in.
  const language = known.language ?? detectLanguage(claim) ?? ENGLISH;
  const claimed = claimOf(claim, language);
  const whole = { start: 0, end: text.length };
  if (claimed.words.size === 0)
    return { ...whole, isSupported: false, overlap: 0, reason: "the sentence has no words to check" };
  const places = placesOf(text, known, language);
  let best: Support = { ...whole, isSupported: false, overlap: 0, reason: "the source has nothing of it" };
  let denial: Support | undefined;
  for (let width = 1; width <= WIDEST_WINDOW; width++) {
    for (let at = 0; at + width <= places.length; at++) {
      const found = judge(claimed, places.slice(at, at + width));
      if (isDenial(found) && found.overlap > (denial?.overlap ?? 0)) denial = found;
      if (found.isSupported !== best.isSupported ? found.isSupported : found.overlap > best.overlap) best = found;
    }
    // What one sentence says or denies is not looked for in more of them: neighbours may say otherwise of something else.
    if (denial && denial.overlap > best.overlap) return denial;
    if (best.isSupported || isDenial(best)) return best;
  }
  return best;
}

/** What a text says, as far as it is compared. */
interface Said {
  words: ReadonlySet<string>;
  figures: ReadonlySet<string>;
  units: ReturnType<typeof unitsOf>;
  dates: (TextDate & { text: string })[];
  isDenied: boolean;
}

type Place = Said & Span;

/** A text as claims are held against it, taken apart when the first is. */
interface Source {
  language: string | undefined;
  /** By the language that they were read in. */
  places: Map<string, Place[]>;
}

/** The same passages are cited again and again, and taking one apart takes longer than all that follows. */
const sourceOf = keptByText(500_000, (text): Source => ({ language: detectLanguage(text), places: new Map() }));

function placesOf(text: string, { places }: Source, language: string): Place[] {
  let found = places.get(language);
  if (!found) {
    found = sentences(text).map(({ start, end }) => placeOf(text.slice(start, end), { start, end }, language));
    places.set(language, found);
  }
  return found;
}

const DENIES = "the sentence denies what the source says";
const DENIED = "the source denies what the sentence says";

function isDenial({ reason }: Support): boolean {
  return reason === DENIED || reason === DENIES;
}

function placeOf(own: string, span: Span, language: string): Place {
  return { ...span, ...saidIn(own, language) };
}

function saidIn(text: string, language: string): Said {
  const dates = datesIn(text).map((date) => ({ ...date, text: text.slice(date.start, date.end) }));
  const isDenied = isNegated(text, language);
  return { words: wordsOf(text, language), figures: figuresOf(text), units: unitsOf(text), dates, isDenied };
}

/** Words and figures of its dates and words of its units are not looked for: a source may write them in another form. */
function claimOf(claim: string, language: string): Said {
  const said = saidIn(claim, language);
  const rest = said.dates.reduce((text, { text: date }) => text.replace(date, " "), claim);
  const words = wordsOf(withoutUnits(rest), language);
  return words.size === 0 ? said : { ...said, words, figures: figuresOf(rest) };
}

/** The claim against neighbouring sentences; the one that shares most with it tells whether it is denied. */
function judge(claim: Said, window: readonly Place[]): Support {
  const sharedWith = ({ words }: Place): number => [...claim.words].filter((word) => words.has(word)).length;
  const core = window.reduce((best, place) => (sharedWith(place) > sharedWith(best) ? place : best));
  const shared = [...claim.words].filter((word) => window.some(({ words }) => words.has(word))).length;
  const overlap = Math.round((shared / claim.words.size) * 100) / 100;
  const missing = [...claim.figures].filter((figure) => !window.some(({ figures }) => figures.has(figure)));
  const result = { start: window[0]!.start, end: window.at(-1)!.end, overlap };
  const fails = (reason: string): Support => ({ ...result, isSupported: false, reason });
  if (overlap < LEAST_OVERLAP) return fails("the source speaks of something else");
  if (missing.length > 0) return fails(`the source does not have ${missing.join(", ")}`);
  const otherDate = claim.dates.find((date) => !window.some(({ dates }) => dates.some((one) => isSameDate(date, one))));
  if (otherDate) return fails(`the source does not have ${otherDate.text}`);
  const counts = otherUnit(claim, window);
  if (counts !== undefined) return fails(counts);
  if (claim.isDenied !== core.isDenied) return fails(claim.isDenied ? DENIES : DENIED);
  return { ...result, isSupported: true };
}

/** The first figure that counts other things in the source, as a sentence; a figure without a unit may count anything. */
function otherUnit({ units }: Said, window: readonly Place[]): string | undefined {
  for (const [figure, own] of units) {
    const there = new Map(window.flatMap((place) => [...(place.units.get(figure) ?? [])]));
    const bare = window.some((place) => place.figures.has(figure) && !place.units.has(figure));
    if (there.size === 0 || bare || [...own.keys()].some((unit) => there.has(unit))) continue;
    return `the source has ${figure} ${[...there.values()][0]!}, not ${figure} ${[...own.values()][0]!}`;
  }
  return undefined;
}

const ANALYZER = passageAnalyzer();

/** Stems of the words that tell something; figures are compared by themselves. */
function wordsOf(text: string, language: string): Set<string> {
  const terms = ANALYZER.queryTokens(text.replaceAll(negations(language), " "), [language]).map(
    ({ terms: [term] }) => term!,
  );
  return new Set(terms.filter((term) => !/^[\d.,]+$/.test(term)));
}

/** Two denials of the same thing cancel each other. */
function isNegated(text: string, language: string): boolean {
  return (text.match(negations(language))?.length ?? 0) % 2 === 1;
}
