// The word counts of an index lie beside its data, because counting takes seconds where there are many passages: the first
// question after opening weighs words by them while the passages are read.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../../store/atomic-file.ts";
import type { WordCounts } from "../../lexicon.ts";

const FILE = "words.json";

const shape = z.object({
  format: z.literal(1),
  /** Of the table that was counted. */
  version: z.int(),
  passages: z.int().min(0),
  meanBody: z.number().min(1),
  meanField: z.number().min(1),
  languages: z.array(z.string()).min(1),
  terms: z.array(z.string()),
  frequencies: z.array(z.int().positive()),
});

interface StoredCounts {
  version: number;
  counts: WordCounts;
}

/** Undefined when there are none, or none that can be read: they can always be counted anew. */
export async function readStoredCounts(folder: string): Promise<StoredCounts | undefined> {
  const text = await readFile(path.join(folder, FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { version, terms, frequencies, ...means } = shape.parse(JSON.parse(text));
    return {
      version,
      counts: { ...means, frequencies: new Map(terms.map((term, at) => [term, frequencies[at] ?? 0])) },
    };
  } catch {
    return undefined;
  }
}

export async function writeStoredCounts(folder: string, { version, counts }: StoredCounts): Promise<void> {
  const { frequencies, languages, ...means } = counts;
  const stored: z.input<typeof shape> = {
    format: 1,
    version,
    ...means,
    languages: [...languages],
    terms: [...frequencies.keys()],
    frequencies: [...frequencies.values()],
  };
  await writeFileAtomic(path.join(folder, FILE), JSON.stringify(stored));
}
