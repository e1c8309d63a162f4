// The providers of search, by the name that the configuration gives them.

import { readFile } from "node:fs/promises";
import { FlowsteadError } from "../../base/error/error.ts";
import type { AnyDocumentProvider } from "../document/document-store.ts";
import { lazyDocuments, lazySearching } from "../document/lazy-provider.ts";
import { storedSearch } from "../resident/stored-search.ts";
import type { Search } from "../search.ts";
import { servedSearch } from "../served/served-search.ts";
import { embeddedDocuments } from "./embedded/document/provider.ts";
import { type IndexFolderOptions, searchInFolder } from "./embedded/folder.ts";

export { createEmbeddedIndex, openEmbeddedIndex } from "./embedded/open.ts";

/** As `search` in the configuration. */
export interface ProviderSettings {
  provider: string;
  /** Of a server; absent for what lies in a folder. */
  url?: string | undefined;
  api_key?: string | undefined;
  /** An Entra token for each call, instead of a key. */
  token?: ((signal: AbortSignal) => Promise<string>) | undefined;
  username?: string | undefined;
  password?: string | undefined;
  ca_file?: string | undefined;
}

export type SearchSettings = IndexFolderOptions & { server?: ProviderSettings | undefined };

/** The named indexes under one folder, or on a server. Nothing heavy is loaded until an index is opened. */
export function openSearch({ server, ...settings }: SearchSettings): Search {
  if (isEmbedded(server)) return searchInFolder(settings);
  const { folder, embedder } = settings;
  const provider = documentProvider({ folder, server });
  if ("openIndex" in provider) return servedSearch({ provider, folder, embedder });
  return storedSearch({ provider, folder, embedder });
}

/** Where indexes of documents are kept; a server is reached at the first use. */
export function documentProvider({
  folder,
  server,
}: {
  folder: string;
  server?: ProviderSettings | undefined;
}): AnyDocumentProvider {
  if (isEmbedded(server)) return embeddedDocuments(folder);
  const { provider, api_key: apiKey, token, username, password, ca_file: caFile } = server;
  switch (provider) {
    case "postgres": {
      const url = addressOf(server, "the PostgreSQL database");
      return lazyDocuments(async () => (await import("./postgres/provider.ts")).postgresDocuments({ url }));
    }
    case "azure-ai-search": {
      const url = serviceAddress(server);
      return lazySearching("Azure AI Search", async () => {
        const { azureSearchDocuments } = await import("./azure-ai-search/provider.ts");
        return azureSearchDocuments({ url, apiKey, token, ca: await certificates(caFile) });
      });
    }
    case "opensearch": {
      const url = serviceAddress(server);
      return lazySearching("OpenSearch", async () => {
        const { openSearchDocuments } = await import("./opensearch/provider.ts");
        return openSearchDocuments({ url, username, password, ca: await certificates(caFile) });
      });
    }
    default:
      throw new FlowsteadError(
        "InvalidConfig",
        `\`search.provider\` is "${provider}": use embedded, postgres, azure-ai-search or opensearch.`,
      );
  }
}

function isEmbedded(server: ProviderSettings | undefined): server is undefined {
  return server === undefined || server.provider === "embedded";
}

function addressOf({ url }: ProviderSettings, what: string): string {
  if (url !== undefined) return url;
  throw new FlowsteadError("InvalidConfig", `\`search.url\` is missing: the address of ${what}.`);
}

function serviceAddress(server: ProviderSettings): string {
  const url = addressOf(server, "the search service");
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : {};
  if ((protocol === "https:" || protocol === "http:") && !username && !password) return url;
  throw new FlowsteadError(
    "InvalidConfig",
    "`search.url` must be like https://HOST, without a name or password in it: those have settings of their own.",
  );
}

async function certificates(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new FlowsteadError("InvalidConfig", `\`search.ca_file\` ${file} cannot be read.`, { cause });
  }
}
