// The providers of search, by the name that the configuration gives them.

import { FlowsteadError } from "../../base/error/error.ts";
import type { DocumentProvider } from "../document/document-store.ts";
import { lazyDocuments } from "../document/lazy-provider.ts";
import { storedSearch } from "../resident/stored-search.ts";
import type { Search } from "../search.ts";
import { embeddedDocuments } from "./embedded/document/provider.ts";
import { type IndexFolderOptions, searchInFolder } from "./embedded/folder.ts";

export { createEmbeddedIndex, openEmbeddedIndex } from "./embedded/open.ts";

export interface ProviderSettings {
  provider: string;
  /** Of a server; absent for what lies in a folder. */
  url?: string | undefined;
}

export type SearchSettings = IndexFolderOptions & { server?: ProviderSettings | undefined };

/** The named indexes under one folder, or on a server. Nothing heavy is loaded until an index is opened. */
export function openSearch({ server, ...settings }: SearchSettings): Search {
  if (isEmbedded(server)) return searchInFolder(settings);
  const provider = documentProvider({ folder: settings.folder, server });
  return storedSearch({ provider, folder: settings.folder, embedder: settings.embedder });
}

/** Where indexes of documents are kept; a server is reached at the first use. */
export function documentProvider({
  folder,
  server,
}: {
  folder: string;
  server?: ProviderSettings | undefined;
}): DocumentProvider {
  if (isEmbedded(server)) return embeddedDocuments(folder);
  const { provider, url } = server;
  if (provider !== "postgres") {
    throw new FlowsteadError("InvalidConfig", `\`search.provider\` is "${provider}": use embedded or postgres.`);
  }
  if (url === undefined) {
    throw new FlowsteadError("InvalidConfig", "`search.url` is missing: the address of the PostgreSQL database.");
  }
  return lazyDocuments(async () => (await import("./postgres/provider.ts")).postgresDocuments({ url }));
}

function isEmbedded(server: ProviderSettings | undefined): server is undefined {
  return server === undefined || server.provider === "embedded";
}
