// Vectors that stay with the store while the documents lie in memory: the store looks up the nearest, and what is shown gets
// its vectors when it is.

import type { KeptVectors } from "./answer.ts";
import type { DocumentStore, KeySet } from "./document-store.ts";
import type { Image } from "./image.ts";
import type { StoredDocument } from "./value.ts";

interface KeptVectorOptions {
  image: Image;
  store: DocumentStore;
  /** Of the store as the image has it. */
  version: () => number | undefined;
  /** Brings the image up to date. */
  current: (signal: AbortSignal | undefined) => Promise<void>;
}

/** Undefined where vectors lie in memory with their documents. */
export function keptVectors({ image, store, version, current }: KeptVectorOptions): KeptVectors | undefined {
  const { vectors } = store;
  if (!vectors) return undefined;
  return {
    async nearest({ field, vector, k, isExact }, keep) {
      const { metric = "cosine" } = field.vector ?? {};
      const among = keep && keysOf(image, keep);
      const answer = await vectors.nearest({ path: field.path, vector, k, metric, isExact, among });
      if (answer.version !== version()) await current(undefined);
      return answer.found.flatMap(({ key, score }) => {
        const number = image.numberOf(key);
        return number === undefined ? [] : [{ number, score }];
      });
    },
    async whole(documents) {
      const found = await vectors.read(documents.map(({ key }) => key));
      return documents.map((one) => ({ ...one, vectors: found.get(one.key) ?? {} }));
    },
  };
}

function keysOf(image: Image, keep: (number: number) => boolean): KeySet {
  const keys = new Set(
    Array.from(image.numbers())
      .filter(keep)
      .map((number) => image.at(number)!.key),
  );
  return { size: keys.size, of: image.size, has: (key) => keys.has(key), keys: () => keys };
}

/** A document as it lies in memory. */
export function heldDocument(document: StoredDocument, { vectors }: DocumentStore): StoredDocument {
  return vectors ? { ...document, vectors: {} } : document;
}
