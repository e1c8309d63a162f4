import type { Search } from "./search.ts";
import type { FusionWeights, SearchIndex } from "./search-index.ts";

/** All indexes of a search with weights for the queries that bring none. */
export function weightedSearch(search: Search, weights: Required<FusionWeights>): Search {
  const weighted = async (opening: Promise<SearchIndex>): Promise<SearchIndex> => {
    const index = await opening;
    return {
      name: index.name,
      upsert: (passages, signal) => index.upsert(passages, signal),
      replaceDocuments: (ids, passages, signal) => index.replaceDocuments(ids, passages, signal),
      deleteDocuments: (ids, signal) => index.deleteDocuments(ids, signal),
      prepare: () => index.prepare?.(),
      query: (query, signal) => index.query({ ...query, weights: { ...weights, ...query.weights } }, signal),
      get: (id, signal) => index.get(id, signal),
      documentPassages: (id, signal) => index.documentPassages(id, signal),
      statistics: (signal, readers) => index.statistics(signal, readers),
      close: () => index.close(),
    };
  };
  return {
    ...search,
    open: (name) => weighted(search.open(name)),
    create: (name) => weighted(search.create(name)),
    openOrCreate: (name) => weighted(search.openOrCreate(name)),
  };
}
