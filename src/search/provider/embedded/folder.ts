import { readdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import type { Embedder } from "../../../model/embedder.ts";
import { generationsIn } from "../../generation-file.ts";
import { checkIndexName, type IndexSummary, isIndexName, type Search } from "../../search.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "./open.ts";
import { readSetting, removeIndexFolder } from "./setting.ts";

export interface IndexFolderOptions {
  /** The folder of all indexes; each has a folder of its name in it. */
  folder: string;
  embedder?: Embedder | undefined;
  log: Logger;
  /** Passages up to which an index is kept in memory. */
  inMemory?: number | undefined;
}

export function searchInFolder({ folder, embedder, log, inMemory }: IndexFolderOptions): Search {
  const folderOf = (name: string): string => path.join(folder, checkIndexName(name));
  const options = (name: string) => ({ folder: folderOf(name), name, embedder, log, inMemory });
  return {
    folderOf,
    generations: generationsIn(folder),
    async list() {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory() && isIndexName(entry.name)).map(({ name }) => name);
      const found: IndexSummary[] = [];
      for (const name of names.sort()) {
        const setting = await readSetting(path.join(folder, name)).catch((thrown: unknown) => {
          // One that is broken hides none of the others, and can be made anew by its name.
          if (FlowsteadError.from(thrown).code !== "IndexDamaged") throw thrown;
          found.push({ name, created: "" });
          return undefined;
        });
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
      // A description that cannot be read is that of an index all the same.
      const existed = await readSetting(folderOf(name)).then(
        (found) => found !== undefined,
        () => true,
      );
      await removeIndexFolder(folderOf(name));
      return existed;
    },
    close: async () => undefined,
  };
}
