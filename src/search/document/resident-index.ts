// A `DocumentIndex` over any `DocumentStore`: the documents lie analysed in memory and follow the store by its versions.

import { throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { type AnswerContext, answerSearch, filterCondition } from "./answer.ts";
import type { Schema } from "./definition.ts";
import type { ActionResult, Capabilities, DocumentAction, DocumentIndex, ReadOptions } from "./document-index.ts";
import type { DocumentStore } from "./document-store.ts";
import { type FieldImage, Image } from "./image.ts";
import { selection } from "./order.ts";
import { autocomplete, suggest } from "./suggest.ts";
import { type StoredDocument, keyOf, toStored } from "./value.ts";

export interface ResidentOptions {
  schema: Schema;
  store: DocumentStore;
  embedder?: Embedder | undefined;
  synonyms: (field: FieldImage, text: string) => readonly string[];
}

const CAPABILITIES: Capabilities = {
  readsItsWrites: true,
  wholeBatches: true,
  hybrid: true,
  semantic: true,
  embedsQueries: true,
  facets: true,
  highlight: true,
  suggest: "fuzzy",
  scoring: "functions",
  synonyms: true,
  matchInFilter: true,
  deepest: 101_000,
};

export function residentIndex({ schema, store, embedder, synonyms }: ResidentOptions): DocumentIndex {
  const image = new Image(schema);
  let version: number | undefined;
  // Reading and writing take turns: what is merged into a document is what the store holds.
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work);
    turn = next.catch(() => undefined);
    return next;
  };

  const follow = async (): Promise<void> => {
    const changes = await store.changes(version);
    for (const key of changes.removed) image.remove(key);
    for (const document of changes.documents) image.put(document);
    version = changes.version;
  };

  let following: Promise<void> | undefined;
  const current = async (signal: AbortSignal | undefined): Promise<void> => {
    throwIfAborted(signal);
    // Callers that come while one is looking would see an older state, so they share the next look.
    const before = following;
    if (before) await before.catch(() => undefined);
    following ??= inTurn(follow).finally(() => (following = undefined));
    await following;
    throwIfAborted(signal);
  };

  const contextOf = ({ within, signal }: ReadOptions): AnswerContext => ({
    image,
    embedder,
    synonyms,
    within,
    signal: signal ?? new AbortController().signal,
  });

  return {
    schema,
    capabilities: CAPABILITIES,
    write: (actions, signal) =>
      inTurn(async () => {
        throwIfAborted(signal);
        await follow();
        const { results, puts, removed } = plan(actions, schema, image);
        if (puts.size > 0 || removed.size > 0) {
          version = await store.write([...puts.values()], [...removed], signal);
          for (const key of removed) image.remove(key);
          for (const document of puts.values()) image.put(document);
        }
        return results;
      }),
    async get(key, select, options = {}) {
      const pick = selection(select, schema);
      await current(options.signal);
      const found = image.get(key);
      const sees = filterCondition(undefined, contextOf(options));
      if (!found || (sees && !sees(found.fields, key))) return undefined;
      return pick(found);
    },
    async count(options = {}) {
      await current(options.signal);
      const sees = filterCondition(undefined, contextOf(options));
      if (!sees) return image.size;
      return Array.from(image.numbers()).filter((number) => {
        const document = image.at(number)!;
        return sees(document.fields, document.key);
      }).length;
    },
    async search(body, options = {}) {
      await current(options.signal);
      return answerSearch(body, contextOf(options));
    },
    async suggest(body, options = {}) {
      await current(options.signal);
      return suggest(body, image, filterCondition(body.filter, contextOf(options)));
    },
    async autocomplete(body, options = {}) {
      await current(options.signal);
      return autocomplete(body, image, filterCondition(body.filter, contextOf(options)));
    },
    async statistics(signal) {
      await current(signal);
      let vectorIndexSize = 0;
      for (const number of image.numbers()) {
        for (const vector of Object.values(image.at(number)!.vectors)) vectorIndexSize += vector.byteLength;
      }
      return { documentCount: image.size, storageSize: (await store.bytes()) ?? 0, vectorIndexSize };
    },
    close: () => inTurn(() => store.close()),
  };
}

interface Plan {
  results: ActionResult[];
  puts: Map<string, StoredDocument>;
  removed: Set<string>;
}

/** What a batch comes to; later actions see what earlier ones did. */
function plan(actions: readonly DocumentAction[], schema: Schema, image: Image): Plan {
  const puts = new Map<string, StoredDocument>();
  const removed = new Set<string>();
  const results = actions.map(({ action, document }): ActionResult => {
    const given = document[schema.key];
    const key = typeof given === "string" ? given : "";
    try {
      keyOf(document, schema);
      const before = puts.get(key) ?? (removed.has(key) ? undefined : image.get(key));
      if (action === "delete") {
        puts.delete(key);
        if (image.get(key)) removed.add(key);
        return { key, statusCode: 200 };
      }
      if (action === "merge" && !before) return { key, statusCode: 404, error: "Document not found." };
      puts.set(key, toStored(document, schema, action === "upload" ? undefined : before));
      removed.delete(key);
      return { key, statusCode: before ? 200 : 201 };
    } catch (thrown) {
      if (thrown instanceof FlowsteadError && thrown.code === "InvalidRequest")
        return { key, statusCode: 400, error: thrown.message };
      throw thrown;
    }
  });
  return { results, puts, removed };
}
