import type { Logger } from "../base/log.ts";
import { indexFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import type { Embedder } from "../model/embedder.ts";
import { modelSettings, openModel } from "../model/provider/index.ts";
import { openReranker } from "../model/provider/reranker/index.ts";
import { openSearch } from "../search/provider/index.ts";
import { rerankedSearch } from "../search/reranked-index.ts";
import type { Search } from "../search/search.ts";
import { searchServer } from "./search-server.ts";

/** The indexes as the configuration has them, with its reranker over each. @throws FlowsteadError `InvalidConfig`. */
export function openConfiguredSearch(config: Readonly<Config>, embedder: Embedder | undefined, log: Logger): Search {
  const { reranker } = config;
  const search = openSearch({ folder: indexFolder(config), server: searchServer(config), embedder, log });
  if (!reranker) return search;
  return rerankedSearch(
    search,
    openReranker(reranker, (entry) => openModel(modelSettings(entry), { log })),
  );
}
