import type { Table } from "@lancedb/lancedb";
import type { Logger } from "../../../base/log.ts";
import { type Lexicon, lexiconOf, type WordCounts } from "../../lexicon.ts";
import { readStoredCounts, writeStoredCounts } from "./stored-count.ts";
import { readWordCounts } from "./table.ts";

// Reading this many passages' terms takes a few tenths of a second; a larger index is re-read behind the queries,
// which meanwhile weigh terms by slightly old counts: they weigh a word the same until many passages are others.
const READ_AT_ONCE = 20_000;
const READ_ANEW = 0.02;
const READ_ANEW_MS = 10 * 60 * 1000;
/** What is stored is replaced when the index is larger or smaller by this share. */
const STORED_ANEW = 0.05;
/** A smaller index is read sooner than a file would be. */
const LEAST_STORED = 2000;

export interface CachedLexicon {
  current(): Promise<Lexicon>;
  /** What is at hand without reading all passages, old or not; undefined when nothing is. */
  atHand(): Promise<Lexicon | undefined>;
  /** Takes what has been counted elsewhere, and keeps it beside the data. */
  learn(counts: WordCounts, version: number): Promise<void>;
  /** Waits for a reading that is under way. */
  settle(): Promise<void>;
}

interface Known {
  version: number;
  counts: WordCounts;
}

/** The lexicon of a table, read anew when the table has a new version. */
export function cachedLexicon(table: Table, folder: string, log: Logger): CachedLexicon {
  let known: Known | undefined;
  let stored: Promise<Known | undefined> | undefined;
  let reading: Promise<Lexicon> | undefined;
  let storing: Promise<void> | undefined;
  /** When all was read last, or an index was opened that has what was read before. */
  let readAt = Date.now();

  const learn = async (counts: WordCounts, version: number): Promise<void> => {
    known = { version, counts };
    const before = (await (stored ??= readStoredCounts(folder)))?.counts.passages ?? 0;
    if (counts.passages < LEAST_STORED || Math.abs(counts.passages - before) <= STORED_ANEW * before) return;
    stored = Promise.resolve(known);
    storing = writeStoredCounts(folder, known).catch((thrown: unknown) =>
      log.debug({ err: thrown }, "the index's word counts could not be kept"),
    );
    await storing;
  };

  const read = (version: number): Promise<Lexicon> => {
    reading ??= readWordCounts(table)
      .then(async (counts) => {
        await learn(counts, version);
        return lexiconOf(counts);
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    async current() {
      const version = await table.version();
      known ??= await (stored ??= readStoredCounts(folder));
      if (known?.version === version) return lexiconOf(known.counts);
      if (!known || known.counts.passages <= READ_AT_ONCE) return read(version);
      const changed = Math.abs((await table.countRows()) - known.counts.passages);
      if (changed <= READ_ANEW * known.counts.passages && Date.now() - readAt < READ_ANEW_MS)
        return lexiconOf(known.counts, true);
      readAt = Date.now();
      const fresh = read(version);
      fresh.catch((thrown: unknown) => log.warn({ err: thrown }, "the index's word counts could not be refreshed"));
      return lexiconOf(known.counts, true);
    },
    async atHand() {
      known ??= await (stored ??= readStoredCounts(folder));
      return known && lexiconOf(known.counts, known.version !== (await table.version()));
    },
    learn,
    async settle() {
      await reading?.catch(() => undefined);
      await storing;
    },
  };
}
