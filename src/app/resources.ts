// What flows may reach, for everything that runs flows; apart from the rest of the app, which `flow serve` does not load.

import type { Logger } from "../base/log.ts";
import { connectionFolders } from "../config/folder.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { configuredConnections } from "../connection/configured.ts";
import { joinedStore } from "../connection/joined-store.ts";
import { type LocalResourceOptions, type LocalResources, localResources } from "../endpoint/resource/local.ts";
import type { BalancedModel } from "../model/balanced.ts";
import type { Embedder } from "../model/embedder.ts";
import { embedderSettings, openEmbedder } from "../model/provider/index.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { poolSettings } from "./pool-setting.ts";

/** The configured embedder, or none. @throws FlowsteadError when its server has to be asked and does not answer. */
export async function openConfiguredEmbedder(config: Readonly<Config>, log: Logger): Promise<Embedder | undefined> {
  const { embedder } = config;
  return embedder && openEmbedder(embedderSettings(embedder), { pool: poolSettings(config), log });
}

interface ResourceParts {
  env: LoadedConfig["env"];
  log: Logger;
  models: ReadonlyMap<string, BalancedModel>;
  embedder: Embedder | undefined;
  openIndex: (name: string) => Promise<SearchIndex>;
  /** Put around models behind connections. */
  govern?: LocalResourceOptions["govern"];
}

/** What flows may reach under this configuration. */
export function openResources(config: Readonly<Config>, { env, ...parts }: ResourceParts): LocalResources {
  const store = joinedStore(connectionFolders(config));
  return localResources({ ...parts, connections: configuredConnections({ entries: config.connections, store, env }) });
}
