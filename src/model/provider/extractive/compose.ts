import { readPrompt } from "./document.ts";
import { leansOnEarlier, type Question, readQuestion } from "./question.ts";
import { type Scored, scoreUnits } from "./score.ts";
import { type Unit, unitsOf } from "./unit.ts";
import { isWeakWord } from "./word.ts";
import type { ChatMessage } from "../../chat-model.ts";

export const NOT_FOUND = "Not found in the documents.";

export const NO_DOCUMENTS =
  "This is the built-in extractive model. It is not a language model: it can only quote sentences of documents, and this " +
  "prompt holds none. Configure a language model to get other answers.";

/** Less of the question than this being spoken of is no evidence; what has the wanted kind of answer needs less. */
const MIN_COVERAGE = 0.45;
const MIN_COVERAGE_FIT = 0.3;
/** Below this, several quotes that are equally good show only that a word is common. */
const CLEAR_COVERAGE = 0.4;
const AMBIGUOUS = 4;
const MIN_OWN_COVERAGE = 0.15;
const MAX_QUOTES = 3;
const MAX_LIST = 8;

/** The answer to the last question: one to three quotes, each with its citation, or that there is none. */
export function answerTo(messages: readonly ChatMessage[]): string {
  const { documents, question, earlier, expectsDocuments, wantsQuery } = readPrompt(messages);
  if (wantsQuery) return searchQuery(question, earlier);
  if (documents.length === 0) return expectsDocuments ? NOT_FOUND : NO_DOCUMENTS;
  const units = documents.flatMap((document, rank) => unitsOf(document, rank));
  const asked = readQuestion(question, earlier);
  const scored = scoreUnits(units, asked);
  const chosen = choose(scored, asked);
  if (chosen.length === 0) return NOT_FOUND;
  return quotes(chosen, units)
    .map(({ text, id }) => `${text} [${id}]`)
    .join(" ");
}

/** It writes nothing of its own: a search query is the question as it was asked, behind the one that it leans on. */
function searchQuery(question: string, [previous]: readonly string[]): string {
  return previous !== undefined && leansOnEarlier(question) ? `${previous} ${question}` : question;
}

function choose(scored: readonly Scored[], { wanted }: Question): Scored[] {
  const [best] = scored;
  if (!best || !isEvidence(best)) return [];
  const equals = scored.filter(({ coverage }) => coverage >= best.coverage - 0.01).length;
  if (best.coverage < CLEAR_COVERAGE && equals >= AMBIGUOUS) return [];
  // Whether something may be done depends on every word of the question.
  if (wanted.has("permission") && best.coverage < MIN_COVERAGE) return [];
  const chosen = [best];
  for (const candidate of scored.slice(1, 15)) {
    if (chosen.length === MAX_QUOTES) break;
    if (candidate.unit.introduces || !isEvidence(candidate)) continue;
    if (candidate.score < threshold(candidate, chosen) * best.score) continue;
    if (chosen.some(({ unit }) => isRepeat(candidate.unit, unit))) continue;
    chosen.push(candidate);
  }
  return chosen;
}

function isEvidence({ coverage, ownCoverage, isFit }: Scored): boolean {
  return coverage >= (isFit ? MIN_COVERAGE_FIT : MIN_COVERAGE) && ownCoverage >= MIN_OWN_COVERAGE;
}

/** A further quote has to be nearly as good as the best, or to speak of a part of the question that is still open. */
function threshold({ unit, matched, isFit }: Scored, chosen: readonly Scored[]): number {
  const isNear = chosen.some(({ unit: other }) => other.document.title === unit.document.title);
  const addsTerm = [...matched].some((stem) => !isWeakWord(stem) && !chosen.some((other) => other.matched.has(stem)));
  const addsFigure = isFit && !chosen.some((other) => other.isFit);
  if (isNear && (addsTerm || addsFigure)) return 0.45;
  return 0.78 + 0.08 * (chosen.length - 1);
}

/** Whether most of the smaller one's words stand in the other. Rows of one table differ in little and say different things. */
function isRepeat(a: Unit, b: Unit): boolean {
  if (a.kind === "row" && b.kind === "row" && a.block === b.block && a.document === b.document) return false;
  const first = new Set(a.stems);
  const second = new Set(b.stems);
  let shared = 0;
  for (const stem of first) if (second.has(stem)) shared++;
  return shared / Math.max(1, Math.min(first.size, second.size)) > 0.7;
}

interface Quote {
  text: string;
  id: string;
}

function quotes(chosen: readonly Scored[], units: readonly Unit[]): Quote[] {
  const used = new Set<Unit>();
  const result: Quote[] = [];
  for (const { unit } of chosen) {
    if (used.has(unit)) continue;
    used.add(unit);
    let { text } = unit;
    if (unit.introduces || text.endsWith(":")) {
      const followers = following(unit, units);
      if (followers.length === 0 && unit.introduces) continue;
      for (const follower of followers) used.add(follower);
      const list = followers.map((follower) => follower.text.replace(/[;,]$/, ""));
      text = unit.introduces ? list.join(" ") : `${text} ${list.join("; ")}`;
    } else if (unit.kind === "item" && unit.leadIn.endsWith(":") && unit.leadIn.length < 160) {
      text = `${unit.leadIn} ${text}`;
    }
    result.push({ text: closed(text), id: unit.document.id });
  }
  return result;
}

/** What a sentence that ends with a colon or a question mark introduces. */
function following(unit: Unit, units: readonly Unit[]): Unit[] {
  const at = units.indexOf(unit);
  const after = units.slice(at + 1, at + 1 + MAX_LIST).filter((next) => next.document === unit.document);
  const end = after.findIndex(
    (next) => next.introduces || (!unit.introduces && next.leadIn !== unit.text && !next.leadIn.startsWith(unit.text)),
  );
  const followers = end < 0 ? after : after.slice(0, end);
  return unit.introduces ? followers.slice(0, 2) : followers;
}

/** With a full stop, unless it ends with another mark. */
function closed(text: string): string {
  return /[.!?…:"”]$|[.!?]\)$/.test(text) ? text : `${text.replace(/[;,]$/, "")}.`;
}
