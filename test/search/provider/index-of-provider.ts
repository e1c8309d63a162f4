// The index suite over an index of a provider by its name.

import { tmpdir } from "node:os";
import { SILENT } from "../../../src/base/log.ts";
import { openSearch, type ProviderSettings } from "../../../src/search/provider/index.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { indexSuite } from "../../index-suite.ts";

export function providerIndexSuite(name: string, settings: () => ProviderSettings): void {
  let made = 0;
  indexSuite(name, async ({ embedder }) => {
    const index = `index-${made++}`;
    const search = openSearch({ folder: tmpdir(), server: settings(), embedder, log: SILENT });
    await (await search.create(index)).close();
    const opened: SearchIndex[] = [];
    const open = async (): Promise<SearchIndex> => {
      const one = await search.open(index);
      opened.push(one);
      return one;
    };
    return {
      index: await open(),
      another: open,
      reopen: async () => {
        await opened[0]!.close();
        return open();
      },
      dispose: async () => {
        await Promise.all(opened.map((one) => one.close()));
        await search.close();
      },
    };
  });
}
