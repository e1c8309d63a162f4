// A `DocumentIndex` over any `DocumentStore`: the documents lie analysed in memory and follow the store by its versions.

import { throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { type AnswerContext, answerSearch, filterCondition } from "./answer.ts";
import type { Schema } from "./definition.ts";
import {
  type ActionResult,
  type DocumentAction,
  type DocumentIndex,
  FULL_CAPABILITIES,
  type ReadOptions,
} from "./document-index.ts";
import type { DocumentStore } from "./document-store.ts";
import { type FieldImage, Image } from "./image.ts";
import { selection } from "./order.ts";
import { heldDocument, keptVectors } from "./kept-vector.ts";
import { autocomplete, suggest } from "./suggest.ts";
import { type StoredDocument, keyOf, toStored } from "./value.ts";

export interface ResidentOptions {
  schema: Schema;
  store: DocumentStore;
  embedder?: Embedder | undefined;
  synonyms: (field: FieldImage, text: string) => readonly string[];
}

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
    for (const document of changes.documents) image.put(heldDocument(document, store));
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

  const kept = keptVectors({ image, store, version: () => version, current });
  const contextOf = ({ within, signal }: ReadOptions): AnswerContext => ({
    image,
    embedder,
    synonyms,
    within,
    kept,
    signal: signal ?? new AbortController().signal,
  });

  return {
    schema,
    capabilities: { ...FULL_CAPABILITIES, vectors: store.vectors ? "either" : "exact" },
    write: (actions, signal) =>
      inTurn(async () => {
        throwIfAborted(signal);
        await follow();
        // What is merged keeps its vectors.
        const before = actions.map(({ document }) => image.get(String(document[schema.key])));
        const found = before.filter((one) => one !== undefined);
        const whole = new Map((await (kept?.whole(found) ?? found)).map((one) => [one.key, one]));
        const { results, puts, removed } = plan(actions, schema, whole);
        if (puts.size > 0 || removed.size > 0) {
          version = await store.write([...puts.values()], [...removed], signal);
          for (const key of removed) image.remove(key);
          for (const document of puts.values()) image.put(heldDocument(document, store));
        }
        return results;
      }),
    async get(key, select, options = {}) {
      const pick = selection(select, schema);
      await current(options.signal);
      const found = image.get(key);
      const sees = filterCondition(undefined, contextOf(options));
      if (!found || (sees && !sees(found.fields, key))) return undefined;
      return pick(kept ? (await kept.whole([found]))[0]! : found);
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
      let vectorIndexSize = (await store.vectors?.bytes()) ?? 0;
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

/** What a batch comes to, by what was there before; later actions see what earlier ones did. */
function plan(actions: readonly DocumentAction[], schema: Schema, there: ReadonlyMap<string, StoredDocument>): Plan {
  const puts = new Map<string, StoredDocument>();
  const removed = new Set<string>();
  const results = actions.map(({ action, document }): ActionResult => {
    const given = document[schema.key];
    const key = typeof given === "string" ? given : "";
    try {
      keyOf(document, schema);
      const before = puts.get(key) ?? (removed.has(key) ? undefined : there.get(key));
      if (action === "delete") {
        puts.delete(key);
        if (there.has(key)) removed.add(key);
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
