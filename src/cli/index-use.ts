import path from "node:path";
import { openConfiguredSearch } from "../app/configured-search.ts";
import { openConfiguredEmbedder } from "../app/resources.ts";
import { createLog } from "../base/log.ts";
import { indexFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import { type Collection, openCollection } from "../search/ingest/collection.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { makeStateFolder } from "../store/state-folder.ts";
import { type HomeOptions, configOf } from "./option.ts";

export interface IndexOptions extends HomeOptions {
  /** The chat's when absent. */
  index?: string;
}

export interface UsedIndex {
  index: SearchIndex;
  collection: Collection;
  config: Readonly<Config>;
  /** Where it is kept, for people. */
  home: string;
}

/** Removes an index with all it holds, without opening it. */
export async function removeIndex(options: IndexOptions): Promise<{ name: string; existed: boolean }> {
  const { config } = configOf(options);
  const name = options.index ?? config.documents.index;
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const search = openConfiguredSearch(config, undefined, log);
  try {
    return { name, existed: await search.remove(name) };
  } finally {
    await search.close();
  }
}

/** Opens an index, or makes it, and closes it after the work. */
export async function useIndex(options: IndexOptions, work: (used: UsedIndex) => Promise<void>): Promise<void> {
  const { config: given } = configOf(options);
  const config = options.index ? { ...given, documents: { ...given.documents, index: options.index } } : given;
  await makeStateFolder(config.home);
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const embedder = await openConfiguredEmbedder(config, log);
  const search = openConfiguredSearch(config, embedder, log);
  const name = config.documents.index;
  const index = await search.openOrCreate(name);
  try {
    const collection = openCollection({
      index,
      folder: search.folderOf(name),
      language: config.documents.language,
      sources: config.documents,
      log,
    });
    await work({ index, collection, config, home: indexFolder(config) });
  } finally {
    await index.close();
    await search.close();
    await embedder?.close();
  }
}
