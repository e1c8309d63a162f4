// `index.json` beside the data: what an index was built with. It is written last, so a folder without it holds an
// index whose making was cut short.

import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../../base/error/error.ts";
import { writeFileAtomic } from "../../../store/atomic-file.ts";
import { repairOf } from "./failure.ts";

const Setting = z.object({
  format: z.literal(1),
  name: z.string(),
  /** Ids of `Analyzer`. */
  analyzer: z.string(),
  created: z.iso.datetime(),
  vectors: z.object({ fingerprint: z.string(), dimensions: z.int().positive() }).optional(),
});

export type IndexSetting = z.infer<typeof Setting>;

const FILE = "index.json";

/** Undefined when there is no index in the folder. */
export async function readSetting(folder: string): Promise<IndexSetting | undefined> {
  const file = path.join(folder, FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FlowsteadError("IndexDamaged", `${file} cannot be read: ${(thrown as Error).message}`, { cause: thrown });
  }
  try {
    return Setting.parse(JSON.parse(text));
  } catch (thrown) {
    throw new FlowsteadError(
      "IndexDamaged",
      `${file} is not the description of a search index of this version. ${repairOf(path.basename(folder))}`,
      { cause: thrown },
    );
  }
}

export async function writeSetting(folder: string, setting: IndexSetting): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(path.join(folder, FILE), `${JSON.stringify(setting, undefined, 2)}\n`);
}

/** Where LanceDB keeps its tables. */
export function dataFolder(folder: string): string {
  return path.join(folder, "data");
}

/** Removes the description first, so that an index whose removal is cut short is gone all the same. */
export async function removeIndexFolder(folder: string): Promise<void> {
  await rm(path.join(folder, FILE), { force: true });
  await rm(folder, { recursive: true, force: true });
}
