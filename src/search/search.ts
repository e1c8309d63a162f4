// The search indexes of one installation: what every provider gives by name.

import { FlowsteadError } from "../base/error/error.ts";
import type { Generations } from "./generation.ts";
import type { SearchIndex } from "./search-index.ts";

export interface IndexSummary {
  name: string;
  created: string;
  /** Fingerprint of its vectors, when it has any. */
  embedder?: string;
}

/** The search indexes of one installation, by name. */
export interface Search {
  list(): Promise<IndexSummary[]>;
  /** @throws FlowsteadError `IndexNotFound`. */
  open(name: string): Promise<SearchIndex>;
  /** @throws FlowsteadError `IndexExists`. */
  create(name: string): Promise<SearchIndex>;
  /** Opens the index, after making it when there is none. */
  openOrCreate(name: string): Promise<SearchIndex>;
  /** Removes an index with all it holds, false when there is none. Close it first, in every process. */
  remove(name: string): Promise<boolean>;
  /** Where what belongs to an index is kept; goes away with the index. */
  folderOf(name: string): string;
  /** Which indexes stand behind which names. */
  readonly generations: Generations;
  /** Lets go of what the indexes share; close them first. */
  close(): Promise<void>;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/;

export function isIndexName(name: string): boolean {
  return NAME.test(name);
}

/** The index that a path or an address of a workspace names: its last part, in the letters that names have. */
export function indexNameOf(place: string): string {
  const last = place.replace(/[/\\]+$/, "").split(/[/\\]/);
  return (last.at(-1) ?? "").toLowerCase().replaceAll("_", "-");
}

/** @throws FlowsteadError `InvalidRequest`, so that nothing else becomes part of a path. */
export function checkIndexName(name: string): string {
  if (isIndexName(name)) return name;
  throw new FlowsteadError(
    "InvalidRequest",
    `"${name}" cannot be the name of a search index: use lower-case letters, digits and hyphens, at most 128.`,
  );
}
