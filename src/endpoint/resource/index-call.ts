// The methods of `SearchIndex` as JSON: one message per method, both directions.

import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Caller } from "../../model/chat-model.ts";
import type {
  Hit,
  IndexStatistics,
  Passage,
  SearchIndex,
  SearchQuery,
  SearchResult,
} from "../../search/search-index.ts";

const passage = z.looseObject({
  id: z.string(),
  documentId: z.string(),
  text: z.string(),
  vector: z.array(z.number()).optional(),
});

export const indexCall = z.discriminatedUnion("method", [
  z.object({ index: z.string(), method: z.literal("upsert"), passages: z.array(passage) }),
  z.object({
    index: z.string(),
    method: z.literal("replaceDocuments"),
    documentIds: z.array(z.string()),
    passages: z.array(passage),
  }),
  z.object({ index: z.string(), method: z.literal("deleteDocuments"), documentIds: z.array(z.string()) }),
  z.object({
    index: z.string(),
    method: z.literal("query"),
    query: z.looseObject({
      text: z.string(),
      mode: z.enum(["text", "vector", "hybrid"]),
      top: z.int(),
      vector: z.array(z.number()).optional(),
    }),
  }),
  z.object({ index: z.string(), method: z.literal("get"), passageId: z.string() }),
  z.object({ index: z.string(), method: z.literal("documentPassages"), documentId: z.string() }),
  z.object({
    index: z.string(),
    method: z.literal("statistics"),
    readers: z.union([z.literal("all"), z.array(z.string())]).optional(),
  }),
]);

export type IndexCall = z.output<typeof indexCall>;

interface IndexCallContext {
  signal: AbortSignal;
  writable: boolean;
  /** Who is charged, by what the message says. */
  callerOf: (said: Caller | undefined) => Caller | undefined;
}

/** Runs one message against an index. @throws FlowsteadError `Forbidden` for a write where only reading is lent. */
export async function runIndexCall(
  index: SearchIndex,
  call: IndexCall,
  { signal, writable, callerOf }: IndexCallContext,
): Promise<unknown> {
  switch (call.method) {
    case "upsert":
      requireWritable(writable);
      return index.upsert(call.passages.map(decodePassage), signal);
    case "replaceDocuments":
      requireWritable(writable);
      return index.replaceDocuments(call.documentIds, call.passages.map(decodePassage), signal);
    case "deleteDocuments":
      requireWritable(writable);
      return index.deleteDocuments(call.documentIds, signal);
    case "query": {
      // On whose behalf a flow asks is not its own word.
      const { caller: said, ...query } = decodeVector(call.query) as unknown as SearchQuery;
      const caller = callerOf(said);
      const result = await index.query(caller ? { ...query, caller } : query, signal);
      return { ...result, hits: result.hits.map((hit) => ({ ...hit, passage: encodeVector(hit.passage) })) };
    }
    case "get": {
      const found = await index.get(call.passageId, signal);
      return found && encodeVector(found);
    }
    case "documentPassages":
      return (await index.documentPassages(call.documentId, signal)).map(encodeVector);
    default:
      return index.statistics(signal, call.readers);
  }
}

function requireWritable(writable: boolean): void {
  if (!writable) throw new FlowsteadError("Forbidden", "A flow may read the index, not change it.");
}

/** A `SearchIndex` whose methods travel as messages through `send`. */
export function indexOver(name: string, send: (call: unknown, signal?: AbortSignal) => Promise<unknown>): SearchIndex {
  return {
    name,
    upsert: async (passages, signal) => {
      await send({ index: name, method: "upsert", passages: passages.map(encodeVector) }, signal);
    },
    replaceDocuments: async (documentIds, passages, signal) => {
      await send(
        { index: name, method: "replaceDocuments", documentIds, passages: passages.map(encodeVector) },
        signal,
      );
    },
    deleteDocuments: async (documentIds, signal) => {
      await send({ index: name, method: "deleteDocuments", documentIds }, signal);
    },
    query: async (query, signal) => {
      const result = (await send({ index: name, method: "query", query: encodeVector(query) }, signal)) as SearchResult;
      return { ...result, hits: result.hits.map((hit): Hit => ({ ...hit, passage: decodePassage(hit.passage) })) };
    },
    get: async (passageId, signal) => {
      const found = await send({ index: name, method: "get", passageId }, signal);
      return found === null ? undefined : decodePassage(found);
    },
    documentPassages: async (documentId, signal) => {
      const found = (await send({ index: name, method: "documentPassages", documentId }, signal)) as unknown[];
      return found.map(decodePassage);
    },
    statistics: async (signal, readers) =>
      (await send({ index: name, method: "statistics", ...(readers ? { readers } : {}) }, signal)) as IndexStatistics,
    close: async () => {},
  };
}

function encodeVector<T extends { vector?: Float32Array }>(value: T): Omit<T, "vector"> & { vector?: number[] } {
  const { vector, ...rest } = value;
  return vector ? { ...rest, vector: [...vector] } : rest;
}

function decodeVector<T extends { vector?: number[] }>(value: T): Omit<T, "vector"> & { vector?: Float32Array } {
  const { vector, ...rest } = value;
  return vector ? { ...rest, vector: Float32Array.from(vector) } : rest;
}

function decodePassage(value: unknown): Passage {
  return decodeVector(value as { vector?: number[] }) as unknown as Passage;
}
