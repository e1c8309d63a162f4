import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SILENT } from "../../../src/base/log.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../../../src/search/provider/index.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { indexSuite } from "../../index-suite.ts";

indexSuite("embedded", async ({ embedder }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-index-"));
  const options = { folder, name: "test", embedder, log: SILENT };
  const opened: SearchIndex[] = [await createEmbeddedIndex(options)];
  const open = async (): Promise<SearchIndex> => {
    const index = await openEmbeddedIndex(options);
    opened.push(index);
    return index;
  };
  return {
    index: opened[0]!,
    another: open,
    reopen: async () => {
      await opened[0]!.close();
      return open();
    },
    dispose: async () => {
      await Promise.all(opened.map((index) => index.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
});
