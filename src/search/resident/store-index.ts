// A `SearchIndex` over any `DocumentStore`: passages are its documents, searched as they lie in memory.

import { abortable, throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { passageAnalyzer } from "../analysis/analyzer.ts";
import { answerQuery, type Candidate } from "../answer-query.ts";
import type { DocumentStore } from "../document/document-store.ts";
import type { StoredDocument } from "../document/value.ts";
import { embedPassages } from "../embed-passage.ts";
import type { PassageWords } from "../lexicon.ts";
import type { Passage, SearchIndex } from "../search-index.ts";
import type { Within } from "../visibility.ts";
import { ResidentPassages } from "./passages.ts";

export interface StoreIndexOptions {
  name: string;
  store: DocumentStore;
  embedder?: Embedder | undefined;
  /** Of the vectors, as the index was defined. */
  dimensions?: number | undefined;
}

export function storeIndex({ name, store, embedder, ...options }: StoreIndexOptions): SearchIndex {
  const analyzer = passageAnalyzer();
  const passages = new ResidentPassages();
  let dimensions = options.dimensions ?? embedder?.dimensions;
  let version: number | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const termsOf = ({ text, title, headings, language }: Passage): PassageWords => {
    const terms = (of: string): string[] => analyzer.tokens(of, language).map(({ term }) => term);
    return { body: terms(text), field: terms([title, ...headings].join("\n")) };
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new FlowsteadError("SearchFailed", `The index ${name} is closed.`);
    const next = turn.then(work);
    turn = next.catch(() => undefined);
    return next;
  };
  const follow = async (): Promise<void> => {
    const changes = await store.changes(version);
    for (const id of changes.removed) passages.remove(id);
    for (const document of changes.documents) {
      const passage = toPassage(document);
      dimensions ??= passage.vector?.length;
      passages.put(passage, termsOf(passage));
    }
    version = changes.version;
    dimensions ??= await store.vectors?.dimensions(VECTOR);
  };
  const read = async <T>(signal: AbortSignal | undefined, work: () => T | Promise<T>): Promise<T> => {
    throwIfAborted(signal);
    const current = inTurn(follow);
    await (signal ? abortable(current, signal) : current);
    return work();
  };
  const write = async (given: readonly Passage[], stale: readonly string[], signal?: AbortSignal): Promise<void> => {
    throwIfAborted(signal);
    const embedded = await embedPassages(given, { index: name, embedder, dimensions, signal });
    await inTurn(async () => {
      throwIfAborted(signal);
      await follow();
      const puts = new Map(embedded.map((passage) => [passage.id, passage]));
      const old = stale.flatMap((documentId) => passages.documentPassages(documentId).map(({ id }) => id));
      const removed = old.filter((id) => !puts.has(id));
      if (puts.size + removed.length > 0) await store.write([...puts.values()].map(toDocument), removed, signal);
      await follow();
    });
  };
  /** The nearest by the store; what it found in a later state than that in memory counts after another look. */
  const byVector = async (vector: Float32Array, limit: number, within: Within): Promise<Candidate[]> => {
    if (!store.vectors) return passages.byVector(vector, limit, within);
    const among = passages.among(within);
    const query = { path: VECTOR, vector, metric: "cosine", k: limit, among } as const;
    const nearest = await store.vectors.nearest(query);
    if (nearest.version !== version) await inTurn(follow);
    return passages.candidates(nearest.found);
  };
  const whole = async (found: readonly Passage[]): Promise<Passage[]> => {
    const vectors = await store.vectors?.read(found.map(({ id }) => id));
    return found.map((passage) => {
      const vector = vectors?.get(passage.id)?.[VECTOR];
      return vector ? { ...passage, vector } : passage;
    });
  };

  return {
    name,
    upsert: (given, signal) => write(given, [], signal),
    replaceDocuments: (documentIds, given, signal) =>
      write(given, [...new Set([...documentIds, ...given.map(({ documentId }) => documentId)])], signal),
    deleteDocuments: (documentIds, signal) => write([], documentIds, signal),
    // A store that cannot be reached says so to the first query.
    prepare: () => void inTurn(follow).catch(() => undefined),
    query: (query, signal) =>
      read(signal, () =>
        answerQuery(
          {
            lexicon: async () => passages.lexicon(),
            byTerms: async (terms, limit, within) => passages.byTerms(terms, limit, within),
            byVector,
            version: async () => version ?? 0,
            vectors: () =>
              dimensions === undefined ? undefined : { fingerprint: embedder?.fingerprint ?? "unknown", dimensions },
          },
          query,
          { analyzer, embedder, signal },
        ),
      ),
    get: (id, signal) =>
      read(signal, async () => {
        const found = passages.get(id);
        return found && (await whole([found]))[0];
      }),
    documentPassages: (documentId, signal) => read(signal, () => whole(passages.documentPassages(documentId))),
    statistics: (signal, readers = "all") =>
      read(signal, async () => {
        const bytes = await store.bytes();
        return {
          ...passages.count(readers),
          ...(bytes === undefined ? {} : { bytes }),
          ...(embedder ? { embedder: embedder.fingerprint } : {}),
          ...(dimensions === undefined ? {} : { vectors: (await store.vectors?.kind()) ?? "exact" }),
        };
      }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await turn;
      await store.close();
    },
  };
}

/** The field of a passage's vector. */
const VECTOR = "vector";

function toDocument({ vector, ...passage }: Passage): StoredDocument {
  return { key: passage.id, fields: { ...passage }, vectors: vector ? { [VECTOR]: vector } : {} };
}

function toPassage({ fields, vectors }: StoredDocument): Passage {
  const passage = fields as unknown as Passage;
  return vectors[VECTOR] ? { ...passage, vector: vectors[VECTOR] } : passage;
}
