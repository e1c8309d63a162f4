import { questionLanguage } from "./detect-language.ts";
import { ENGLISH, type Language, languageOf } from "./language.ts";
import { type Word, words } from "./word.ts";

/** A word as the index knows it, with its place in the text. */
interface Token {
  term: string;
  start: number;
  end: number;
}

/** A word of a query. */
interface QueryToken {
  /** What passages of the different languages may hold for it, each once; at least one. */
  terms: string[];
  start: number;
  end: number;
}

export interface Analyzer {
  /** Version of the analysis; an index remembers it, because terms of two analyses do not meet. */
  readonly id: string;
  /** What is indexed of a text of a language, in order; English when nothing is said or the language has no stemmer. */
  tokens(text: string, language?: string): Token[];
  /** What a query asks for in passages of these languages, without the words that only make it a question. */
  queryTokens(text: string, languages?: readonly string[]): QueryToken[];
}

/** Snowball stems and the customary stop words of a text's language; scripts without blanks by pairs of signs or a dictionary. */
export function passageAnalyzer(): Analyzer {
  return {
    // Terms of English passages are the same since the first version.
    id: "english/1",
    tokens: (text, language = ENGLISH) => languageTokens(text, languageOf(language) ?? languageOf(ENGLISH)!),
    queryTokens(text, codes = [ENGLISH]) {
      const languages = codes.flatMap((code) => languageOf(code) ?? []);
      if (languages.length === 0) languages.push(languageOf(ENGLISH)!);
      const told =
        languages.length === 1
          ? languages[0]
          : languages.find(
              ({ code }) =>
                code ===
                questionLanguage(
                  text,
                  languages.map((one) => one.code),
                ),
            );
      const all = queryWords(text, languages, told);
      const asked = all.filter(({ isAsking }) => !isAsking);
      return (asked.length > 0 ? asked : all).map(({ terms, start, end }) => ({ terms, start, end }));
    },
  };
}

/** The terms of a text of one language. */
export function languageTokens(text: string, language: Language): Token[] {
  const tokens: Token[] = [];
  for (const word of words(text)) {
    const plain = normalize(word, language);
    if (plain === "" || language.stopWords.has(plain)) continue;
    tokens.push({ term: termOf(plain, word.kind, language), start: word.start, end: word.end });
  }
  return tokens;
}

/** Each word as the terms of all languages; what is a stop word of the language that the question is `told` to be in is left out. */
function queryWords(text: string, languages: readonly Language[], told: Language | undefined) {
  const found: (QueryToken & { isAsking: boolean })[] = [];
  for (const word of words(text)) {
    const terms = new Set<string>();
    let isAsking = false;
    let isStop = false;
    for (const language of languages) {
      const plain = normalize(word, language);
      const stops = language.stopWords.has(plain);
      if (language === told) {
        isStop = stops;
        isAsking = language.questionWords.has(plain);
      }
      if (plain !== "" && !stops) terms.add(termOf(plain, word.kind, language));
    }
    if (!isStop && terms.size > 0) found.push({ terms: [...terms], start: word.start, end: word.end, isAsking });
  }
  return found;
}

const DIACRITIC = /\p{Diacritic}/gu;
const NUMBER = /^[\p{N}.,]+$/u;
const WORD = /^[\p{L}\p{M}]+$/u;
const APOSTROPHE = /['’]/u;

/** Lower case without apostrophes and what is set before them; numbers without separators of thousands. */
function normalize({ text, kind }: Word, { code, elisions }: Language): string {
  if (kind === "bigram") return text.normalize("NFKC");
  // An English word has no accents but borrowed ones; elsewhere they tell endings, and the stem is folded.
  const lower = code === ENGLISH ? fold(text).toLowerCase() : text.normalize("NFKC").toLowerCase();
  if (NUMBER.test(lower)) return lower.replaceAll(/[.,](?=\p{N}{3}(?!\p{N}))/gu, "").replaceAll(",", ".");
  if (!APOSTROPHE.test(lower) && !/[.,]/.test(lower)) return lower;
  const [before = "", ...after] = lower.split(APOSTROPHE);
  if (after.length > 0 && elisions.has(before)) return after.join("").replaceAll(/[.,]/g, "");
  return lower.replace(/['’]s$/u, "").replaceAll(/['’.,]/gu, "");
}

function termOf(plain: string, kind: Word["kind"], language: Language): string {
  if (kind === "bigram") return plain;
  const term = kind === "word" && WORD.test(plain) ? language.stem(plain) : plain;
  return language.code === ENGLISH ? term : fold(term);
}

function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(DIACRITIC, "").normalize("NFC");
}
