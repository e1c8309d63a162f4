// Run by a test as a process of its own: builds an index anew, again and again, until it is killed. FOLDER NAME

import { SILENT } from "../../src/base/log.ts";
import { aliasedSearch } from "../../src/search/aliased-search.ts";
import { rebuildCollection } from "../../src/search/ingest/rebuild.ts";
import { openSearch } from "../../src/search/provider/index.ts";

const [folder = "", name = ""] = process.argv.slice(2);
const search = aliasedSearch(openSearch({ folder, log: SILENT }));
for (;;) {
  process.stdout.write("begun\n");
  const next = await search.rebuild(name);
  await rebuildCollection(next, { folder: () => search.folderOf(name), log: SILENT });
  process.stdout.write("swapped\n");
  await next.close();
}
