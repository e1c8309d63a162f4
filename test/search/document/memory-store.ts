import type { DocumentStore } from "../../../src/search/document/document-store.ts";
import type { StoredDocument } from "../../../src/search/document/value.ts";

/** A store that keeps what it is given as long as the test runs. */
export function memoryStore(): DocumentStore {
  const kept = new Map<string, StoredDocument>();
  let version = 0;
  return {
    async write(documents, removed) {
      for (const document of documents) kept.set(document.key, document);
      for (const key of removed) kept.delete(key);
      return ++version;
    },
    changes: async (since) => ({ version, documents: since === version ? [] : [...kept.values()], removed: [] }),
    bytes: async () => undefined,
    close: async () => undefined,
  };
}
