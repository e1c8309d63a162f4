// Indexes of passages in a service that searches itself.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { readSchema } from "../document/definition.ts";
import type { SearchingProvider, StoredIndex } from "../document/document-store.ts";
import { type NamedSearchOptions, namedSearch } from "../document/named-search.ts";
import { negotiated } from "../document/negotiated.ts";
import type { Search } from "../search.ts";
import { servedDefinition } from "./passage-document.ts";
import { servedIndex } from "./served-index.ts";

export interface ServedSearchOptions extends Pick<NamedSearchOptions, "folder"> {
  provider: SearchingProvider;
  embedder: Embedder | undefined;
}

export function servedSearch({ provider, folder, embedder }: ServedSearchOptions): Search {
  return namedSearch({
    provider,
    generationKeptMs: 1000,
    folder,
    define: (name) => servedDefinition(name, embedder),
    // A service keeps no day on which an index was made.
    summary: (definition) =>
      holdsPassages(definition) ? { name: String(definition["name"]), created: "" } : undefined,
    async open(name, { definition }) {
      if (!holdsPassages(definition)) return undefined;
      const schema = readSchema(definition);
      const dimensions = schema.fields.get("vector")?.vector?.dimensions;
      if (embedder && dimensions !== undefined && dimensions !== embedder.dimensions) {
        throw new FlowsteadError(
          "EmbedderMismatch",
          `The index ${name} holds vectors of ${dimensions} dimensions, and the embedder configured (${embedder.fingerprint}) ` +
            `makes ${embedder.dimensions}. Configure the one that built it, or build the index anew: \`flowstead index rebuild --index ${name}\`.`,
        );
      }
      const index = negotiated(await provider.openIndex(schema), { title: provider.title, embedder });
      return servedIndex({ name, index, embedder: dimensions === undefined ? undefined : embedder });
    },
  });
}

/** Whether it is an index of ours, told by its fields: a service refuses properties of a definition that it does not know. */
function holdsPassages({ fields }: StoredIndex["definition"]): boolean {
  const names = new Set((fields as { name: string }[]).map(({ name }) => name));
  return ["documentId", "headTerms", "lexicon", "isRestricted", "passage", "stamp"].every((name) => names.has(name));
}
