import type { Passage, SearchIndex } from "../search-index.ts";
import type { Journal, JournalEntry } from "./journal.ts";

/** A document's new state: its passages, and what the journal is to say, or nothing when it is gone. */
interface Change {
  id: string;
  file: string;
  passages: Passage[];
  entry: JournalEntry | undefined;
}

export interface Batch {
  /** Takes a change, and writes what has gathered when it is enough. */
  add(change: Change): Promise<void>;
  /** Writes the rest and waits until everything is durable. */
  finish(): Promise<void>;
  /** Waits for a write that is under way, whatever comes of it: nothing may go on after the caller has left. */
  settle(): Promise<void>;
}

const PASSAGES = 400;
const DOCUMENTS = 64;
const WAIT_MS = 2000;

/**
 * Writes changes to index and journal so that the two agree after a crash at any moment: the journal first says that
 * the documents are pending, then the index changes in one step, then the journal says what it holds. A pending
 * document is indexed again, which replaces whatever is there.
 */
export function batchWriter(index: SearchIndex, journal: Journal, signal: AbortSignal): Batch {
  let waiting: Change[] = [];
  let since = 0;
  let writing: Promise<void> = Promise.resolve();

  const write = async (changes: readonly Change[]): Promise<void> => {
    const stale = changes.filter(({ id, passages }) => passages.length > 0 || holdsPassages(journal, id));
    if (stale.length > 0) {
      await journal.append({ op: "pending", entries: stale.map(({ id, file }) => ({ id, file })) });
      const ids = stale.map(({ id }) => id);
      await index.replaceDocuments(
        ids,
        stale.flatMap(({ passages }) => passages),
        signal,
      );
    }
    const gone = changes.flatMap(({ id, entry }) => (entry ? [] : [id]));
    await journal.append(
      ...changes.flatMap(({ entry }) => (entry ? [{ op: "put" as const, entry }] : [])),
      ...(gone.length > 0 ? [{ op: "drop" as const, ids: gone }] : []),
    );
  };

  const flush = async (): Promise<void> => {
    const changes = waiting;
    waiting = [];
    const before = writing;
    // Writes follow one another, whoever has filled them; after a failure none begins.
    if (changes.length > 0) writing = before.then(() => write(changes));
    // Whoever awaits next sees the failure; until then it is not unhandled.
    writing.catch(() => undefined);
    // The caller goes on reading files during the new one, and waits for the one before.
    await before;
  };

  return {
    async add(change) {
      if (waiting.length === 0) since = performance.now();
      waiting.push(change);
      const passages = waiting.reduce((sum, next) => sum + next.passages.length, 0);
      if (passages >= PASSAGES || waiting.length >= DOCUMENTS || performance.now() - since >= WAIT_MS) await flush();
    },
    async finish() {
      await flush();
      await writing;
    },
    settle: () => writing.catch(() => undefined),
  };
}

function holdsPassages({ state }: Journal, id: string): boolean {
  const known = state.entries.get(id);
  return known !== undefined && (known.passages > 0 || known.pending === true);
}
