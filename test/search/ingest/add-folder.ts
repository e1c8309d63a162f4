// Run by a test as a process of its own: adds a folder and is killed at a point of the ingestion that the test names.

import { SILENT } from "../../../src/base/log.ts";
import { openCollection } from "../../../src/search/ingest/collection.ts";
import type { SourceSettings } from "../../../src/search/ingest/source/open.ts";
import { openSearch } from "../../../src/search/provider/index.ts";

/** Where the process ends: at the n-th time of reaching the place, or so long after it. */
interface KillPoint {
  at: string;
  count: number;
  delayMs?: number;
}

const [searchFolder = "", target = "", point = "", settings = ""] = process.argv.slice(2);
const kill = JSON.parse(point) as KillPoint;
let left = kill.count;
const die = (): unknown => process.kill(process.pid, "SIGKILL");
const reach = (at: string): void => {
  if (kill.at !== at || --left > 0) return;
  if (at === "during") setTimeout(die, kill.delayMs);
  else die();
};

const search = openSearch({ folder: searchFolder, log: SILENT });
const index = await search.open("docs");
const replaceDocuments = index.replaceDocuments.bind(index);
index.replaceDocuments = async (...given) => {
  reach("before");
  const written = replaceDocuments(...given);
  reach("during");
  await written;
  reach("after");
};
const folder = search.folderOf("docs");
const collection = openCollection({ index, folder, sources: JSON.parse(settings) as SourceSettings, log: SILENT });
await collection.addFolder(target, { onProgress: () => reach("file") });
