// A search as it comes over the wire of Azure AI Search. What this program does not do is refused by name.

import { z } from "zod";
import { closestName } from "../../base/closest-name.ts";
import { FlowsteadError } from "../../base/error/error.ts";

const text = z.string().nullish();
const names = z.union([z.string(), z.array(z.string()).transform((all) => all.join(","))]).nullish();

const vectorQuery = z.looseObject({
  kind: z.enum(["vector", "text"], "there are the vector queries 'vector' and 'text'"),
  vector: z.array(z.number()).nullish(),
  text: text,
  fields: names,
  k: z.int().positive().max(10_000).nullish(),
  exhaustive: z.boolean().nullish(),
  oversampling: z.number().nullish(),
  weight: z.number().positive().nullish(),
});

const searchBody = z.looseObject({
  search: text,
  queryType: z.enum(["simple", "full", "semantic"]).nullish(),
  searchMode: z.enum(["any", "all"]).nullish(),
  searchFields: names,
  select: names,
  filter: text,
  orderby: names,
  top: z.int().min(0).nullish(),
  skip: z.int().min(0).max(100_000).nullish(),
  count: z.boolean().nullish(),
  facets: z.array(z.string()).nullish(),
  highlight: names,
  highlightPreTag: text,
  highlightPostTag: text,
  minimumCoverage: z.number().min(0).max(100).nullish(),
  scoringStatistics: z.enum(["local", "global"]).nullish(),
  scoringProfile: text,
  scoringParameters: z.array(z.string()).nullish(),
  semanticConfiguration: text,
  semanticQuery: text,
  answers: text,
  captions: text,
  vectorQueries: z.array(vectorQuery).nullish(),
  vectorFilterMode: z.enum(["preFilter", "postFilter", "strictPostFilter"]).nullish(),
});

export type SearchBody = z.output<typeof searchBody>;
export type VectorQueryBody = z.output<typeof vectorQuery>;

export const suggestBody = z.looseObject({
  search: z.string().max(100),
  suggesterName: z.string(),
  autocompleteMode: z.enum(["oneTerm", "twoTerms", "oneTermWithContext"]).nullish(),
  filter: text,
  fuzzy: z.boolean().nullish(),
  highlightPreTag: text,
  highlightPostTag: text,
  minimumCoverage: z.number().nullish(),
  orderby: names,
  searchFields: names,
  select: names,
  top: z.int().min(1).max(100).nullish(),
});

export type SuggestBody = z.output<typeof suggestBody>;

/** Features of the original that are known and not here. Left out silently, they would change what is found. */
const REFUSED: Readonly<Record<string, string>> = {
  hybridSearch: "hybridSearch (maxTextRecallSize)",
  queryRewrites: "query rewriting",
  debug: "debug information",
  featuresMode: "featuresMode",
  vector: "`vector` of a preview version (write `vectorQueries`)",
  vectors: "`vectors` of a preview version (write `vectorQueries`)",
};
/** Parameters of the original that change nothing here: how a question is worded, how long a reranker may take, who asks. */
const IDLE = ["sessionId", "speller", "queryLanguage", "semanticErrorHandling", "semanticMaxWaitInMilliseconds"];
const KNOWN = [...Object.keys(searchBody.shape), ...IDLE];
const REFUSED_OF_VECTORS: Readonly<Record<string, string>> = {
  threshold: "the `threshold` of a vector query",
  filterOverride: "the `filterOverride` of a vector query",
  queryRewrites: "query rewriting",
};

/** @throws FlowsteadError `InvalidRequest` naming the parameter. */
export function readSearch(given: unknown): SearchBody {
  const body = readBody(searchBody, given);
  refuseAny(REFUSED, body);
  refuseUnknown(body);
  for (const query of body.vectorQueries ?? []) refuseAny(REFUSED_OF_VECTORS, query);
  if (((body.highlightPreTag ?? null) === null) !== ((body.highlightPostTag ?? null) === null)) {
    throw new FlowsteadError(
      "InvalidRequest",
      "The request is invalid. Parameter 'highlightPreTag' needs 'highlightPostTag', and the other way round.",
      { details: { parameter: "highlightPreTag" } },
    );
  }
  return body;
}

function refuseAny(features: Readonly<Record<string, string>>, given: Readonly<Record<string, unknown>>): void {
  for (const [name, feature] of Object.entries(features)) {
    if (!["none", "disabled", null].includes((given[name] ?? null) as string | null)) {
      throw new FlowsteadError("InvalidRequest", `${feature} is not supported by this service.`);
    }
  }
}

/** A misspelt parameter that is passed over would change what is found, and nobody would know. */
function refuseUnknown(body: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(body).find((name) => !KNOWN.includes(name) && !Object.hasOwn(REFUSED, name));
  if (unknown === undefined) return;
  const meant = closestName(unknown, KNOWN);
  throw new FlowsteadError(
    "InvalidRequest",
    `The parameter '${unknown}' is not a valid parameter of a search.${meant ? ` Did you mean '${meant}'?` : ""}`,
    { details: { parameter: unknown } },
  );
}

export function readBody<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FlowsteadError(
    "InvalidRequest",
    `The request is invalid. Parameter '${issue?.path.join(".")}': ${issue?.message}.`,
    { details: { parameter: issue?.path.join(".") } },
  );
}

/** "a, b" as names. */
export function listed(text: string | null | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** What a search gives, in the wire form. */
export interface SearchAnswer {
  count?: number;
  facets?: Record<string, Record<string, unknown>[]>;
  answers?: Record<string, unknown>[];
  /** Documents with their `@search.` properties. */
  value: Record<string, unknown>[];
  /** The request for the following page, when there is one. */
  next?: Record<string, unknown>;
  /** What was done otherwise than asked. */
  notes: string[];
}
