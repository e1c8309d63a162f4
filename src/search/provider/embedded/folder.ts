import { readdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import type { Embedder } from "../../../model/embedder.ts";
import type { SearchIndex } from "../../search-index.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "./open.ts";
import { readSetting, removeIndexFolder } from "./setting.ts";

export interface IndexFolderOptions {
  /** The folder of all indexes; each has a folder of its name in it. */
  folder: string;
  embedder?: Embedder | undefined;
  log: Logger;
}

interface IndexSummary {
  name: string;
  created: string;
  /** Fingerprint of its vectors, when it has any. */
  embedder?: string;
}

/** The search indexes of one installation, by name. */
export interface Search {
  list(): Promise<IndexSummary[]>;
  /** @throws FlowsteadError `IndexNotFound`. */
  open(name: string): Promise<SearchIndex>;
  /** @throws FlowsteadError `IndexExists`. */
  create(name: string): Promise<SearchIndex>;
  /** Opens the index, after making it when there is none. */
  openOrCreate(name: string): Promise<SearchIndex>;
  /** Removes an index with all it holds, false when there is none. Close it first, in every process. */
  remove(name: string): Promise<boolean>;
  /** Where what belongs to an index is kept; goes away with the index. */
  folderOf(name: string): string;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/;

export function searchInFolder({ folder, embedder, log }: IndexFolderOptions): Search {
  const folderOf = (name: string): string => {
    if (NAME.test(name)) return path.join(folder, name);
    throw new FlowsteadError(
      "InvalidRequest",
      `"${name}" cannot be the name of a search index: use lower-case letters, digits and hyphens, at most 128.`,
    );
  };
  const options = (name: string) => ({ folder: folderOf(name), name, embedder, log });
  return {
    folderOf,
    async list() {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory() && NAME.test(entry.name)).map(({ name }) => name);
      const found: IndexSummary[] = [];
      for (const name of names.sort()) {
        const setting = await readSetting(path.join(folder, name));
        if (!setting) continue;
        const fingerprint = setting.vectors?.fingerprint;
        found.push({ name, created: setting.created, ...(fingerprint === undefined ? {} : { embedder: fingerprint }) });
      }
      return found;
    },
    open: async (name) => openEmbeddedIndex(options(name)),
    create: async (name) => createEmbeddedIndex(options(name)),
    openOrCreate: async (name) =>
      (await readSetting(folderOf(name))) ? openEmbeddedIndex(options(name)) : createEmbeddedIndex(options(name)),
    async remove(name) {
      const existed = (await readSetting(folderOf(name))) !== undefined;
      await removeIndexFolder(folderOf(name));
      return existed;
    },
  };
}
