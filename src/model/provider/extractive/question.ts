import { type Wanted, wantedBy } from "./wanted.ts";
import { isStopWord, isWeakWord, stemsOf } from "./word.ts";

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

const LEANS =
  /^\s*(?:and|but|so|or|what about|how about|also|then|ok|okay)\b|\b(?:it|its|they|them|that|those|these|this|there|he|she|one|ones|same|instead)\b/i;

/** Whether a question is only understood with the one before it. */
export function leansOnEarlier(text: string): boolean {
  return LEANS.test(text) || termsOf(stemsOf(text)).filter((term) => term.weight === 1).length < 2;
}

/** What a question asks for, with the earlier questions of the conversation, the latest first. */
export function readQuestion(text: string, earlier: readonly string[]): Question {
  const stems = stemsOf(text);
  const terms = termsOf(stems);
  const leans = leansOnEarlier(text);
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

function termsOf(stems: readonly string[]): AskedTerm[] {
  return [...new Set(stems)]
    .filter((stem) => !isStopWord(stem))
    .map((stem) => ({ stem, weight: isWeakWord(stem) ? 0.35 : /^\d{1,2}$/.test(stem) ? 0.5 : 1 }));
}
