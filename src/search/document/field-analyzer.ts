// Analyzers by the names that index definitions use. Indexing and searching a field go through the same one.

import { languageTokens } from "../analysis/analyzer.ts";
import { languageOf } from "../analysis/language.ts";
import { words } from "../analysis/word.ts";

export interface FieldToken {
  term: string;
  start: number;
  end: number;
}

/** Terms of a text in order. */
export type FieldAnalyzer = (text: string) => FieldToken[];

const LANGUAGE = /^([a-z]{2,3}(?:-[A-Za-z]{2,8})?)\.(?:lucene|microsoft)$/;
const PLAIN = ["standard.lucene", "standardasciifolding.lucene", "simple", "stop", "whitespace", "keyword", "pattern"];
const made = new Map<string, FieldAnalyzer>();

export function isAnalyzerName(name: string): boolean {
  return PLAIN.includes(name) || LANGUAGE.test(name);
}

export function fieldAnalyzer(name: string): FieldAnalyzer {
  let analyzer = made.get(name);
  if (!analyzer) made.set(name, (analyzer = makeAnalyzer(name)));
  return analyzer;
}

function makeAnalyzer(name: string): FieldAnalyzer {
  if (name === "keyword") return (text) => (text === "" ? [] : [{ term: text, start: 0, end: text.length }]);
  if (name === "whitespace") {
    return (text) =>
      Array.from(text.matchAll(/\S+/gu), ({ 0: term, index }) => ({ term, start: index, end: index + term.length }));
  }
  const language = languageOf(LANGUAGE.exec(name)?.[1] ?? "");
  if (language) return (text) => languageTokens(text, language);
  const folds = name === "standardasciifolding.lucene";
  return (text) =>
    words(text).map(({ text: word, start, end }) => {
      const lower = word.normalize("NFC").toLowerCase();
      const plain = folds ? lower.normalize("NFKD").replaceAll(/\p{Diacritic}/gu, "") : lower;
      return { term: plain, start, end };
    });
}
