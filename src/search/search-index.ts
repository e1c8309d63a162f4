// The port `SearchIndex`: a set of passages that can be written and asked. Providers supply storage and candidates;
// analysis, fusion and ranking above them are the same for all.

import type { Caller } from "../model/reranker.ts";
import type { Readers } from "./visibility.ts";

/** A piece of a document, small enough to cite, with the place it came from. */
export interface Passage {
  /** Unique in the index. */
  id: string;
  /** The document it belongs to; deleting a document deletes its passages. */
  documentId: string;
  /** File name or title as a person knows the document. */
  title: string;
  text: string;
  /** Position among the document's passages, from 0. */
  ordinal: number;
  /** Headings above the passage, outermost first. */
  headings: string[];
  /** First page of the passage, from 1, where the format has pages. */
  page?: number;
  /** Characters in the document's extracted text. */
  start: number;
  end: number;
  /** Of the document, as in BCP 47; its words are stemmed by it. English when absent. */
  language?: string;
  /** Where the document can be opened: a path or URL. */
  source: string;
  /** Only these groups may see it; everyone when absent. */
  groups?: string[];
  vector?: Float32Array;
  /** The whole document, where the index holds documents of any shape. */
  fields?: Record<string, unknown>;
}

export type QueryMode = "text" | "vector" | "hybrid";

export interface FusionWeights {
  words?: number | undefined;
  vectors?: number | undefined;
}

export interface SearchQuery {
  text: string;
  mode: QueryMode;
  /** Needed for `vector` and `hybrid`. */
  vector?: Float32Array;
  /** How many hits to return, and how many to leave out before them. */
  top: number;
  skip?: number;
  /** Only passages of these documents. */
  documentIds?: string[];
  /** Whose passages are searched; only those that everyone may see when absent. */
  readers?: Readers;
  /**
   * Whether the best candidates are ranked anew, by nearness of words and title and then by the model that is configured;
   * they are, unless this is false. `words` leaves the model out.
   */
  rerank?: boolean | "words";
  /** Whether each passage is given whole, although a better one of the same document overlaps it; they are not, unless this is true. */
  repeats?: boolean;
  /** How much the ranks by words and those by vectors count in a hybrid search; 1 each when absent. */
  weights?: FusionWeights;
  /** For whom the model that puts the best in order is called; for the system itself when absent. */
  caller?: Caller;
  /** OData over the fields of documents; an index of passages, which has none, refuses it. */
  filter?: string;
}

export interface Hit {
  passage: Passage;
  /** Higher is better; comparable within one result only. */
  score: number;
  /** Spans of `passage.text` that match the query, as character offsets. */
  highlights: { start: number; end: number }[];
  /** The sentence that says most of the query, with its place in the document's text; absent where no word of it stands there. */
  caption?: { text: string; start: number; end: number };
}

export interface SearchResult {
  hits: Hit[];
  /** What could not be done as asked, such as `vector: the index has no embedder`. */
  degraded: string[];
}

export interface IndexStatistics {
  documents: number;
  passages: number;
  /** Bytes on disk, where the provider can tell. */
  bytes?: number;
  /** Embedder fingerprint of the vectors, when there are any. */
  embedder?: string;
  /** Whether vectors are compared one by one or looked up in an approximate index, where the provider can tell. */
  vectors?: "exact" | "approximate";
  /** The model that puts the best passages in order, when one is configured. */
  reranker?: string;
}

export interface SearchIndex {
  readonly name: string;
  /** Adds passages, or replaces those of the same id; when it resolves they are durable and can be found. */
  upsert(passages: readonly Passage[], signal?: AbortSignal): Promise<void>;
  /**
   * Makes `passages` all that the documents named (and those of the passages) have, in one step: no reader sees a
   * document without passages or with a mix of old and new ones, and a crash leaves the one or the other.
   */
  replaceDocuments(documentIds: readonly string[], passages: readonly Passage[], signal?: AbortSignal): Promise<void>;
  /** Removes all passages of the documents; unknown ids are no error. */
  deleteDocuments(documentIds: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Begins to read what queries need, so that the first one does not wait for it; queries may come at any time. */
  prepare?(): void;
  query(query: SearchQuery, signal?: AbortSignal): Promise<SearchResult>;
  get(passageId: string, signal?: AbortSignal): Promise<Passage | undefined>;
  /** Passages of one document in order. */
  documentPassages(documentId: string, signal?: AbortSignal): Promise<Passage[]>;
  /** Counts what `readers` may see; everything when absent. */
  statistics(signal?: AbortSignal, readers?: Readers): Promise<IndexStatistics>;
  close(): Promise<void>;
}
