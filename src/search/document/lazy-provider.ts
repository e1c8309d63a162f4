import type { DefinitionStore, DocumentProvider, SearchingProvider } from "./document-store.ts";

/** A provider that is made at its first use, and again after it could not be. */
export function lazyDocuments(make: () => Promise<DocumentProvider>): DocumentProvider {
  const { provider, definitions } = lazily(make);
  return { ...definitions, open: async (name) => (await provider()).open(name) };
}

/** The same for one that searches itself. */
export function lazySearching(title: string, make: () => Promise<SearchingProvider>): SearchingProvider {
  const { provider, definitions } = lazily(make);
  return { ...definitions, title, openIndex: async (schema) => (await provider()).openIndex(schema) };
}

function lazily<P extends DefinitionStore>(
  make: () => Promise<P>,
): { provider: () => Promise<P>; definitions: DefinitionStore } {
  let made: Promise<P> | undefined;
  const provider = (): Promise<P> => {
    if (!made) {
      made = make();
      made.catch(() => (made = undefined));
    }
    return made;
  };
  return {
    provider,
    definitions: {
      list: async () => (await provider()).list(),
      read: async (name) => (await provider()).read(name),
      put: async (name, index) => (await provider()).put(name, index),
      remove: async (name) => (await provider()).remove(name),
      readExtras: async (kind) => (await provider()).readExtras(kind),
      writeExtras: async (kind, extras) => (await provider()).writeExtras(kind, extras),
      close: async () => made?.then((one) => one.close()),
    },
  };
}
