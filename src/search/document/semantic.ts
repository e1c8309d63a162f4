// `queryType: semantic`. No model stands behind it: the best documents are ranked anew by the lexical re-rank (nearness of
// words, sentence windows, title), and captions and answers are sentences of theirs. The scale is the original's, 0 to 4.

import { FlowsteadError } from "../../base/error/error.ts";
import { ENGLISH } from "../analysis/language.ts";
import { bestSentence } from "../caption.ts";
import type { Lexicon } from "../lexicon.ts";
import { lexicalScorer } from "../rank/rerank.ts";
import type { Schema } from "./definition.ts";
import { marked } from "./fragment.ts";
import { type FieldImage, type Image, textsOf } from "./image.ts";
import type { Found } from "./order.ts";

export interface SemanticFields {
  title: FieldImage | undefined;
  content: readonly FieldImage[];
}

export interface Ranked extends Found {
  rerankerScore: number;
}

const RERANKED = 50;
const CAPTION_CHARACTERS = 400;
const TAGS = { before: "<em>", after: "</em>" };

/** @throws FlowsteadError `InvalidRequest` when the index has no such configuration. */
export function semanticFields(schema: Schema, image: Image, name: string | null | undefined): SemanticFields {
  const { semantic } = schema.definition;
  const wanted = name ?? semantic?.defaultConfiguration;
  const configuration = semantic?.configurations?.find((one) => one.name === wanted);
  if (!configuration) {
    throw new FlowsteadError(
      "InvalidRequest",
      wanted
        ? `Unknown semantic configuration '${wanted}'. Parameter name: semanticConfiguration`
        : "The request needs a semanticConfiguration, because the index has no default one. Parameter name: semanticConfiguration",
    );
  }
  const { titleField, prioritizedContentFields, prioritizedKeywordsFields } = configuration.prioritizedFields;
  const images = (all: readonly { fieldName: string }[] | null | undefined): FieldImage[] =>
    (all ?? []).flatMap(({ fieldName }) => image.fields.get(fieldName) ?? []);
  const content = [...images(prioritizedContentFields), ...images(prioritizedKeywordsFields)];
  const title = images(titleField ? [titleField] : [])[0];
  return { title, content: content.length > 0 ? content : [...image.fields.values()] };
}

/** The first fifty in a new order, the others behind them as they were. */
export function rerank(query: string, found: readonly Found[], fields: SemanticFields, image: Image): Ranked[] {
  const analyze = (fields.content[0] ?? fields.title)?.analyze ?? (() => []);
  const terms = [...new Set(analyze(query).map(({ term }) => term))].map((term) => ({ terms: [term], weight: 1 }));
  const lexicon = lexiconOf(image, fields);
  const first = found.slice(0, RERANKED);
  const best = first[0]?.score || 1;
  const most = terms.reduce((sum, { terms: [term = ""] }) => sum + lexicon.idf(term), 0) * 3 || 1;
  const scoreOf = lexicalScorer({ terms }, lexicon);
  const ranked = first.map((one): Ranked => {
    const texts = fields.content.flatMap(({ field }) => textsOf(one.document, field));
    const titles = fields.title ? textsOf(one.document, fields.title.field) : [];
    const passage = {
      body: texts.flatMap((text) => analyze(text).map(({ term }) => term)),
      field: titles.flatMap((text) => analyze(text).map(({ term }) => term)),
    };
    const evidence = scoreOf(passage) / most;
    // What words cannot tell, as for a document found by its vector, the first ranking does.
    const score = 4 * Math.min(1, 0.75 * Math.min(1, evidence) + 0.25 * (one.score / best));
    return { ...one, rerankerScore: score };
  });
  ranked.sort((a, b) => b.rerankerScore - a.rerankerScore || b.score - a.score);
  return [...ranked, ...found.slice(RERANKED).map((one) => ({ ...one, rerankerScore: 0 }))];
}

function lexiconOf(image: Image, { title, content }: SemanticFields): Lexicon {
  const fields = [...content, ...(title ? [title] : [])];
  const mean = (all: readonly FieldImage[]): number =>
    Math.max(1, all.reduce((sum, { length }) => sum + length, 0) / Math.max(1, image.size));
  const frequency = (term: string): number =>
    Math.max(0, ...fields.map(({ postings }) => (postings.get(term)?.length ?? 0) / 2));
  return {
    passages: image.size,
    meanBody: mean(content),
    meanField: mean(title ? [title] : []),
    languages: [ENGLISH],
    frequency,
    idf: (term) => Math.log(1 + (image.size - frequency(term) + 0.5) / (frequency(term) + 0.5)),
    key: (term) => term,
  };
}

interface Caption {
  text: string;
  highlights: string;
  /** Share of the query's words in it. */
  share: number;
}

/** The sentences of a document that say most of what is asked, one or more beside each other. */
export function caption(query: string, { document }: Found, fields: SemanticFields): Caption {
  const analyze = (fields.content[0] ?? fields.title)?.analyze ?? (() => []);
  const terms = new Set(analyze(query).map(({ term }) => term));
  const shareOf = (held: ReadonlySet<string>): number =>
    [...terms].filter((term) => held.has(term)).length / Math.max(1, terms.size);
  let best: Caption = { text: "", highlights: "", share: -1 };
  for (const { field } of fields.content) {
    for (const text of textsOf(document, field)) {
      const found = bestSentence(text, analyze(text), shareOf);
      if (!found || found.weight <= best.share) continue;
      const { start, end, next, weight: share } = found;
      const whole = text.slice(start, next && next.end - start < CAPTION_CHARACTERS ? next.end : end);
      best = { text: whole, highlights: marked(whole, { field: { analyze }, terms, tags: TAGS }).text, share };
    }
  }
  return best;
}

/** `extractive|count-3,threshold-0.7`. @throws FlowsteadError `InvalidRequest` for another kind. */
export function answerSettings(text: string | null | undefined): { count: number; threshold: number } | undefined {
  if (!text || text === "none") return undefined;
  const [kind, settings = ""] = text.split("|");
  if (!/^extractive$/.test(kind ?? ""))
    throw new FlowsteadError("InvalidRequest", `Answers of the kind '${kind}' are not supported: use extractive.`);
  const number = (name: string): string | undefined => new RegExp(`${name}-([\\d.]+)`).exec(settings)?.[1];
  return { count: Number(number("count") ?? 1), threshold: Number(number("threshold") ?? 0.7) };
}

/** Whether captions are wanted, and marked. */
export function captionSettings(text: string | null | undefined): { highlight: boolean } | undefined {
  if (!text || text === "none") return undefined;
  if (!/^extractive\b/.test(text))
    throw new FlowsteadError("InvalidRequest", `Captions of the kind '${text}' are not supported: use extractive.`);
  return { highlight: !/highlight-false/.test(text) };
}
