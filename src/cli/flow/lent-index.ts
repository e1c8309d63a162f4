// The indexes that a flow may ask, opened at the first question: most flows ask none.

import type { Accounts } from "../../app/account.ts";
import { openConfiguredSearch } from "../../app/configured-search.ts";
import { searchServer } from "../../app/search-server.ts";
import type { Logger } from "../../base/log.ts";
import { documentFolder } from "../../config/folder.ts";
import type { Config } from "../../config/schema.ts";
import type { Embedder } from "../../model/embedder.ts";
import { openCatalog } from "../../search/document/catalog.ts";
import { openAnyIndex } from "../../search/open-any.ts";
import { documentProvider } from "../../search/provider/index.ts";
import type { SearchIndex } from "../../search/search-index.ts";

export interface FlowIndexes {
  /** @throws FlowsteadError `IndexNotFound`. */
  open(name: string): Promise<SearchIndex>;
  close(): Promise<void>;
}

/** @param bare not counted yet */
export function openFlowIndexes(
  config: Readonly<Config>,
  bare: Embedder | undefined,
  { accounts, log }: { accounts: Accounts; log: Logger },
): FlowIndexes {
  const embedder = accounts.governEmbedder(bare);
  const search = openConfiguredSearch(config, embedder, log, accounts.govern);
  const catalog = openCatalog(
    documentProvider({ folder: documentFolder(config), server: searchServer(config) }),
    embedder,
  );
  return {
    open: (name) =>
      openAnyIndex(
        name,
        (of) => search.open(of),
        () => catalog,
      ),
    async close() {
      await catalog.close();
      await search.close();
    },
  };
}
