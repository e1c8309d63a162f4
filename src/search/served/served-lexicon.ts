// How often terms stand in an index that lies elsewhere: its facets tell. They are asked for again when the index has changed.

import { ENGLISH } from "../analysis/language.ts";
import type { DocumentIndex } from "../document/document-index.ts";
import { readSearch } from "../document/request.ts";
import type { Lexicon } from "../lexicon.ts";

/** A lexicon is taken as current this long; it weighs words and mends typing errors, and finds nothing by itself. */
const FRESH_MS = 1000;
const MOST = 10_000_000;

export interface ServedLexicon {
  read(signal: AbortSignal | undefined): Promise<Lexicon>;
  /** After a write of one's own. */
  forget(): void;
}

export function servedLexicon(index: DocumentIndex): ServedLexicon {
  let lexicon: Lexicon | undefined;
  let state = "";
  let checkedAt = 0;

  const stateOf = async (signal: AbortSignal | undefined): Promise<string> => {
    const body = readSearch({ search: "*", top: 1, count: true, orderby: "written desc", select: "stamp" });
    const { count, value } = await index.search(body, { signal });
    return `${count}:${(value[0]?.["stamp"] as string | undefined) ?? ""}`;
  };
  return {
    async read(signal) {
      if (lexicon && Date.now() - checkedAt < FRESH_MS) return lexicon;
      const now = await stateOf(signal);
      if (!lexicon || now !== state) lexicon = await build(index, signal);
      state = now;
      checkedAt = Date.now();
      return lexicon;
    },
    forget() {
      lexicon = undefined;
    },
  };
}

async function build(index: DocumentIndex, signal: AbortSignal | undefined): Promise<Lexicon> {
  const fields = ["lexicon", "bodyLength", "headLength", "language"];
  const facets = fields.map((field) => `${field},count:${MOST}`);
  const answer = await index.search(readSearch({ search: "*", top: 0, count: true, facets }), { signal });
  const counts = (field: string): (readonly [unknown, number])[] =>
    (answer.facets?.[field] ?? []).map(({ value, count }) => [value, Number(count)] as const);
  const frequencies = new Map(counts("lexicon") as [string, number][]);
  const passages = answer.count ?? 0;
  const mean = (field: string): number =>
    Math.max(
      1,
      counts(field).reduce((sum, [length, count]) => sum + Number(length) * count, 0) / Math.max(1, passages),
    );
  const languages = counts("language").map(([name]) => (name === "" ? ENGLISH : String(name)));
  const frequency = (term: string): number => frequencies.get(term) ?? 0;
  return {
    passages,
    meanBody: mean("bodyLength"),
    meanField: mean("headLength"),
    languages: languages.length === 0 ? [ENGLISH] : [...new Set(languages)].sort(),
    frequency,
    idf: (term) =>
      Math.log(1 + (Math.max(passages, frequency(term)) - frequency(term) + 0.5) / (frequency(term) + 0.5)),
    key: (term) => term,
  };
}
