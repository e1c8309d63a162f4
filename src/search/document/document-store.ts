import type { Schema } from "./definition.ts";
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

/** The port that a provider of documents implements: what is kept, durably, in the order in which it was written. */
export interface DocumentStore {
  /** All of it in one step: durable when it resolves. @returns the version it made. */
  write(documents: readonly StoredDocument[], removed: readonly string[], signal?: AbortSignal): Promise<number>;
  /** Without a version, everything that is there. */
  changes(since: number | undefined, signal?: AbortSignal): Promise<Changes>;
  /** Bytes on disk, where it can be told. */
  bytes(): Promise<number | undefined>;
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
