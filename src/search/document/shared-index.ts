// The open indexes of a catalog: whoever has one goes on with it while its definition is changed, and what is under way in one is
// finished before that is closed.

import type { DocumentIndex } from "./document-index.ts";

interface Entry {
  index: Promise<DocumentIndex>;
  users: number;
  /** Called when nobody uses it any more. */
  ended?: () => void;
}

export interface SharedIndexes {
  /** Closing it closes nothing: it is shared. */
  open(name: string): Promise<DocumentIndex>;
  /** Alone with the name: what is under way is finished, the index closed, and what comes meanwhile waits. */
  changing<T>(name: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function sharedIndexes(openOne: (name: string) => Promise<DocumentIndex>): SharedIndexes {
  const entries = new Map<string, Entry>();
  const changes = new Map<string, Promise<unknown>>();

  const entryOf = (name: string): Entry => {
    const known = entries.get(name);
    if (known) return known;
    const entry: Entry = { index: openOne(name), users: 0 };
    entries.set(name, entry);
    entry.index.catch(() => {
      if (entries.get(name) === entry) entries.delete(name);
    });
    return entry;
  };
  const use = async <T>(name: string, work: (index: DocumentIndex) => Promise<T>): Promise<T> => {
    while (changes.has(name)) await changes.get(name);
    const entry = entryOf(name);
    entry.users += 1;
    try {
      return await work(await entry.index);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) entry.ended?.();
    }
  };
  const shut = async (name: string): Promise<void> => {
    const entry = entries.get(name);
    if (!entry) return;
    if (entry.users > 0) await new Promise<void>((resolve) => (entry.ended = resolve));
    entries.delete(name);
    await entry.index.then(
      (index) => index.close(),
      () => undefined,
    );
  };

  return {
    async open(name) {
      const { schema, capabilities } = await use(name, async (index) => index);
      return {
        schema,
        capabilities,
        write: (actions, signal) => use(name, (index) => index.write(actions, signal)),
        get: (key, select, options) => use(name, (index) => index.get(key, select, options)),
        count: (options) => use(name, (index) => index.count(options)),
        search: (body, options) => use(name, (index) => index.search(body, options)),
        suggest: (body, options) => use(name, (index) => index.suggest(body, options)),
        autocomplete: (body, options) => use(name, (index) => index.autocomplete(body, options)),
        statistics: (signal) => use(name, (index) => index.statistics(signal)),
        close: async () => undefined,
      };
    },
    changing(name, work) {
      const turn = (changes.get(name) ?? Promise.resolve()).then(() => shut(name)).then(work);
      const settled = turn.then(
        () => undefined,
        () => undefined,
      );
      changes.set(name, settled);
      void settled.then(() => {
        if (changes.get(name) === settled) changes.delete(name);
      });
      return turn;
    },
    async close() {
      await Promise.allSettled(changes.values());
      await Promise.allSettled([...entries.keys()].map(shut));
    },
  };
}
