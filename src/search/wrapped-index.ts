import type { Search } from "./search.ts";
import type { SearchIndex } from "./search-index.ts";

/** An index of which some methods are others; the rest goes through. */
export function wrappedIndex(index: SearchIndex, changed: Partial<SearchIndex>): SearchIndex {
  return {
    name: index.name,
    upsert: (passages, signal) => index.upsert(passages, signal),
    replaceDocuments: (ids, passages, signal) => index.replaceDocuments(ids, passages, signal),
    deleteDocuments: (ids, signal) => index.deleteDocuments(ids, signal),
    prepare: () => index.prepare?.(),
    query: (query, signal) => index.query(query, signal),
    get: (id, signal) => index.get(id, signal),
    documentPassages: (id, signal) => index.documentPassages(id, signal),
    statistics: (signal, readers) => index.statistics(signal, readers),
    close: () => index.close(),
    ...changed,
  };
}

/** What opens indexes. */
export type Opening = Pick<Search, "open" | "create" | "openOrCreate">;

/** All indexes of a search, each wrapped when it is opened. */
export function wrappedSearch<S extends Opening>(search: S, wrap: (index: SearchIndex) => SearchIndex): S {
  return {
    ...search,
    open: async (name) => wrap(await search.open(name)),
    create: async (name) => wrap(await search.create(name)),
    openOrCreate: async (name) => wrap(await search.openOrCreate(name)),
  };
}
