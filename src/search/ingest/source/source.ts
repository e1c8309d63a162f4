// Where documents come from. A source lists its files and reads one at a time; what is done with them is the same for all.

import type { IngestLimits } from "../limit.ts";

export interface FoundFile {
  /** Absolute path or address, as a person sees it. */
  file: string;
  bytes: number;
  /** Another one when the content has changed (an entity tag); absent where only reading can tell. */
  version?: string;
}

export interface SkippedFile {
  file: string;
  reason: string;
}

export interface Scan {
  /** Sorted by `file`, each once. */
  files: FoundFile[];
  skipped: SkippedFile[];
}

/** The bytes of a file with their hash, or why they are not wanted. */
export type ReadFile = { bytes: Uint8Array; sha256: string } | { unsupported: string } | { gone: true };

export interface Source {
  /** Path or address that all its files are inside of; holds no secret. */
  readonly scope: string;
  list(signal: AbortSignal): Promise<Scan>;
  /** @throws FlowsteadError `DocumentUnreadable` or `DocumentTooLarge`; any other code is the source's and ends the run. */
  read(found: FoundFile, limits: IngestLimits, signal: AbortSignal): Promise<ReadFile>;
  /** A small file beside the documents; undefined when there is none. */
  text(file: string, signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}
