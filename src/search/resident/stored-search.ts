// Indexes of passages kept by a provider of documents. They are indexes of documents like others, so the search service shows
// them too.

import { rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import { readSchema } from "../document/definition.ts";
import type { DocumentProvider } from "../document/document-store.ts";
import { type Search, checkIndexName } from "../search.ts";
import type { SearchIndex } from "../search-index.ts";
import { passageDefinition } from "./passage-definition.ts";
import { storeIndex } from "./store-index.ts";

export interface StoredSearchOptions {
  provider: DocumentProvider;
  /** Where what belongs to an index beside its passages is kept on this machine. */
  folder: string;
  embedder: Embedder | undefined;
}

export function storedSearch({ provider, folder, embedder }: StoredSearchOptions): Search {
  const folderOf = (name: string): string => path.join(folder, checkIndexName(name));
  const open = async (name: string): Promise<SearchIndex> => {
    const found = await provider.read(checkIndexName(name));
    if (!found) {
      throw new FlowsteadError(
        "IndexNotFound",
        `There is no search index named ${name}. Make one with \`flowstead index add FOLDER\`.`,
        { details: { name } },
      );
    }
    const built = found.definition["embedder"];
    if (embedder && typeof built === "string" && built !== embedder.fingerprint) {
      throw new FlowsteadError(
        "EmbedderMismatch",
        `The index ${name} holds vectors of ${built}, and the embedder configured is ${embedder.fingerprint}. ` +
          "Configure that one, or remove the index and add its folders again.",
      );
    }
    const dimensions = readSchema(found.definition).fields.get("vector")?.vector?.dimensions;
    return storeIndex({ name, store: await provider.open(name), embedder, dimensions });
  };
  const create = async (name: string): Promise<SearchIndex> => {
    if (await provider.read(checkIndexName(name))) {
      throw new FlowsteadError("IndexExists", `There is a search index named ${name} already.`, { details: { name } });
    }
    await provider.put(name, { definition: passageDefinition(name, embedder), etag: '"1"' });
    return open(name);
  };
  return {
    folderOf,
    async list() {
      const all = await provider.list();
      return all
        .filter(({ definition }) => typeof definition["created"] === "string")
        .map(({ definition: { name, created, embedder: built } }) => ({
          name: String(name),
          created: String(created),
          ...(typeof built === "string" ? { embedder: built } : {}),
        }));
    },
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
