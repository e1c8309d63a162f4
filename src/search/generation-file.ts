// Of indexes in a folder: a small file beside them for each name.

import { readFileSync, statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { firstGeneration, type Generation, type Generations, readGeneration } from "./generation.ts";
import { checkIndexName } from "./search.ts";

const ENDING = ".alias.json";

export function generationsIn(folder: string): Generations {
  const known = new Map<string, { stamp: string; generation: Generation }>();
  const fileOf = (name: string): string => path.join(folder, `${checkIndexName(name)}${ENDING}`);
  return {
    seenWithinMs: 0,
    isShared: false,
    of(name, isFresh = false) {
      const file = fileOf(name);
      const found = statSync(file, { throwIfNoEntry: false, bigint: true });
      if (!found) return firstGeneration(name);
      const stamp = `${found.mtimeNs} ${found.ino} ${found.size}`;
      const before = known.get(name);
      if (!isFresh && before?.stamp === stamp) return before.generation;
      const generation = readGeneration(readFileSync(file, "utf8"), file);
      known.set(name, { stamp, generation });
      return generation;
    },
    async names() {
      const entries = await readdir(folder).catch(() => []);
      return entries.flatMap((entry) => (entry.endsWith(ENDING) ? [entry.slice(0, -ENDING.length)] : []));
    },
    write: (name, generation) => writeFileAtomic(fileOf(name), `${JSON.stringify(generation)}\n`),
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}
