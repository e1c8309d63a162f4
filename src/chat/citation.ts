// Which sentences of an answer cite which passage, and what of the passage they rest on.

import type { UsedPassage } from "./document.ts";
import type { Citation, Span } from "./event.ts";
import { markersIn, withoutMarks } from "./marker.ts";
import { sentences, weightOf, wordForms } from "./sentence.ts";

/** How far around a marker its sentence is looked at, and at how many markers: an answer can be hostile. */
const REACH = 1_000;
const MOST_MARKERS = 1_000;

/** The citing sentences, without markers, for each number that the text refers to. */
export function citingSentences(text: string): Map<number, string[]> {
  const citing = new Map<number, string[]>();
  const spans = sentences(text);
  let at = 0;
  for (const marker of markersIn(text).slice(0, MOST_MARKERS)) {
    while (at + 1 < spans.length && (spans[at]?.end ?? 0) <= marker.start) at++;
    const list = citing.get(marker.n) ?? [];
    citing.set(marker.n, list);
    const sentence = sentenceOf(text, spans, at, marker.start);
    if (sentence !== "" && !list.includes(sentence)) list.push(sentence);
  }
  return citing;
}

/** A marker behind the full stop belongs to the sentence before it, unless it begins a paragraph. */
function sentenceOf(text: string, spans: readonly Span[], at: number, markerStart: number): string {
  const span = spans[at];
  if (!span) return "";
  const before = spans[at - 1];
  const leads = markerStart - span.start < REACH && withoutMarks(text.slice(span.start, markerStart)) === "";
  const chosen = leads && before && !text.slice(before.end, span.start).includes("\n") ? before : span;
  return withoutMarks(
    text.slice(Math.max(chosen.start, markerStart - REACH), Math.min(chosen.end, markerStart + REACH)),
  );
}

/** Finds in one passage what sentences of an answer rest on. Taking the passage apart is done once. */
export interface Evidence {
  /** Places that say what the sentences say: the same words where they are quoted, else the sentences nearest to them. */
  of(citing: readonly string[]): Span[];
}

const LONGEST_PASSAGE = 50_000;

export function evidenceIn(whole: string): Evidence {
  const passage = whole.slice(0, LONGEST_PASSAGE);
  const folded = fold(passage);
  const pieces = sentences(passage).map((span) => {
    const forms = new Set(wordForms(passage.slice(span.start, span.end)));
    return { span, forms, weight: sum(forms) };
  });
  return {
    of(citing) {
      const spans = citing.flatMap((sentence) => {
        const quoted = quotedSpans(folded, sentence);
        return quoted.length > 0 ? quoted : nearestPieces(pieces, sentence);
      });
      return merged(spans);
    },
  };
}

/** A citation of passage `n` that rests on these places. */
export function citationOf(n: number, passage: UsedPassage, spans: Span[]): Citation {
  const { filename: _, ...fields } = passage;
  return { n, ...fields, spans };
}

const SHORTEST_QUOTE = 12;

function quotedSpans(passage: Folded, sentence: string): Span[] {
  const whole = passage.find(sentence);
  if (whole) return [whole];
  const quotes = [...sentence.matchAll(/["“„«]([^"”“»]+)["”“»]/g)].map((match) => match[1] ?? "");
  return quotes.map((quote) => passage.find(quote)).filter((span) => span !== undefined);
}

interface Folded {
  find(text: string): Span | undefined;
}

/** Finds a text in the passage whatever its case, blanks, dashes, quotation marks and Markdown signs. */
function fold(passage: string): Folded {
  const { text, places } = foldText(passage);
  return {
    find(sought) {
      const key = foldText(sought).text.replace(/^[\s.,;:!?-]+|[\s.,;:!?]+$/g, "");
      const at = key.length < SHORTEST_QUOTE ? -1 : text.indexOf(key);
      if (at < 0) return undefined;
      let end = (places[at + key.length - 1] ?? 0) + 1;
      while (/[.!?]/.test(passage.charAt(end))) end++;
      return { start: places[at] ?? 0, end };
    },
  };
}

function foldText(text: string): { text: string; places: number[] } {
  const folded: string[] = [];
  const places: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (/[*_`#|]/.test(char)) continue;
    const next = /\s/.test(char) ? " " : foldChar(char);
    if (next === " " && (folded.length === 0 || folded.at(-1) === " ")) continue;
    folded.push(next);
    places.push(at);
  }
  return { text: folded.join(""), places };
}

function foldChar(char: string): string {
  if (/[‐‑‒–—−]/.test(char)) return "-";
  if (/[“”„«»]/.test(char)) return '"';
  if (/[‘’‚]/.test(char)) return "'";
  const lower = char.toLowerCase();
  return lower.length === 1 ? lower : char;
}

const MOST_SENTENCES = 3;
/** Share of the citing sentence's weight that the first passage sentence, and each one after it, must account for. */
const LEAST_SHARE = 0.34;
const LEAST_FURTHER_SHARE = 0.2;
const LEAST_WEIGHT = 1.25;

interface Piece {
  span: Span;
  forms: ReadonlySet<string>;
  weight: number;
}

function nearestPieces(pieces: readonly Piece[], sentence: string): Span[] {
  const open = new Set(wordForms(sentence));
  const total = sum(open);
  if (total === 0) return [];
  const chosen: Span[] = [];
  while (chosen.length < MOST_SENTENCES) {
    let best: { span: Span; shared: string[]; value: number } | undefined;
    for (const { span, forms, weight: size } of pieces) {
      const shared = [...open].filter((form) => forms.has(form));
      const weight = sum(shared);
      const least = chosen.length === 0 ? LEAST_SHARE : LEAST_FURTHER_SHARE;
      if (weight / total < least || weight < LEAST_WEIGHT) continue;
      // Of two that cover the same, the one that says little else is meant.
      const value = weight / total + (0.3 * weight) / Math.max(size, 1);
      if (!best || value > best.value) best = { span, shared, value };
    }
    if (!best) break;
    chosen.push(best.span);
    for (const form of best.shared) open.delete(form);
  }
  return chosen;
}

function sum(forms: Iterable<string>): number {
  let weight = 0;
  for (const form of forms) weight += weightOf(form);
  return weight;
}

function merged(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else out.push({ ...span });
  }
  return out;
}
