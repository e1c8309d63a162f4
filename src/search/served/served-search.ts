// Indexes of passages in a service that searches itself.

import { rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { readSchema } from "../document/definition.ts";
import type { SearchingProvider, StoredIndex } from "../document/document-store.ts";
import { negotiated } from "../document/negotiated.ts";
import { type Search, checkIndexName } from "../search.ts";
import type { SearchIndex } from "../search-index.ts";
import { servedDefinition } from "./passage-document.ts";
import { servedIndex } from "./served-index.ts";

export interface ServedSearchOptions {
  provider: SearchingProvider;
  /** Where what belongs to an index beside its passages is kept on this machine. */
  folder: string;
  embedder: Embedder | undefined;
}

export function servedSearch({ provider, folder, embedder }: ServedSearchOptions): Search {
  const folderOf = (name: string): string => path.join(folder, checkIndexName(name));
  const open = async (name: string): Promise<SearchIndex> => {
    const found = await provider.read(checkIndexName(name));
    if (!found || !holdsPassages(found)) {
      throw new FlowsteadError(
        "IndexNotFound",
        `There is no search index of passages named ${name}. Make one with \`flowstead index add FOLDER\`.`,
        { details: { name } },
      );
    }
    const schema = readSchema(found.definition);
    const dimensions = schema.fields.get("vector")?.vector?.dimensions;
    if (embedder && dimensions !== undefined && dimensions !== embedder.dimensions) {
      throw new FlowsteadError(
        "EmbedderMismatch",
        `The index ${name} holds vectors of ${dimensions} dimensions, and the embedder configured (${embedder.fingerprint}) ` +
          `makes ${embedder.dimensions}. Configure the one that built it, or remove the index and add its folders again.`,
      );
    }
    const index = negotiated(await provider.openIndex(schema), { title: provider.title, embedder });
    return servedIndex({ name, index, embedder: dimensions === undefined ? undefined : embedder });
  };
  const create = async (name: string): Promise<SearchIndex> => {
    if (await provider.read(checkIndexName(name))) {
      throw new FlowsteadError("IndexExists", `There is a search index named ${name} already.`, { details: { name } });
    }
    await provider.put(name, { definition: servedDefinition(name, embedder), etag: "" });
    return open(name);
  };
  return {
    folderOf,
    // A service keeps no day on which an index was made.
    list: async () =>
      (await provider.list())
        .filter(holdsPassages)
        .map(({ definition: { name } }) => ({ name: String(name), created: "" })),
    open,
    create,
    openOrCreate: async (name) => ((await provider.read(checkIndexName(name))) ? open(name) : create(name)),
    async remove(name) {
      const existed = await provider.remove(checkIndexName(name));
      await rm(folderOf(name), { recursive: true, force: true });
      return existed;
    },
    close: () => provider.close(),
  };
}

/** Whether it is an index of ours, told by its fields: a service refuses properties of a definition that it does not know. */
function holdsPassages({ definition: { fields } }: StoredIndex): boolean {
  const names = new Set((fields as { name: string }[]).map(({ name }) => name));
  return ["documentId", "headTerms", "lexicon", "isRestricted", "passage", "stamp"].every((name) => names.has(name));
}
