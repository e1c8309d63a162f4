import type { Logger } from "../base/log.ts";
import { embeddingFolder, indexFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import { modelSettings, openModel } from "../model/provider/index.ts";
import { openReranker } from "../model/provider/reranker/index.ts";
import { type AliasedSearch, aliasedSearch } from "../search/aliased-search.ts";
import { keptEmbedder } from "../search/kept-embedding.ts";
import { openSearch } from "../search/provider/index.ts";
import { rerankedSearch } from "../search/reranked-index.ts";
import { weightedSearch } from "../search/weighted-index.ts";
import { searchServer } from "./search-server.ts";

/** Put around the chat model that is asked as a reranker, with the name it has in accounts. */
export type GovernModel = (model: ChatModel, name: string) => ChatModel;

/** The indexes as the configuration has them, with its weights and its reranker over each. @throws FlowsteadError `InvalidConfig`. */
export function openConfiguredSearch(
  config: Readonly<Config>,
  bare: Embedder | undefined,
  log: Logger,
  govern: GovernModel = (model) => model,
): AliasedSearch {
  const { reranker } = config;
  const { word_weight: words, vector_weight: vectors } = config.search;
  const embedder = bare && keptEmbedder(bare, { folder: embeddingFolder(config), log });
  const folder = indexFolder(config);
  const opened = aliasedSearch(openSearch({ folder, server: searchServer(config), embedder, log }));
  const search = words === vectors ? opened : weightedSearch(opened, { words, vectors });
  if (!reranker) return search;
  const judge = (entry: Readonly<Record<string, unknown>>): ChatModel =>
    govern(openModel(modelSettings(entry), { log }), modelName(entry));
  return rerankedSearch(search, openReranker(reranker, judge));
}

/** As `models` name theirs; without a name, that of the model. */
function modelName(entry: Readonly<Record<string, unknown>>): string {
  const { name, model, deployment } = entry;
  return [name, model, deployment, "reranker"].find((one): one is string => typeof one === "string")!;
}
