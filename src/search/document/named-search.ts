// Indexes of passages by name, over whoever keeps the definitions.

import { rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { type IndexSummary, type Search, checkIndexName } from "../search.ts";
import type { SearchIndex } from "../search-index.ts";
import { openCatalog } from "./catalog.ts";
import type { AnyDocumentProvider, StoredIndex } from "./document-store.ts";
import { generationDocuments } from "./generation-document.ts";

export interface NamedSearchOptions {
  provider: AnyDocumentProvider;
  /** For so long what stands behind a name is not asked anew. */
  generationKeptMs: number;
  /** Where what belongs to an index beside its passages is kept on this machine. */
  folder: string;
  /** Of a new index. */
  define(name: string): Record<string, unknown>;
  /** As the list has it; undefined for what is no index of passages. */
  summary(definition: StoredIndex["definition"]): IndexSummary | undefined;
  /** Undefined as for `summary`. */
  open(name: string, found: StoredIndex): Promise<SearchIndex | undefined>;
}

export function namedSearch({ provider, folder, define, summary, ...options }: NamedSearchOptions): Search {
  const catalog = openCatalog(provider, undefined);
  const folderOf = (name: string): string => path.join(folder, checkIndexName(name));
  const open = async (name: string): Promise<SearchIndex> => {
    const found = await provider.read(checkIndexName(name));
    const index = found && (await options.open(name, found));
    if (index) return index;
    throw new FlowsteadError(
      "IndexNotFound",
      `There is no search index of passages named ${name}. Make one with \`flowstead index add FOLDER\`.`,
      { details: { name } },
    );
  };
  const create = async (name: string): Promise<SearchIndex> => {
    if (await provider.read(checkIndexName(name))) {
      throw new FlowsteadError("IndexExists", `There is a search index named ${name} already.`, { details: { name } });
    }
    await provider.put(name, { definition: define(name), etag: '"1"' });
    return open(name);
  };
  return {
    folderOf,
    generations: generationDocuments({ catalog, keptMs: options.generationKeptMs }),
    list: async () =>
      (await provider.list()).map(({ definition }) => summary(definition)).filter((one) => one !== undefined),
    open,
    create,
    openOrCreate: async (name) => ((await provider.read(checkIndexName(name))) ? open(name) : create(name)),
    async remove(name) {
      const existed = await provider.remove(checkIndexName(name));
      await rm(folderOf(name), { recursive: true, force: true });
      return existed;
    },
    close: () => catalog.close(),
  };
}
