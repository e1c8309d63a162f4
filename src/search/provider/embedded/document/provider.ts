// Documents of any shape in a folder of this machine: one LanceDB table per index, and small files beside it.

import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../../../base/error/error.ts";
import { writeFileAtomic } from "../../../../store/atomic-file.ts";
import type { DocumentProvider, StoredIndex } from "../../../document/document-store.ts";
import { fullDisk } from "../failure.ts";
import { openTableStore } from "./table-store.ts";

const INDEX_FILE = "index.json";

export function embeddedDocuments(folder: string): DocumentProvider {
  const folderOf = (name: string): string => path.join(folder, name);
  const fileOf = (name: string): string => path.join(folderOf(name), INDEX_FILE);
  const extraFile = (kind: string): string => path.join(folder, `_${kind}.json`);
  const read = (name: string): Promise<StoredIndex | undefined> =>
    isName(name) ? readJson<StoredIndex>(fileOf(name)) : Promise.resolve(undefined);
  return {
    read,
    async list() {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory() && isName(entry.name)).map(({ name }) => name);
      const found = await Promise.all(names.sort().map(read));
      return found.filter((one) => one !== undefined);
    },
    async put(name, index) {
      try {
        await mkdir(folderOf(name), { recursive: true });
        await writeFileAtomic(fileOf(name), `${JSON.stringify(index, null, 2)}\n`);
      } catch (thrown) {
        throw fullDisk(name, thrown) ?? thrown;
      }
    },
    async remove(name) {
      const existed = (await read(name)) !== undefined;
      // The description goes first: a removal that is cut short is one all the same.
      if (existed) await rm(fileOf(name), { force: true });
      if (existed) await rm(folderOf(name), { recursive: true, force: true });
      return existed;
    },
    async open(name) {
      if (!(await read(name))) throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
      return openTableStore(path.join(folderOf(name), "data"), name);
    },
    readExtras: async (kind) => (await readJson<Record<string, StoredIndex>>(extraFile(kind))) ?? {},
    async writeExtras(kind, extras) {
      await mkdir(folder, { recursive: true });
      await writeFileAtomic(extraFile(kind), `${JSON.stringify(extras, null, 2)}\n`);
    },
    close: async () => undefined,
  };
}

/** Nothing else may become part of a path. */
function isName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/.test(name);
}

async function readJson<T>(file: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FlowsteadError("IndexDamaged", `${file} cannot be read: ${(thrown as Error).message}`, { cause: thrown });
  }
  try {
    return JSON.parse(text) as T;
  } catch (thrown) {
    throw new FlowsteadError("IndexDamaged", `${file} is broken. Remove the index and write its documents again.`, {
      cause: thrown,
    });
  }
}
