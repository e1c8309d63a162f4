import { FlowsteadError } from "../base/error/error.ts";
import type { DocumentCatalog } from "./document/catalog.ts";
import { documentPassages } from "./document/document-passages.ts";
import type { SearchIndex } from "./search-index.ts";

/** An index of passages, or one of the search service seen as such. @throws FlowsteadError `IndexNotFound`. */
export async function openAnyIndex(
  name: string,
  passages: (name: string) => Promise<SearchIndex>,
  catalog: () => DocumentCatalog,
): Promise<SearchIndex> {
  try {
    return await passages(name);
  } catch (thrown) {
    // A name that only the search service allows is no index of passages either.
    if (!(thrown instanceof FlowsteadError) || !["IndexNotFound", "InvalidRequest"].includes(thrown.code)) throw thrown;
    const documents = await catalog()
      .open(name)
      .catch(() => undefined);
    if (!documents) throw thrown;
    return documentPassages(name, documents);
  }
}
