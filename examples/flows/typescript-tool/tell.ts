import type { Found } from "./find_words.ts";

interface Inputs {
  words: Found[];
  start?: string;
}

/** Says the words in a sentence, piece by piece. */
export async function* tell({ words, start = "Words:" }: Inputs): AsyncGenerator<string> {
  yield start;
  for (const [index, { word }] of words.entries()) {
    yield index === 0 ? " " : index === words.length - 1 ? " and " : ", ";
    yield word;
  }
  yield ".";
}
