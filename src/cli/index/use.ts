import path from "node:path";
import { openAccounts } from "../../app/account.ts";
import { openConfiguredSearch } from "../../app/configured-search.ts";
import { collectionSettings, openConfiguredCollection } from "../../app/document.ts";
import { openConfiguredEmbedder } from "../../app/resources.ts";
import { searchServer } from "../../app/search-server.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { createLog } from "../../base/log.ts";
import { documentFolder, indexFolder } from "../../config/folder.ts";
import type { Config } from "../../config/schema.ts";
import type { Collection } from "../../search/ingest/collection.ts";
import { rebuildCollection, type RebuildOptions } from "../../search/ingest/rebuild.ts";
import type { IngestReport } from "../../search/ingest/report.ts";
import { documentProvider } from "../../search/provider/index.ts";
import type { SearchIndex } from "../../search/search-index.ts";
import type { Search } from "../../search/search.ts";
import { makeStateFolder } from "../../store/state-folder.ts";
import { openFlowIndexes } from "../flow/lent-index.ts";
import { type HomeOptions, configOf } from "../option.ts";
import { missingIndex } from "./missing.ts";

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

/** Removes an index with all it holds, without opening it, and gives its name. @throws FlowsteadError `IndexNotFound`. */
export async function removeIndex(options: IndexOptions): Promise<string> {
  const { config } = configOf(options);
  const name = options.index ?? config.documents.index;
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const search = openConfiguredSearch(config, undefined, log);
  try {
    if (!(await search.remove(name))) throw await missingIndex(name, config, search);
    return name;
  } finally {
    await search.close();
  }
}

/** Builds an index anew beside itself; the one that is there may be of another embedder, and is not opened. */
export async function rebuildIndex(
  options: IndexOptions,
  how: Pick<RebuildOptions, "onProgress" | "signal">,
): Promise<IngestReport[]> {
  const { config } = configOf(options);
  const name = options.index ?? config.documents.index;
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const embedder = await openConfiguredEmbedder(config, log);
  const accounts = openAccounts({ config, log });
  const search = openConfiguredSearch(config, accounts.governEmbedder(embedder), log, accounts.govern);
  try {
    if (!(await search.list()).some((one) => one.name === name)) {
      throw new FlowsteadError("IndexNotFound", `There is no search index named ${name} that commands have filled.`);
    }
    const rebuild = await search.rebuild(name);
    const folder = () => search.folderOf(name);
    try {
      return await rebuildCollection(rebuild, { folder, log, ...collectionSettings(config), ...how });
    } finally {
      await rebuild.close();
    }
  } finally {
    await search.close();
    await accounts.close();
    await embedder?.close();
  }
}

/**
 * Opens an index, or makes it, and closes it after the work.
 * @throws FlowsteadError `IndexExists` when the name is that of an index which was imported or made by the search service.
 */
export function useIndex(options: IndexOptions, work: (used: UsedIndex) => Promise<void>): Promise<void> {
  return withIndex(options, work, (search, name) => search.openOrCreate(name));
}

/**
 * Opens an index that is there; the chat's own, which nobody has to name, is made at its first use.
 * @throws FlowsteadError `IndexNotFound` naming those that there are, or as `useIndex`.
 */
export function readIndex(options: IndexOptions, work: (used: UsedIndex) => Promise<void>): Promise<void> {
  if (options.index === undefined) return useIndex(options, work);
  return withIndex(options, work, (search, name, config) =>
    search.open(name).catch(async (thrown: unknown) => {
      if (FlowsteadError.from(thrown).code !== "IndexNotFound") throw thrown;
      throw await missingIndex(name, config, search);
    }),
  );
}

async function withIndex(
  options: IndexOptions,
  work: (used: UsedIndex) => Promise<void>,
  open: (
    search: Pick<Search, "list" | "open" | "openOrCreate">,
    name: string,
    config: Readonly<Config>,
  ) => Promise<SearchIndex>,
): Promise<void> {
  const { config: given } = configOf(options);
  const config = options.index ? { ...given, documents: { ...given.documents, index: options.index } } : given;
  await makeStateFolder(config.home);
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const embedder = await openConfiguredEmbedder(config, log);
  const accounts = openAccounts({ config, log });
  const search = openConfiguredSearch(config, accounts.governEmbedder(embedder), log, accounts.govern);
  const name = config.documents.index;
  try {
    // An index of passages behind the name of one of documents would hide that from flows.
    if (options.index && (await holdsDocuments(name, config, search))) {
      throw new FlowsteadError(
        "IndexExists",
        `The index ${name} holds documents that were imported or written through the search service: \`index query\` and flows read it. Name another one with --index.`,
      );
    }
    const index = await open(search, name, config);
    try {
      const collection = openConfiguredCollection(config, { index, folder: () => search.folderOf(name), log });
      await work({ index, collection, config, home: indexFolder(config) });
    } finally {
      await index.close();
    }
  } finally {
    await search.close();
    await accounts.close();
    await embedder?.close();
  }
}

/**
 * Opens an index to ask it, also one of documents, which commands cannot change. `wordsOnly` tells that it refuses what needs an
 * embedder; an index of passages then does what it can.
 */
export async function askIndex(
  options: IndexOptions,
  ask: (index: SearchIndex, wordsOnly: boolean) => Promise<void>,
): Promise<void> {
  const { config } = configOf(options);
  const name = options.index ?? config.documents.index;
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const search = openConfiguredSearch(config, undefined, log);
  const isOfDocuments = await holdsDocuments(name, config, search).finally(() => search.close());
  if (!isOfDocuments) return readIndex(options, ({ index }) => ask(index, false));
  const embedder = await openConfiguredEmbedder(config, log);
  const accounts = openAccounts({ config, log });
  const indexes = openFlowIndexes(config, embedder, { accounts, log });
  try {
    await ask(await indexes.open(name), embedder === undefined);
  } finally {
    await indexes.close();
    await accounts.close();
    await embedder?.close();
  }
}

async function holdsDocuments(name: string, config: Readonly<Config>, search: Pick<Search, "list">): Promise<boolean> {
  if ((await search.list()).some((one) => one.name === name)) return false;
  const provider = documentProvider({ folder: documentFolder(config), server: searchServer(config) });
  return provider
    .read(name)
    .then((found) => found !== undefined)
    .finally(() => provider.close());
}
