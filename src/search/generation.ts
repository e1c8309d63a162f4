// An index of passages may be one of several that have carried its name: the one built last stands behind it. A small file
// beside the indexes says which, and is replaced whole, so every query sees the one or the other.

import { readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { checkIndexName } from "./search.ts";

const State = z.object({
  /** The index that answers under the name. */
  current: z.string(),
  /** One that is to take its place. */
  building: z.string().optional(),
  /** Those that were in its place: readers may still be at the last one. */
  retired: z.array(z.string()).default([]),
  /** When the current one was put there. */
  since: z.string().optional(),
});

export type Generation = z.infer<typeof State>;

const ENDING = ".alias.json";

export interface Generations {
  /** Cheap, since it is asked before each query: the file is read only when it has changed. @throws FlowsteadError `IndexDamaged`. */
  of(name: string): Generation;
  write(name: string, generation: Generation): Promise<void>;
  remove(name: string): Promise<void>;
}

export function generationsIn(folder: string): Generations {
  const known = new Map<string, { stamp: string; generation: Generation }>();
  const fileOf = (name: string): string => path.join(folder, `${checkIndexName(name)}${ENDING}`);
  return {
    of(name) {
      const file = fileOf(name);
      const found = statSync(file, { throwIfNoEntry: false, bigint: true });
      if (!found) return { current: name, retired: [] };
      const stamp = `${found.mtimeNs} ${found.ino} ${found.size}`;
      const before = known.get(name);
      if (before?.stamp === stamp) return before.generation;
      const generation = read(file);
      known.set(name, { stamp, generation });
      return generation;
    },
    write: (name, generation) => writeFileAtomic(fileOf(name), `${JSON.stringify(generation)}\n`),
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}

/** Names of indexes that stand behind another name, or are to. */
export function nameBehind(entry: string): string | undefined {
  return entry.endsWith(ENDING) ? entry.slice(0, -ENDING.length) : undefined;
}

function read(file: string): Generation {
  try {
    return State.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new FlowsteadError("IndexDamaged", `${file} does not say which index stands behind its name.`, { cause });
  }
}
