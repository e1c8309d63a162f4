// The documents that the system answers from: their index, the folders that feed it, and what it begins with.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import { packageRoot } from "../base/package-root.ts";
import { uploadFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import type { Embedder } from "../model/embedder.ts";
import { type Collection, type CollectionOptions, openCollection } from "../search/ingest/collection.ts";
import type { IngestProgress, IngestReport } from "../search/ingest/report.ts";
import { openUploads, type Uploads } from "../search/ingest/upload.ts";
import { watchSource } from "../search/ingest/watch.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { azureToken } from "./azure-token.ts";
import { type GovernModel, openConfiguredSearch } from "./configured-search.ts";

export interface Documents {
  index: SearchIndex;
  collection: Collection;
  uploads: Uploads;
  log: Logger;
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
  govern: GovernModel,
): Promise<Documents> {
  const search = openConfiguredSearch(config, embedder, log, govern);
  const name = config.documents.index;
  // An index that is made anew, as after its folder was deleted, begins with the samples once more.
  if (!(await search.list()).some((one) => one.name === name)) await rm(sampleMarker(config), { force: true });
  const index = await search.openOrCreate(name);
  const collection = openConfiguredCollection(config, { index, folder: () => search.folderOf(name), log });
  const uploads = openUploads({ collection, folder: uploadFolder(config) });
  return { index, collection, uploads, log, open: async (other) => (other === name ? index : search.open(other)) };
}

/** What feeds an index under this configuration. */
export function openConfiguredCollection(
  config: Readonly<Config>,
  place: Pick<CollectionOptions, "index" | "folder" | "log">,
): Collection {
  return openCollection({ ...place, ...collectionSettings(config) });
}

/** How its sources are read. */
export function collectionSettings({ documents }: Readonly<Config>): Pick<CollectionOptions, "language" | "sources"> {
  const { language, s3, azure_blob: blob } = documents;
  const about = {
    resource: "https://storage.azure.com",
    where: "documents.azure_blob.auth",
    failure: "SourceRefused",
  } as const;
  const token = blob.auth && azureToken(blob.auth, about);
  return { language, sources: { s3, azure_blob: { ...blob, ...(token && { token }) } } };
}

/** Follows the configured source, when that is wanted, and takes in uploads that were left behind; returns its end. */
export function followDocuments(
  config: Readonly<Config>,
  { collection, uploads }: Documents,
  log: Logger,
): () => Promise<void> {
  const end = new AbortController();
  const { folder, watch, watch_interval_seconds: seconds } = config.documents;
  const failed = (error: unknown): void => {
    if (!end.signal.aborted) log.warn({ err: error }, "documents could not be taken up");
  };
  const work = [uploads.resume(end.signal)];
  if (watch && folder !== undefined) {
    const options = { intervalMs: seconds * 1000, signal: end.signal, onChange: () => undefined, onFailure: failed };
    work.push(watchSource(collection, folder, options));
  }
  const done = Promise.all(work.map((one) => one.catch(failed)));
  return async () => {
    end.abort();
    await done;
  };
}

/** Sample documents once, a configured folder at every start; what has not changed costs nothing. */
export async function indexFirst(
  config: Readonly<Config>,
  { collection, log }: Documents,
  { onIndexing, onIndexed }: IndexingEvents,
): Promise<void> {
  const marker = sampleMarker(config);
  const { folder } = config.documents;
  if (folder === undefined && existsSync(marker)) return;
  const adding = collection.addFolder(folder ?? sampleFolder(), onIndexing ? { onProgress: onIndexing } : {});
  const report = await adding.catch((thrown: unknown) => {
    // What was indexed before is answered from while a store cannot be reached.
    const { code, message } = FlowsteadError.from(thrown);
    if (code === "DocumentNotFound" && folder !== undefined)
      throw new FlowsteadError("InvalidConfig", `documents.folder: ${message}`, { cause: thrown });
    if (code !== "SourceUnavailable") throw thrown;
    log.warn({ err: thrown }, "the documents could not be looked at");
    return undefined;
  });
  if (!report) return;
  if (folder === undefined) await writeFileAtomic(marker, "");
  onIndexed?.(report);
}

/** There since the samples were indexed: they do not come back to who takes them out. */
function sampleMarker({ home }: Readonly<Config>): string {
  return path.join(home, "samples-indexed");
}

function sampleFolder(): string {
  return path.join(packageRoot(), "examples/documents");
}
