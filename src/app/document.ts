// The documents that the system answers from: their index, the folders that feed it, and what it begins with.

import { existsSync } from "node:fs";
import path from "node:path";
import type { Logger } from "../base/log.ts";
import { packageRoot } from "../base/package-root.ts";
import { indexFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import type { Embedder } from "../model/embedder.ts";
import { type Collection, openCollection } from "../search/ingest/collection.ts";
import type { IngestProgress, IngestReport } from "../search/ingest/report.ts";
import { openSearch } from "../search/provider/index.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";

export interface Documents {
  index: SearchIndex;
  collection: Collection;
  /** Other indexes of the same home. */
  open: (name: string) => Promise<SearchIndex>;
}

export interface IndexingEvents {
  onIndexing?: (progress: IngestProgress) => void;
  onIndexed?: (report: IngestReport) => void;
}

/** The index of the configuration with the folders that feed it. */
export async function openDocuments(
  config: Readonly<Config>,
  embedder: Embedder | undefined,
  log: Logger,
): Promise<Documents> {
  const search = openSearch({ folder: indexFolder(config), server: config.search, embedder, log });
  const name = config.documents.index;
  const index = await search.openOrCreate(name);
  const collection = openCollection({
    index,
    folder: search.folderOf(name),
    language: config.documents.language,
    sources: config.documents,
    log,
  });
  return { index, collection, open: async (other) => (other === name ? index : search.open(other)) };
}

/** Sample documents once, a configured folder at every start; what has not changed costs nothing. */
export async function indexFirst(
  config: Readonly<Config>,
  { collection }: Documents,
  { onIndexing, onIndexed }: IndexingEvents,
): Promise<void> {
  const marker = path.join(config.home, "samples-indexed");
  const { folder } = config.documents;
  if (folder === undefined && existsSync(marker)) return;
  const report = await collection.addFolder(folder ?? sampleFolder(), onIndexing ? { onProgress: onIndexing } : {});
  if (folder === undefined) await writeFileAtomic(marker, "");
  onIndexed?.(report);
}

function sampleFolder(): string {
  return path.join(packageRoot(), "examples/documents");
}
