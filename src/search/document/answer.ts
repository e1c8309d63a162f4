// How a search over documents in memory is answered: which are found by words, by vectors, by both, and pass the filter.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { type Condition, conditionOf } from "../filter/evaluate.ts";
import type { Expression } from "../filter/expression.ts";
import { parseFilter } from "../filter/parse.ts";
import { fuse } from "../fuse.ts";
import { parseFull } from "../syntax/full.ts";
import type { QueryNode } from "../syntax/node.ts";
import { parseSimple } from "../syntax/simple.ts";
import { checkFilter } from "./check-filter.ts";
import type { FieldImage, Image } from "./image.ts";
import { type Matched, type Scores, matchQuery } from "./match.ts";
import type { Found } from "./order.ts";
import { LARGEST_PAGE, presented } from "./present.ts";
import { type SearchAnswer, type SearchBody, listed } from "./request.ts";
import { type Scoring, scoringOf } from "./scoring.ts";
import type { StoredDocument } from "./value.ts";
import { type VectorQuery, nearest, queryVectors } from "./vector.ts";

export interface AnswerContext {
  image: Image;
  embedder: Embedder | undefined;
  synonyms: (field: FieldImage, text: string) => readonly string[];
  /** ANDed to what the caller asks: what the caller may see. */
  within?: Expression | undefined;
  /** Where the store looks vectors up; else all that lie in memory are compared. */
  kept?: KeptVectors | undefined;
  signal: AbortSignal;
}

/** Vectors that stay with the store. */
export interface KeptVectors {
  /** The nearest among what the image holds, which is brought up to date where the store has gone on. */
  nearest(query: VectorQuery, keep: ((number: number) => boolean) | undefined): Promise<VectorList["found"]>;
  /** The documents with their vectors. */
  whole(documents: readonly StoredDocument[]): Promise<StoredDocument[]>;
}

/** Of an image that changes all the time; after so many the answer is of more than one state. */
const ATTEMPTS = 8;

/** @throws FlowsteadError `InvalidRequest` for what cannot be done as asked. */
export async function answerSearch(body: SearchBody, context: AnswerContext): Promise<SearchAnswer> {
  const { image } = context;
  const { schema } = image;
  const scoring = scoringOf(schema, body.scoringProfile, body.scoringParameters);
  const words = wordQuery(body);
  const evidence = words.kind === "everything" ? undefined : words;
  const filter = filterOf(body, context, scoring);
  const vectors = await queryVectors(body.vectorQueries ?? [], context);

  const isPost = body.vectorFilterMode === "postFilter" || body.vectorFilterMode === "strictPostFilter";
  // Before the words, which are looked for in one turn, so that both are of one state.
  const near = await nearestLists(vectors, isPost ? undefined : filter, context);

  const matched: Matched = new Map();
  const text = evidence || vectors.length === 0 ? byWords(words, { body, context, scoring, matched }) : undefined;
  const keep = (number: number): boolean => filter === undefined || passes(image, number, filter);
  if (text) for (const number of text.keys()) if (!keep(number)) text.delete(number);
  const lists = near.map((found, at) => ({
    weight: vectors[at]!.weight,
    found: isPost ? found.filter(({ number }) => keep(number)) : found,
  }));

  const all = boosted(ranked(image, text, lists), scoring);
  return presented(all, body, { image, matched, whole: context.kept?.whole });
}

async function nearestLists(
  vectors: readonly VectorQuery[],
  filter: Condition | undefined,
  { image, kept }: AnswerContext,
): Promise<VectorList["found"][]> {
  const keep = filter && ((number: number): boolean => passes(image, number, filter));
  if (!kept) return vectors.map((vector) => nearest(image, vector, keep));
  for (let attempt = 1; ; attempt++) {
    const { state } = image;
    const lists = await Promise.all(vectors.map((vector) => kept.nearest(vector, keep)));
    if (image.state === state || attempt === ATTEMPTS) {
      // What has gone since cannot be shown.
      return lists.map((list) => list.filter(({ number }) => image.at(number) !== undefined));
    }
  }
}

