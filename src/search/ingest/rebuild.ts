import { FlowsteadError } from "../../base/error/error.ts";
import { lockState } from "../../store/lock.ts";
import type { Rebuild } from "../aliased-search.ts";
import { type AddOptions, type CollectionOptions, journalOf, openCollection } from "./collection.ts";
import { readJournal } from "./journal.ts";
import type { IngestReport } from "./report.ts";

export type RebuildOptions = Omit<CollectionOptions, "index"> & Omit<AddOptions, "language">;

/**
 * Reads every source of a collection anew into an index that then takes the place of the one before, at once. Until then queries
 * go on there; a run that is cut short is taken up by the next one.
 * @throws FlowsteadError as `addFolder`, and `DocumentUnreadable` when files that were readable are not: then nothing changes.
 */
export async function rebuildCollection(rebuild: Rebuild, options: RebuildOptions): Promise<IngestReport[]> {
  const { folder, onProgress, signal, ...rest } = options;
  const place = typeof folder === "function" ? await folder() : folder;
  // Nobody writes to the old one meanwhile: what they wrote would be lost.
  const lock = await lockState(place);
  try {
    const { roots, entries } = await readJournal(journalOf(place));
    if (roots.size === 0) {
      throw new FlowsteadError("DocumentNotFound", "Nothing is indexed. Add a folder with: flowstead index add FOLDER");
    }
    const own = [...entries.values()].filter(({ passages }) => passages > 0).length;
    const there = await rebuild.before();
    if (there !== undefined && there > own) {
      throw new FlowsteadError(
        "DocumentUnreadable",
        `The index has ${there} documents, and ${own} of them were added on this machine: the others, which it cannot read again, would be lost. ` +
          "Rebuild it where they were added, or remove them there first.",
      );
    }
    const next = openCollection({ ...rest, index: rebuild.index, folder: rebuild.folder });
    for (const { folder: begun } of await next.list()) if (!roots.has(begun)) await next.remove(begun, signal);
    const reports: IngestReport[] = [];
    for (const { path, language } of roots.values()) {
      const how = { ...(language && { language }), ...(onProgress && { onProgress }), ...(signal && { signal }) };
      reports.push(await next.addFolder(path, how));
    }
    const had = new Set([...entries.values()].flatMap(({ file, passages }) => (passages > 0 ? [file] : [])));
    const lost = reports
      .flatMap(({ failed }) => failed)
      .filter(({ code, file }) => code === "DocumentUnreadable" && had.has(file));
    if (lost[0]) {
      throw new FlowsteadError(
        "DocumentUnreadable",
        `${lost.length} files that are in the index cannot be read now, as ${lost[0].file}: ${lost[0].reason} The index stays as it is. Try again when they can.`,
      );
    }
    await rebuild.publish();
    return reports;
  } finally {
    await lock.release();
  }
}
