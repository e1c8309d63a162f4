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

/** What an index does itself; what it does not is done above it or refused by name. */
export interface Capabilities {
  /** A write that has resolved is found by the next read. */
  readsItsWrites: boolean;
  facets: boolean;
  suggest: boolean;
  /** The simple and the full query syntax. */
  syntax: boolean;
  /** Captions, answers and a reranker score. */
  semantic: boolean;
}

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
