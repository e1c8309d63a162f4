import type { Metric, Schema } from "./definition.ts";
import type { DocumentIndex } from "./document-index.ts";
import type { StoredDocument } from "./value.ts";

/** What has happened to an index since a version. */
export interface Changes {
  /** Grows with every write. */
  version: number;
  documents: StoredDocument[];
  /** Keys of documents that are gone. */
  removed: string[];
}

export interface NearestQuery {
  path: string;
  vector: Float32Array;
  metric: Metric;
  k: number;
  /** Of these documents only; of all when absent. */
  among?: KeySet | undefined;
  /** Compares all of them, whatever index there is. */
  isExact?: boolean | undefined;
}

/** Keys without having to list them. */
export interface KeySet {
  readonly size: number;
  /** How many keys there are in all. */
  readonly of: number;
  has(key: string): boolean;
  keys(): Iterable<string>;
}

export interface Nearest {
  /** Of the store when it looked. */
  version: number;
  /** Best first, with scores as in Azure AI Search. */
  found: { key: string; score: number }[];
}

/** Vectors that stay with the store, which looks the nearest up itself: the documents that it gives come without them. */
export interface VectorStore {
  nearest(query: NearestQuery, signal?: AbortSignal): Promise<Nearest>;
  /** By key, and then by path. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, Float32Array>>>>;
  /** Undefined while there is none. */
  dimensions(path: string): Promise<number | undefined>;
  /** Whether the nearest are looked up in an approximate index, or all vectors compared. */
  kind(): Promise<"exact" | "approximate">;
  bytes(): Promise<number>;
}

/** The port that a provider of documents implements: what is kept, durably, in the order in which it was written. */
export interface DocumentStore {
  /** All of it in one step: durable when it resolves. @returns the version it made. */
  write(documents: readonly StoredDocument[], removed: readonly string[], signal?: AbortSignal): Promise<number>;
  /** Without a version, everything that is there. */
  changes(since: number | undefined, signal?: AbortSignal): Promise<Changes>;
  /** Bytes on disk, where it can be told. */
  bytes(): Promise<number | undefined>;
  /** Absent where vectors come with their documents, and are compared in memory. */
  readonly vectors?: VectorStore;
  close(): Promise<void>;
}

export interface StoredIndex {
  /** As it came over the wire. */
  definition: Readonly<Record<string, unknown>>;
  etag: string;
}

/** Where definitions of indexes, synonym maps and aliases are kept. */
export interface DefinitionStore {
  list(): Promise<StoredIndex[]>;
  read(name: string): Promise<StoredIndex | undefined>;
  put(name: string, index: StoredIndex): Promise<void>;
  /** Removes the documents with it. */
  remove(name: string): Promise<boolean>;
  /** Small named things beside the indexes: `synonymmaps`, `aliases`. */
  readExtras(kind: string): Promise<Record<string, StoredIndex>>;
  writeExtras(kind: string, extras: Readonly<Record<string, StoredIndex>>): Promise<void>;
  close(): Promise<void>;
}

/** Keeps documents, which are searched above it. */
export interface DocumentProvider extends DefinitionStore {
  /** @throws FlowsteadError `IndexNotFound`. */
  open(name: string): Promise<DocumentStore>;
}

/** Keeps documents and searches them itself, as its indexes' capabilities tell. */
export interface SearchingProvider extends DefinitionStore {
  /** What it is called in messages about what it cannot do. */
  readonly title: string;
  openIndex(schema: Schema): Promise<DocumentIndex>;
}

export type AnyDocumentProvider = DocumentProvider | SearchingProvider;
