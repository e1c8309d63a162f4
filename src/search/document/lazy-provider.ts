import type { DocumentProvider } from "./document-store.ts";

/** A provider that is made at its first use, and again after it could not be. */
export function lazyDocuments(make: () => Promise<DocumentProvider>): DocumentProvider {
  let made: Promise<DocumentProvider> | undefined;
  const provider = (): Promise<DocumentProvider> => {
    if (!made) {
      made = make();
      made.catch(() => (made = undefined));
    }
    return made;
  };
  return {
    list: async () => (await provider()).list(),
    read: async (name) => (await provider()).read(name),
    put: async (name, index) => (await provider()).put(name, index),
    remove: async (name) => (await provider()).remove(name),
    open: async (name) => (await provider()).open(name),
    readExtras: async (kind) => (await provider()).readExtras(kind),
    writeExtras: async (kind, extras) => (await provider()).writeExtras(kind, extras),
    close: async () => made?.then((one) => one.close()),
  };
}
