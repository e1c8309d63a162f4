// An index that does not do everything itself: what it lacks is done here over its candidates, or refused by the name of the
// feature and of the provider. What comes out differently is said in the notes of the answer.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { parseFilter } from "../filter/parse.ts";
import type { Expression } from "../filter/expression.ts";
import { fuse } from "../fuse.ts";
import { type Matched, matchQuery } from "./match.ts";
import { wordQuery } from "./answer.ts";
import type { Schema } from "./definition.ts";
import type { Capabilities, DocumentIndex, ReadOptions } from "./document-index.ts";
import { Image } from "./image.ts";
import type { Found } from "./order.ts";
import { DEFAULT_TOP, LARGEST_PAGE, isSemantic, presented } from "./present.ts";
import type { SearchAnswer, SearchBody, SuggestBody, VectorQueryBody } from "./request.ts";
import { type StoredDocument, toStored } from "./value.ts";

export interface NegotiatedOptions {
  /** Of the provider, for what it is refused for. */
  title: string;
  embedder: Embedder | undefined;
}

/** As many candidates of one ranking are read as one answer of a service may have. */
const CANDIDATES = LARGEST_PAGE;

export function negotiated(index: DocumentIndex, { title, embedder }: NegotiatedOptions): DocumentIndex {
  const { schema, capabilities } = index;
  const refuse = (feature: string): never => {
    throw new FlowsteadError("InvalidRequest", `${title} cannot do this, and it cannot be done above it: ${feature}.`);
  };
  const complete = (body: SuggestBody): void => {
    if (capabilities.suggest === "none") refuse("suggestions and completions");
    if (body.fuzzy && capabilities.suggest === "exact") refuse("suggestions that forgive typing errors (fuzzy)");
  };
  return {
    ...index,
    async search(given, options = {}) {
      checkScoring(given, schema, capabilities, refuse);
      if (given.filter && !capabilities.matchInFilter && hasMatch(parseFilter(given.filter)))
        refuse("search.ismatch in a filter");
      if (given.facets?.length && !capabilities.facets) refuse("facets");
      if (capabilities.vectors === "approximate" && given.vectorQueries?.some(({ exhaustive }) => exhaustive))
        refuse("the comparison of all vectors (`exhaustive`)");
      const vectorQueries = capabilities.embedsQueries
        ? given.vectorQueries
        : await withVectors(given.vectorQueries, embedder, options.signal);
      const body = { ...given, ...(vectorQueries ? { vectorQueries } : {}) };
      const missing = missingOf(body, capabilities);
      const depth = (body.skip ?? 0) + (body.top ?? DEFAULT_TOP);
      if (missing.length === 0) {
        if (depth > capabilities.deepest && (body.top ?? DEFAULT_TOP) > 0)
          refuse(`pages beyond document ${capabilities.deepest} (skip and top)`);
        return index.search(body, options);
      }
      if (depth > CANDIDATES) refuse(`${missing.join(", ")} beyond document ${CANDIDATES} (skip and top)`);
      return overCandidates(index, body, options);
    },
    async suggest(body, options) {
      complete(body);
      return index.suggest(body, options);
    },
    async autocomplete(body, options) {
      complete(body);
      return index.autocomplete(body, options);
    },
  };
}

/** What is asked and the index does not do. */
function missingOf(body: SearchBody, { hybrid, semantic, highlight }: Capabilities): string[] {
  const vectors = (body.vectorQueries ?? []).reduce((sum, { fields }) => sum + (fields?.split(",").length ?? 1), 0);
  return [
    !hybrid && vectors + (asksWords(body) && vectors > 0 ? 1 : 0) > 1 ? "hybrid search" : "",
    !semantic && isSemantic(body) ? "semantic ranking" : "",
    !highlight && body.highlight ? "highlights" : "",
  ].filter((feature) => feature !== "");
}

function asksWords({ search }: SearchBody): boolean {
  return !["", "*"].includes(search?.trim() ?? "");
}

