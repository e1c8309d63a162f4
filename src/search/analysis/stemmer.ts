import { createRequire } from "node:module";
import type * as Snowball from "snowball-stemmers";

const load = createRequire(import.meta.url);

/** Snowball's rules of all languages are 800 kB: read with the first word that is stemmed, and by no start of a program. */
export function newStemmer(name: string): Snowball.Stemmer {
  return (load("snowball-stemmers") as typeof Snowball).newStemmer(name);
}
