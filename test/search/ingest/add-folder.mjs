// Run by a test as a process of its own: adds a folder and is killed at a point of the ingestion that the test names. It is
// no TypeScript, so that under `npm test` it runs the compiled program and starts at once.

import path from "node:path";
import { pathToFileURL } from "node:url";

const [sources, searchFolder, target, point, settings] = process.argv.slice(2);
const ending = sources === "src" ? "ts" : "js";
const load = (name) => import(pathToFileURL(path.resolve(sources, `${name}.${ending}`)).href);
const { SILENT } = await load("base/log");
const { openCollection } = await load("search/ingest/collection");
const { openSearch } = await load("search/provider/index");

const kill = JSON.parse(point);
let left = kill.count;
const die = () => process.kill(process.pid, "SIGKILL");
const reach = (at) => {
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
const collection = openCollection({ index, folder, sources: JSON.parse(settings), log: SILENT });
await collection.addFolder(target, { onProgress: () => reach("file") });
