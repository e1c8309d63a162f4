import type { FusionWeights } from "./search-index.ts";
import { type Opening, wrappedIndex, wrappedSearch } from "./wrapped-index.ts";

/** All indexes of a search with weights for the queries that bring none. */
export function weightedSearch<S extends Opening>(search: S, weights: Required<FusionWeights>): S {
  return wrappedSearch(search, (index) =>
    wrappedIndex(index, {
      query: (query, signal) => index.query({ ...query, weights: { ...weights, ...query.weights } }, signal),
    }),
  );
}
