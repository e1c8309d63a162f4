// The search service on a real socket, over indexes in a folder of its own.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SILENT } from "../../src/base/log.ts";
import { searchKeys } from "../../src/entry/route/search-key.ts";
import { searchRoutes } from "../../src/entry/route/search.ts";
import { type Entry, openEntry } from "../../src/entry/server.ts";
import type { Embedder } from "../../src/model/embedder.ts";
import { openCatalog } from "../../src/search/document/catalog.ts";
import type { Viewer } from "../../src/search/document/permission.ts";
import { documentProvider } from "../../src/search/provider/index.ts";

export const ADMIN_KEY = "the-admin-key-of-this-test";
export const QUERY_KEY = "the-query-key-of-this-test";

export interface SearchService {
  url: string;
  close(): Promise<void>;
}

type Mount = NonNullable<Parameters<typeof openEntry>[0]["mount"]>;

/** An entry with nothing but the routes given, behind the keys of the search service. */
export function openEntryWith(
  mount: (app: Parameters<Mount>[0], keys: ReturnType<typeof searchKeys>) => Promise<void>,
): Promise<Entry> {
  const keys = searchKeys({ adminKey: ADMIN_KEY, queryKey: QUERY_KEY });
  return openEntry({
    host: "127.0.0.1",
    port: 0,
    findPort: false,
    endpoints: new Map(),
    version: "test",
    log: SILENT,
    mount: (app) => mount(app, keys),
  });
}

export async function startSearchService(
  embedder?: Embedder,
  person?: (token: string) => Promise<Viewer>,
): Promise<SearchService> {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-service-"));
  const catalog = openCatalog(documentProvider({ folder }), embedder);
  const entry = await openEntryWith(async (app, keys) => {
    await app.register(searchRoutes, { catalog, keys, person });
  });
  return {
    url: entry.url,
    close: async () => {
      await entry.close(0);
      await catalog.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
