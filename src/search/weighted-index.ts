import type { Search } from "./search.ts";
import type { FusionWeights } from "./search-index.ts";
import { wrappedIndex, wrappedSearch } from "./wrapped-index.ts";

/** All indexes of a search with weights for the queries that bring none. */
export function weightedSearch(search: Search, weights: Required<FusionWeights>): Search {
  return wrappedSearch(search, (index) =>
    wrappedIndex(index, {
      query: (query, signal) => index.query({ ...query, weights: { ...weights, ...query.weights } }, signal),
    }),
  );
}
