import type { AskedTerm, Question } from "./question.ts";
import type { Unit } from "./unit.ts";
import { answerBonus } from "./wanted.ts";
import { likeness } from "./word.ts";

export interface Scored {
  unit: Unit;
  score: number;
  /** How much of the question, by weight, the unit and its surroundings speak of: 0 to 1. */
  coverage: number;
  /** The same for the unit's own words and what introduces it. */
  ownCoverage: number;
  /** Whether it has what the question wants, such as a number. */
  isFit: boolean;
  /** Terms of the question that its own words answer to. */
  matched: Set<string>;
}

/** How much a word counts by where it stands. */
const PLACE = { lead: 0.85, heading: 0.8, outerHeading: 0.65, title: 0.75, neighbour: 0.3 };

/** What the title names is the subject of every sentence; that one repeats it says little for it. */
const REPEATED_TITLE = 0.4;

/** Every unit with its score, best first. */
export function scoreUnits(units: readonly Unit[], question: Question): Scored[] {
  const weigh = termWeights(units, question);
  const scored = units.map((unit, at) => scoreUnit(unit, [units[at - 1], units[at + 1]], { question, weigh }));
  return scored.sort((a, b) => b.score - a.score);
}

type Weigh = (term: AskedTerm) => number;

/** Rare words say more than frequent ones. A word that occurs nowhere is as rare as can be: nothing answers to it. */
function termWeights(units: readonly Unit[], { terms, context }: Question): Weigh {
  const weights = new Map<string, number>();
  for (const { stem, weight } of [...terms, ...context]) {
    let frequency = 0;
    for (const { stems } of units) if (stems.some((found) => likeness(stem, found) >= 0.75)) frequency++;
    const idf = Math.log(1 + (units.length - frequency + 0.5) / (frequency + 0.5));
    const rarest = Math.log(1 + (units.length + 0.5) / 0.5);
    weights.set(stem, weight * (0.35 + 0.65 * (idf / rarest)));
  }
  return ({ stem }) => weights.get(stem) ?? 0;
}

function scoreUnit(
  unit: Unit,
  neighbours: (Unit | undefined)[],
  { question, weigh }: { question: Question; weigh: Weigh },
): Scored {
  const near = neighbours.filter((other) => other?.document === unit.document && other.block === unit.block);
  const matched = new Set<string>();
  let total = 0;
  let covered = 0;
  let own = 0;
  let said = 0;
  for (const term of question.terms) {
    const weight = weigh(term);
    total += weight;
    const ownLikeness = bestLikeness(term.stem, unit.stems);
    if (ownLikeness > 0) matched.add(term.stem);
    const here = Math.max(ownLikeness, PLACE.lead * bestLikeness(term.stem, unit.leadStems));
    own += weight * here;
    said += weight * here * (unit.titleStems.has(term.stem) ? REPEATED_TITLE : 1);
    covered += weight * Math.max(ownLikeness, surroundings(term.stem, unit, near));
  }
  let helped = 0;
  let helpTotal = 0;
  for (const term of question.context) {
    const weight = weigh(term);
    helpTotal += weight;
    helped += weight * Math.max(bestLikeness(term.stem, unit.stems), surroundings(term.stem, unit, near));
  }
  const all = total + helpTotal;
  const coverage = all === 0 ? 0 : (covered + helped) / all;
  const ownCoverage = total === 0 ? 0 : own / total;
  const help = total === 0 ? 0 : Math.min(0.6, helped / total);
  const answers = answerBonus(unit.text, question.wanted);
  const bonus = pairBonus(unit, question) + answers;
  const order = 1 - 0.04 * Math.min(unit.rank, 5);
  const form = unit.introduces ? 0.4 : unit.stems.length < 3 && unit.kind === "sentence" ? 0.6 : 1;
  const length = unit.stems.length > 45 ? 0.9 : 1;
  const score =
    (0.75 * coverage + 0.35 * (total === 0 ? 0 : said / total) + 0.5 * help) * (1 + bonus) * order * form * length;
  return { unit, score, coverage, ownCoverage, isFit: question.wanted.size === 0 || answers > 0, matched };
}

function bestLikeness(asked: string, stems: Iterable<string>): number {
  let best = 0;
  for (const found of stems) {
    const like = likeness(asked, found);
    if (like === 1) return 1;
    if (like > best) best = like;
  }
  return best;
}

function surroundings(stem: string, unit: Unit, near: (Unit | undefined)[]): number {
  const headings = unit.headingStems;
  let best = PLACE.lead * bestLikeness(stem, unit.leadStems);
  best = Math.max(best, PLACE.title * bestLikeness(stem, unit.titleStems));
  for (const [at, heading] of headings.entries()) {
    const place = at === headings.length - 1 ? PLACE.heading : PLACE.outerHeading;
    best = Math.max(best, place * bestLikeness(stem, heading));
  }
  for (const other of near) if (other) best = Math.max(best, PLACE.neighbour * bestLikeness(stem, other.stems));
  return best;
}

function pairBonus(unit: Unit, { pairs }: Question): number {
  let hits = 0;
  for (const [first, second] of pairs) {
    for (let at = 0; at + 1 < unit.stems.length; at++) {
      const [a = "", b = "", c = ""] = unit.stems.slice(at, at + 3);
      if (likeness(first, a) >= 0.75 && (likeness(second, b) >= 0.75 || likeness(second, c) >= 0.75)) {
        hits++;
        break;
      }
    }
  }
  return Math.min(0.2, 0.08 * hits);
}
