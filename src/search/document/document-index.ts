// The port `DocumentIndex`: documents of any shape, searched in the language of Azure AI Search, and what an index can do.

import type { Expression } from "../filter/expression.ts";
import type { Schema } from "./definition.ts";
import type { SearchAnswer, SearchBody, SuggestBody } from "./request.ts";

export interface DocumentAction {
  action: "upload" | "merge" | "mergeOrUpload" | "delete";
  document: Readonly<Record<string, unknown>>;
}

export interface ActionResult {
  key: string;
  /** 200, 201 for a new document, 400, 404. */
  statusCode: number;
  error?: string;
}

/** What an index does itself; what it does not is done above it, or refused by the name of the feature. */
export interface Capabilities {
  /** A write that has resolved is found by the next read. */
  readsItsWrites: boolean;
  /** A batch is seen whole or not at all. */
  wholeBatches: boolean;
  /** Words with vectors, or several vectors, in one query; else the lists are fused above. */
  hybrid: boolean;
  /** Captions, answers and a reranker score; else the best candidates are ranked anew above. */
  semantic: boolean;
  /** Vector queries of the kind `text`; else they are embedded above. */
  embedsQueries: boolean;
  /** Whether all vectors are compared, only looked up in an approximate index, or looked up unless a query is `exhaustive`. */
  vectors: "exact" | "approximate" | "either";
  facets: boolean;
  highlight: boolean;
  /** Suggestions and completions, and whether they forgive a typing error. */
  suggest: "none" | "exact" | "fuzzy";
  /** What scoring profiles may have. */
  scoring: "weights" | "functions";
  synonyms: boolean;
  /** `search.ismatch` inside a filter. */
  matchInFilter: boolean;
  /** Most documents that `skip` and `top` reach. */
  deepest: number;
}

/** Of an index that does all there is. */
export const FULL_CAPABILITIES: Capabilities = {
  readsItsWrites: true,
  wholeBatches: true,
  hybrid: true,
  semantic: true,
  embedsQueries: true,
  vectors: "either",
  facets: true,
  highlight: true,
  suggest: "fuzzy",
  scoring: "functions",
  synonyms: true,
  matchInFilter: true,
  deepest: 101_000,
};

export interface ReadOptions {
  /** What the caller may see: ANDed to every filter. */
  within?: Expression | undefined;
  signal?: AbortSignal | undefined;
}

export interface DocumentStatistics {
  documentCount: number;
  storageSize: number;
  vectorIndexSize: number;
}

export interface DocumentIndex {
  readonly schema: Schema;
  readonly capabilities: Capabilities;
  /** One result per action, in order; what resolved with 200 or 201 is durable. */
  write(actions: readonly DocumentAction[], signal?: AbortSignal): Promise<ActionResult[]>;
  get(key: string, select: string | undefined, options?: ReadOptions): Promise<Record<string, unknown> | undefined>;
  count(options?: ReadOptions): Promise<number>;
  search(body: SearchBody, options?: ReadOptions): Promise<SearchAnswer>;
  suggest(body: SuggestBody, options?: ReadOptions): Promise<Record<string, unknown>[]>;
  autocomplete(body: SuggestBody, options?: ReadOptions): Promise<Record<string, string>[]>;
  statistics(signal?: AbortSignal): Promise<DocumentStatistics>;
  close(): Promise<void>;
}
