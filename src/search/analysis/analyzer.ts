import { newStemmer } from "snowball-stemmers";
import { ENGLISH_QUESTION_WORDS, ENGLISH_STOP_WORDS } from "./stop-word.ts";
import { type Word, words } from "./word.ts";

/** A word as the index knows it, with its place in the text. */
interface Token {
  term: string;
  start: number;
  end: number;
}

export interface Analyzer {
  /** Language and version; an index remembers it, because terms of two analyzers do not meet. */
  readonly id: string;
  /** What is indexed of a text, in order. */
  tokens(text: string): Token[];
  /** What a query asks for: as `tokens`, without the words that only make it a question. */
  queryTokens(text: string): Token[];
}

const STEMS_KEPT = 50_000;

/** English: Snowball stems, the customary stop words; scripts without blanks by pairs of signs or a dictionary. */
export function englishAnalyzer(): Analyzer {
  const stemmer = newStemmer("english");
  const stems = new Map<string, string>();

  const stem = (word: string): string => {
    let known = stems.get(word);
    if (known === undefined) {
      known = stemmer.stem(word);
      if (stems.size >= STEMS_KEPT) stems.clear();
      stems.set(word, known);
    }
    return known;
  };

  const analyze = (text: string, leaveOut: (word: string) => boolean): Token[] => {
    const tokens: Token[] = [];
    for (const word of words(text)) {
      const plain = normalize(word);
      if (plain === "" || ENGLISH_STOP_WORDS.has(plain) || leaveOut(plain)) continue;
      const term = word.kind === "word" && LATIN.test(plain) ? stem(plain) : plain;
      tokens.push({ term, start: word.start, end: word.end });
    }
    return tokens;
  };

  return {
    id: "english/1",
    tokens: (text) => analyze(text, () => false),
    queryTokens: (text) => {
      const asked = analyze(text, (word) => ENGLISH_QUESTION_WORDS.has(word));
      return asked.length > 0 ? asked : analyze(text, () => false);
    },
  };
}

const LATIN = /^[a-z]+$/;
const DIACRITIC = /\p{Diacritic}/gu;
const NUMBER = /^[\p{N}.,]+$/u;

/** Lower case without accents, apostrophes and the possessive `'s`; numbers without separators of thousands. */
function normalize({ text, kind }: Word): string {
  const plain = text.normalize("NFKD").replaceAll(DIACRITIC, "").normalize("NFC").toLowerCase();
  if (kind === "bigram") return text.normalize("NFKC");
  if (NUMBER.test(plain)) return plain.replaceAll(/[.,](?=\p{N}{3}(?!\p{N}))/gu, "").replaceAll(",", ".");
  return plain.replace(/['’]s$/u, "").replaceAll(/['’.,]/gu, "");
}
