import type { Table } from "@lancedb/lancedb";
import type { Logger } from "../../../base/log.ts";
import type { Lexicon } from "../../lexicon.ts";
import { readLexicon } from "./table.ts";

// Reading this many passages' terms takes a few tenths of a second; a larger index is re-read behind the queries,
// which meanwhile weigh terms by slightly old counts.
const READ_AT_ONCE = 20_000;

export interface CachedLexicon {
  current(): Promise<Lexicon>;
  /** Waits for a reading that is under way. */
  settle(): Promise<void>;
}

/** The lexicon of a table, read anew when the table has a new version. */
export function cachedLexicon(table: Table, log: Logger): CachedLexicon {
  let known: { version: number; lexicon: Lexicon } | undefined;
  let reading: Promise<Lexicon> | undefined;

  const read = (version: number): Promise<Lexicon> => {
    reading ??= readLexicon(table)
      .then((lexicon) => {
        known = { version, lexicon };
        return lexicon;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    async current() {
      const version = await table.version();
      if (known?.version === version) return known.lexicon;
      const fresh = read(version);
      if (!known || known.lexicon.passages <= READ_AT_ONCE) return fresh;
      fresh.catch((thrown: unknown) => log.warn({ err: thrown }, "the index's word counts could not be refreshed"));
      return known.lexicon;
    },
    async settle() {
      await reading?.catch(() => undefined);
    },
  };
}
