// Indexes of passages kept by a provider of documents. They are indexes of documents like others, so the search service shows
// them too.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { readSchema } from "../document/definition.ts";
import type { DocumentProvider } from "../document/document-store.ts";
import { type NamedSearchOptions, namedSearch } from "../document/named-search.ts";
import type { Search } from "../search.ts";
import { passageDefinition } from "./passage-definition.ts";
import { storeIndex } from "./store-index.ts";

export interface StoredSearchOptions extends Pick<NamedSearchOptions, "folder"> {
  provider: DocumentProvider;
  embedder: Embedder | undefined;
}

export function storedSearch({ provider, folder, embedder }: StoredSearchOptions): Search {
  return namedSearch({
    provider,
    // Each query asks the database anyway.
    generationKeptMs: 0,
    folder,
    define: (name) => passageDefinition(name, embedder),
    summary({ name, created, embedder: built }) {
      if (typeof created !== "string") return undefined;
      return { name: String(name), created, ...(typeof built === "string" ? { embedder: built } : {}) };
    },
    async open(name, { definition }) {
      const built = definition["embedder"];
      if (embedder && typeof built === "string" && built !== embedder.fingerprint) {
        throw new FlowsteadError(
          "EmbedderMismatch",
          `The index ${name} holds vectors of ${built}, and the embedder configured is ${embedder.fingerprint}. ` +
            `Configure that one, or build the index anew: \`flowstead index rebuild --index ${name}\`.`,
        );
      }
      const dimensions = readSchema(definition).fields.get("vector")?.vector?.dimensions;
      return storeIndex({ name, store: await provider.open(name), embedder, dimensions });
    },
  });
}