/** The words of a search as a query, of its own syntax. */
export function wordQuery({ search, queryType, searchMode }: SearchBody): QueryNode {
  const text = search?.trim() ?? "";
  if (text === "" || text === "*") return { kind: "everything", boost: 1 };
  return queryType === "full" ? parseFull(text, searchMode ?? "any") : parseSimple(text, searchMode ?? "any");
}

interface WordSearch {
  body: Pick<SearchBody, "searchFields">;
  context: AnswerContext;
  scoring: Scoring;
  matched: Matched;
}

function byWords(words: QueryNode, { body, context, scoring, matched }: WordSearch): Scores {
  const { image, synonyms } = context;
  const { k1 = 1.2, b = 0.75 } = (image.schema.definition["similarity"] ?? {}) as { k1?: number; b?: number };
  const named = listed(body.searchFields);
  const fields = named.length > 0 ? named.map((path) => searchable(image, path)) : [...image.fields.values()];
  const result = matchQuery(words, image, { fields, weights: scoring.weights, synonyms, k1: k1 ?? 1.2, b: b ?? 0.75 });
  for (const [path, terms] of result.matched) matched.set(path, terms);
  return result.scores ?? new Map();
}

function searchable(image: Image, text: string): FieldImage {
  const path = text.split("^")[0] ?? "";
  const field = image.fields.get(path);
  if (field) return field;
  throw new FlowsteadError("InvalidRequest", `The field '${path}' in the search field list is not searchable.`, {
    details: { parameter: "searchFields" },
  });
}

function filterOf(body: SearchBody, context: AnswerContext, scoring: Scoring): Condition | undefined {
  return filterCondition(body.filter, context, scoring);
}

/** The caller's filter together with what the caller may see. */
export function filterCondition(
  text: string | null | undefined,
  context: AnswerContext,
  scoring: Scoring = { weights: {}, boost: undefined },
): Condition | undefined {
  const { image, within } = context;
  const asked = text ? parseFilter(text) : undefined;
  if (asked) checkFilter(asked, image.schema);
  const args = [asked, within].filter((one) => one !== undefined);
  if (args.length === 0) return undefined;
  return conditionOf({ op: "and", args }, ({ query, fields, syntax, mode }) => {
    const node = wordQuery({ search: query, queryType: syntax, searchMode: mode });
    const body = { searchFields: fields?.join(",") };
    const scores = byWords(node, { body, context, scoring, matched: new Map() });
    return new Set(Array.from(scores.keys(), (number) => image.at(number)?.key ?? ""));
  });
}

function passes(image: Image, number: number, condition: Condition): boolean {
  const document = image.at(number);
  return document !== undefined && condition(document.fields, document.key);
}

interface VectorList {
  weight: number;
  found: readonly { number: number; score: number }[];
}

/** One list keeps its scores; several are fused by their ranks. */
function ranked(image: Image, text: Scores | undefined, lists: readonly VectorList[]): Found[] {
  const byNumber = (scores: Iterable<readonly [number, number]>): Found[] =>
    Array.from(scores, ([number, score]) => ({ document: image.at(number)!, score }));
  if (lists.length === 0) return byNumber(text ?? []);
  const vectorLists = lists.map(({ weight, found }) => ({ weight, ids: found.map(({ number }) => String(number)) }));
  if (!text && lists.length === 1)
    return byNumber(lists[0]!.found.map(({ number, score }) => [number, score] as const));
  const words = [...(text ?? [])].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, LARGEST_PAGE);
  const all = text ? [{ weight: 1, ids: words.map(([number]) => String(number)) }, ...vectorLists] : vectorLists;
  return byNumber(fuse(all).map(({ id, score }) => [Number(id), score] as const));
}

function boosted(found: Found[], { boost }: Scoring): Found[] {
  return boost ? found.map((one) => ({ ...one, score: one.score * boost(one.document) })) : found;
}
