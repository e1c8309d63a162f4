import { isStopWord, isWeakWord, stemsOf } from "./word.ts";

/** What kind of thing would answer. */
export type Wanted =
  | "number"
  | "money"
  | "date"
  | "duration"
  | "person"
  | "contact"
  | "place"
  | "steps"
  | "permission"
  | "definition";

export interface AskedTerm {
  stem: string;
  /** 1 for what is asked about, less for words that say little. */
  weight: number;
}

export interface Question {
  terms: AskedTerm[];
  /** From earlier questions; they help to choose, they are no evidence. */
  context: AskedTerm[];
  wanted: Set<Wanted>;
  /** Pairs of words that stand side by side in the question. */
  pairs: [string, string][];
}

const HINTS: [Wanted, RegExp][] = [
  [
    "money",
    /\bhow much (?:money|does|do|is|are|will|can|may|do i|would|of a|bonus|allowance)|\b(?:cost|price|fee|budget|salary|allowance|pay|amount|limit for)\b|[€$£]/i,
  ],
  [
    "number",
    /\bhow (?:many|much|old|far|fast|high|heavy|large|big|hot|often|deep|wide|tall|loud)\b|\b(?:number|percent(?:age)?|capacity|maximum|minimum|limit|rate|size|weight|temperature|pressure|speed|voltage|version)\b|%/i,
  ],
  ["duration", /\bhow (?:long|soon|quickly|fast|early|late|often|frequently)\b|\b(?:period|duration|deadline|last)\b/i],
  [
    "date",
    /\bwhen\b|\bwhat (?:time|day|date|year|month)\b|\bwhich (?:day|date|year|month)\b|\b(?:deadline|by what|until)\b/i,
  ],
  ["person", /\bwho(?:m|se)?\b|\bwhich (?:person|team|department|role)\b/i],
  ["contact", /\b(?:e-?mail|phone|telephone|call|contact|address|reach|number|website|url|extension|hotline)\b/i],
  ["place", /\bwhere\b|\bwhich (?:office|city|country|room|floor|building)\b/i],
  ["steps", /\bhow (?:do|can|should|to|does one|must)\b|\bsteps?\b/i],
  ["permission", /^\s*(?:can|may|am|is|are|do|does|must|should|will)\b|\ballowed\b/i],
  ["definition", /^\s*what(?:'s| is| are| does)\b|\bmean(?:s|ing)?\b|^\s*(?:define|explain)\b/i],
];

const LEANS =
  /^\s*(?:and|but|so|or|what about|how about|also|then|ok|okay)\b|\b(?:it|its|they|them|that|those|these|this|there|he|she|one|ones|same|instead)\b/i;

/** What a question asks for, with the earlier questions of the conversation, the latest first. */
export function readQuestion(text: string, earlier: readonly string[]): Question {
  const stems = stemsOf(text);
  const terms = termsOf(stems);
  const strong = terms.filter((term) => term.weight === 1).length;
  const leans = LEANS.test(text) || strong < 2;
  const own = new Set(terms.map((term) => term.stem));
  const context: AskedTerm[] = [];
  for (const [age, question] of earlier.slice(0, 3).entries()) {
    const weight = (leans ? 0.7 : 0.1) * 0.5 ** age;
    for (const term of termsOf(stemsOf(question))) {
      if (own.has(term.stem)) continue;
      own.add(term.stem);
      context.push({ stem: term.stem, weight: term.weight * weight });
    }
  }
  let wanted = wantedBy(text);
  if (wanted.size === 0 && leans && earlier[0] !== undefined) wanted = wantedBy(earlier[0]);
  const content = stems.filter((stem) => !isStopWord(stem));
  const pairs = content.slice(1).map((stem, at): [string, string] => [content[at] ?? "", stem]);
  return { terms, context, wanted, pairs };
}

function wantedBy(text: string): Set<Wanted> {
  return new Set(HINTS.filter(([, hint]) => hint.test(text)).map(([wanted]) => wanted));
}

function termsOf(stems: readonly string[]): AskedTerm[] {
  return [...new Set(stems)]
    .filter((stem) => !isStopWord(stem))
    .map((stem) => ({ stem, weight: isWeakWord(stem) ? 0.35 : 1 }));
}
