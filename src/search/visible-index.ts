import type { SearchIndex } from "./search-index.ts";
import { isVisible, type Readers } from "./visibility.ts";
import { wrappedIndex } from "./wrapped-index.ts";

/**
 * An index as one reader may see it, for reading: what they may not see is neither found nor fetched nor counted, whatever
 * a query says of groups. Writes go through.
 */
export function visibleIndex(index: SearchIndex, readers: Readers): SearchIndex {
  return wrappedIndex(index, {
    query: (query, signal) => index.query({ ...query, readers }, signal),
    async get(passageId, signal) {
      const found = await index.get(passageId, signal);
      return found && isVisible(found, readers) ? found : undefined;
    },
    async documentPassages(documentId, signal) {
      const found = await index.documentPassages(documentId, signal);
      return found.filter((passage) => isVisible(passage, readers));
    },
    statistics: (signal) => index.statistics(signal, readers),
  });
}
