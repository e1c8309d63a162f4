// Run by a test as a process of its own, to be killed: adds a folder and prints a line per file.

import { SILENT } from "../../../src/base/log.ts";
import { openCollection } from "../../../src/search/ingest/collection.ts";
import type { SourceSettings } from "../../../src/search/ingest/source/open.ts";
import { openSearch } from "../../../src/search/provider/index.ts";

const [searchFolder, docs] = process.argv.slice(2);
const search = openSearch({ folder: searchFolder!, log: SILENT });
const index = await search.open("docs");
const sources = JSON.parse(process.env["FLOWSTEAD_TEST_SOURCES"] ?? "{}") as SourceSettings;
const collection = openCollection({ index, folder: search.folderOf("docs"), sources, log: SILENT });
await collection.addFolder(docs!, { onProgress: ({ file }) => console.log(file) });
await index.close();
