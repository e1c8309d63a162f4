// `index import`: an index that another program has made becomes one of this system, with its vectors.

import path from "node:path";
import type { Command } from "commander";
import { openConfiguredSearch } from "../../app/configured-search.ts";
import { searchServer } from "../../app/search-server.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { createLog } from "../../base/log.ts";
import { documentFolder } from "../../config/folder.ts";
import type { Config } from "../../config/schema.ts";
import { openCatalog } from "../../search/document/catalog.ts";
import { type ImportedIndex, importFaiss } from "../../search/faiss/import.ts";
import { documentProvider } from "../../search/provider/index.ts";
import { checkIndexName, indexNameOf } from "../../search/search.ts";
import { makeStateFolder } from "../../store/state-folder.ts";
import type { Console } from "../console.ts";
import type { IndexOptions } from "./use.ts";
import { configOf } from "../option.ts";

interface ImportOptions extends IndexOptions {
  json?: boolean;
  replace?: boolean;
}

export function addImportCommand(sub: (name: string, description: string) => Command, console: Console): void {
  sub("import <folder>", "take over a FAISS index with its vectors; flows find it under the folder's name, or --index")
    .option("--replace", "put it in the place of the one imported before")
    .action(async (folder: string, options: ImportOptions) => {
      const imported = await importFolder(folder, options);
      if (options.json) return console.print(JSON.stringify(imported, null, 2));
      const { name, documents, dimensions } = imported;
      console.print(`Imported ${documents} documents with vectors of ${dimensions} dimensions as the index ${name}.`);
    });
}

async function importFolder(folder: string, { replace = false, ...options }: ImportOptions): Promise<ImportedIndex> {
  const { config } = configOf(options);
  const name = checkIndexName(options.index ?? indexNameOf(path.resolve(folder)));
  await makeStateFolder(config.home);
  await refuseTaken(name, config);
  const catalog = openCatalog(
    documentProvider({ folder: documentFolder(config), server: searchServer(config) }),
    undefined,
  );
  try {
    return await importFaiss(catalog, folder, { name, replace });
  } finally {
    await catalog.close();
  }
}

/** Flows look for a name among the indexes of passages first: an index behind one of them would never be found. */
async function refuseTaken(name: string, config: Readonly<Config>): Promise<void> {
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "index.log") });
  const search = openConfiguredSearch(config, undefined, log);
  try {
    if (!(await search.list()).some((one) => one.name === name)) return;
  } finally {
    await search.close();
  }
  throw new FlowsteadError(
    "IndexExists",
    `There is an index ${name} of documents that were added. Name another one with --index, or remove it: flowstead index remove --all --index ${name}`,
  );
}
