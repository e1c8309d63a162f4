// The document suite over a catalog of a provider.

import { openCatalog } from "../../../src/search/document/catalog.ts";
import { documentProvider, type ProviderSettings } from "../../../src/search/provider/index.ts";
import { documentSuite } from "../../document-suite.ts";

export interface ProviderUnderTest {
  /** As the provider calls itself. */
  title: string;
  /** Of indexes in a folder. */
  folder?: () => string;
  settings?: () => ProviderSettings;
}

export function providerDocumentSuite(name: string, { title, folder, settings }: ProviderUnderTest): void {
  documentSuite(name, async (embedder) => {
    const server = settings?.();
    const catalog = openCatalog(
      documentProvider({ folder: folder?.() ?? "", ...(server ? { server } : {}) }),
      embedder,
    );
    return { catalog, title, dispose: () => catalog.close() };
  });
}
