import { wordsOf } from "./word.ts";

export interface Found {
  word: string;
  length: number;
}

/** The longest words of a text, each once, longest first. */
export function findWords(text: string, count = 5): Found[] {
  const words = [...new Set(wordsOf(text))];
  console.log(`${words.length} different words`);
  return words
    .map((word) => ({ word, length: word.length }))
    .sort((a, b) => b.length - a.length)
    .slice(0, count);
}
