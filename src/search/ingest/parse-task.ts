import type { ErrorCode } from "../../base/error/error.ts";
import type { Chunk } from "./chunk/chunk.ts";
import type { IngestLimits } from "./limit.ts";

/** What goes to a parsing process. */
export interface ParseTask {
  bytes: Uint8Array;
  name: string;
  limits: IngestLimits;
}

/** A document read and cut up, ready to be indexed. */
export interface ReadDocument {
  title: string;
  mediaType: string;
  pages?: number;
  /** What it is written in, where its function words tell. */
  language?: string;
  notes: string[];
  chunks: Chunk[];
}

/** What comes back. */
export type ParseAnswer = { ok: ReadDocument } | { failed: { code: ErrorCode; message: string } };
