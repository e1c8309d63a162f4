// The languages whose words are known: one table for passages and for the fields of documents. A language is named as in
// BCP 47; of a code with a region, such as `pt-BR`, the language counts.

import { FUNCTION_WORDS } from "./function-word.ts";
import { newStemmer } from "./stemmer.ts";
import { ENGLISH_QUESTION_WORDS, ENGLISH_STOP_WORDS } from "./stop-word.ts";

export interface Language {
  code: string;
  /** The stem of a word in lower case; words of another script are left as they are. */
  stem(word: string): string;
  /** Too common to find anything by; not indexed. */
  stopWords: ReadonlySet<string>;
  /** Words that only make a question of a query. */
  questionWords: ReadonlySet<string>;
  /** Written before a word with an apostrophe and no part of it, as in `l'entreprise`. */
  elisions: ReadonlySet<string>;
}

/** The language of passages that say nothing else. */
export const ENGLISH = "en";

/** Snowball's names, which other engines go by too. */
export const STEMMERS: Readonly<Record<string, string>> = {
  ar: "arabic",
  da: "danish",
  de: "german",
  en: "english",
  es: "spanish",
  fi: "finnish",
  fr: "french",
  hu: "hungarian",
  it: "italian",
  nb: "norwegian",
  nl: "dutch",
  pt: "portuguese",
  ro: "romanian",
  ru: "russian",
  sv: "swedish",
  tr: "turkish",
};

const ELISIONS: Readonly<Record<string, string>> = {
  fr: "l m t qu n s j d c jusqu quoiqu lorsqu puisqu",
  it: "c l all dall dell nell sull coll pell gl agl dagl degl negl sugl un m t s v d quest quell",
};

const STEMS_KEPT = 50_000;
const known = new Map<string, Language>();

/** Undefined for a language that has no stemmer here. `no` and `nn` are read as `nb`. */
export function languageOf(tag: string): Language | undefined {
  const code = tag
    .toLowerCase()
    .split("-")[0]!
    .replace(/^n[on]$/, "nb");
  let language = known.get(code);
  const stemmer = Object.hasOwn(STEMMERS, code) ? STEMMERS[code] : undefined;
  if (!language && stemmer !== undefined) known.set(code, (language = makeLanguage(code, stemmer)));
  return language;
}

export function languageCodes(): string[] {
  return Object.keys(STEMMERS);
}

function makeLanguage(code: string, stemmerName: string): Language {
  const stemmer = newStemmer(stemmerName);
  const stems = new Map<string, string>();
  const isOwn = SCRIPTS[code] ?? LATIN;
  const list = FUNCTION_WORDS[code];
  return {
    code,
    stem(word) {
      let stem = stems.get(word);
      if (stem === undefined) {
        stem = isOwn.test(word) ? stemmer.stem(code === "de" ? withoutTyping(word) : word) : otherStem(code, word);
        if (stems.size >= STEMS_KEPT) stems.clear();
        stems.set(word, stem);
      }
      return stem;
    },
    stopWords: code === ENGLISH ? ENGLISH_STOP_WORDS : setOf(list?.stop),
    questionWords: code === ENGLISH ? ENGLISH_QUESTION_WORDS : setOf(list?.asked),
    elisions: setOf(ELISIONS[code]),
  };
}

// English is stemmed without its rare accents, which are folded before.
const LATIN = /^[\p{Script=Latin}\p{M}]+$/u;
const SCRIPTS: Readonly<Record<string, RegExp>> = {
  en: /^[a-z]+$/,
  ru: /^\p{Script=Cyrillic}+$/u,
  ar: /^[\p{Script=Arabic}\p{M}]+$/u,
};

/** English words stand in texts of every script, and are found by their English stems. */
function otherStem(code: string, word: string): string {
  return code !== ENGLISH && SCRIPTS[code] && /^[a-z]+$/.test(word) ? languageOf(ENGLISH)!.stem(word) : word;
}

/** Keyboards without umlauts write `ue` for `ü`; both become `u`, as `ü` does in a stem. */
function withoutTyping(word: string): string {
  return word.replaceAll(/ae|oe|(?<![aeiouq])ue/g, (pair) => pair[0]!);
}

function setOf(words: string | undefined): ReadonlySet<string> {
  return new Set((words ?? "").split(" ").filter(Boolean));
}