/** Each ranking is asked for alone; what is shown of them is made here. */
async function overCandidates(index: DocumentIndex, body: SearchBody, options: ReadOptions): Promise<SearchAnswer> {
  const { schema } = index;
  const vectors = (body.vectorQueries ?? []).flatMap((one) =>
    (one.fields ?? "").split(",").map((fields) => ({ ...one, fields: fields.trim() })),
  );
  const bare = (rest: Partial<SearchBody>): SearchBody => {
    const { search, searchFields, searchMode, scoringProfile, scoringParameters, filter, vectorFilterMode } = body;
    const syntax = body.queryType === "full" ? ("full" as const) : ("simple" as const);
    const words = { search, searchFields, searchMode, scoringProfile, scoringParameters, queryType: syntax };
    return { ...words, filter, vectorFilterMode, top: CANDIDATES, ...rest };
  };
  const isMixed = asksWords(body) || vectors.length === 0;
  const isAlone = vectors.length === 0;
  const asked: { body: SearchBody; weight: number }[] = [
    // Without a ranking of its own the order asked for decides which are the candidates.
    ...(isMixed
      ? [{ body: bare({ count: true, ...(isAlone ? { orderby: body.orderby, facets: body.facets } : {}) }), weight: 1 }]
      : []),
    ...vectors.map((one) => ({
      body: bare({ search: "*", scoringProfile: undefined, vectorQueries: [one], top: one.k ?? DEFAULT_TOP }),
      weight: one.weight ?? 1,
    })),
  ];
  const answers = await Promise.all(asked.map(async ({ body: one }) => index.search(one, options)));
  const image = new Image(schema);
  const lists = answers.map(({ value }) => value.map((one) => toCandidate(one, schema)));
  for (const list of lists) for (const { document } of list) if (!image.get(document.key)) image.put(document);

  const matched: Matched = new Map();
  if (asksWords(body)) collectMatches(body, image, matched);
  const all = lists.length === 1 ? lists[0]! : fusedFound(lists, asked, image);
  const answer = await presented(all, body, { image, matched });
  const total = answers[0]?.count;
  const isCut = isMixed && total !== undefined && total > CANDIDATES;
  const count = isAlone && body.count && total !== undefined ? { count: total } : {};
  // One ranking alone is counted where it is made, whole.
  const facets = isAlone && answers[0]?.facets ? { facets: answers[0].facets } : {};
  const note = `candidates: the first ${CANDIDATES} of ${total} documents that the words find were ranked${isAlone || !(body.facets ?? body.count) ? "" : " and counted"}`;
  return { ...answer, ...count, ...facets, notes: [...answer.notes, ...(isCut ? [note] : [])] };
}

function toCandidate(given: Record<string, unknown>, schema: Schema): Found {
  const own = Object.entries(given).filter(([name]) => !name.startsWith("@"));
  const document: StoredDocument = toStored(Object.fromEntries(own), schema);
  return { document, score: Number(given["@search.score"]) };
}

function fusedFound(lists: readonly (readonly Found[])[], asked: readonly { weight: number }[], image: Image): Found[] {
  const ranked = lists.map((list, at) => ({
    ids: list.map(({ document }) => document.key),
    weight: asked[at]!.weight,
  }));
  return fuse(ranked).map(({ id, score }) => ({ document: image.get(id)!, score }));
}

/** Which terms of the candidates the words find, so that they can be marked. */
function collectMatches(body: SearchBody, image: Image, into: Matched): void {
  const fields = [...image.fields.values()];
  const query = { ...body, queryType: body.queryType === "full" ? ("full" as const) : ("simple" as const) };
  const { matched } = matchQuery(wordQuery(query), image, {
    fields,
    weights: {},
    synonyms: () => [],
    k1: 1.2,
    b: 0.75,
  });
  for (const [path, terms] of matched) into.set(path, terms);
}

async function withVectors(
  asked: SearchBody["vectorQueries"],
  embedder: Embedder | undefined,
  signal: AbortSignal | undefined,
): Promise<VectorQueryBody[] | undefined> {
  if (!asked) return undefined;
  return Promise.all(
    asked.map(async (one) => {
      // Without a model of ours the service may have one of its own.
      if (one.kind === "vector" || !embedder) return one;
      const [vector] = await embedder.embed([one.text ?? ""], "query", signal ?? new AbortController().signal);
      const { text: _text, ...rest } = one;
      return { ...rest, kind: "vector" as const, vector: Array.from(vector ?? []) };
    }),
  );
}

function checkScoring(
  { scoringProfile }: SearchBody,
  { definition }: Schema,
  { scoring }: Capabilities,
  refuse: (feature: string) => never,
): void {
  const name = scoringProfile ?? definition.defaultScoringProfile;
  const profile = definition.scoringProfiles?.find((one) => one.name === name);
  if (scoring === "weights" && profile?.functions?.length) refuse(`functions of the scoring profile '${profile.name}'`);
}

function hasMatch(filter: Expression): boolean {
  switch (filter.op) {
    case "match":
      return true;
    case "and":
    case "or":
      return filter.args.some(hasMatch);
    case "not":
      return hasMatch(filter.arg);
    default:
      return "arg" in filter && filter.arg !== undefined && hasMatch(filter.arg);
  }
}
