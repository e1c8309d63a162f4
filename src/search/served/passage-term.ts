import type { PassageWords } from "../lexicon.ts";
import type { Passage } from "../search-index.ts";

/** Terms of a text in a language. */
export type IndexAnalysis = (text: string, language: string | undefined) => string[];

// Services refuse values longer than some thousand characters in fields that are counted.
const LONGEST_TERM = 200;

export function passageTerms({ text, title, headings, language }: Passage, analyze: IndexAnalysis): PassageWords {
  const terms = (of: string): string[] => analyze(of, language).filter((term) => term.length <= LONGEST_TERM);
  return { body: terms(text), field: terms([title, ...headings].join("\n")) };
}
