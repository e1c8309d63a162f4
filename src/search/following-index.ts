import { FlowsteadError } from "../base/error/error.ts";
import type { Generation } from "./generation.ts";
import type { SearchIndex } from "./search-index.ts";

export interface Following {
  first: { name: string; index: SearchIndex };
  /** What stands behind the name now; `isFresh` asks anew what may be known. */
  current(isFresh?: boolean): Generation | Promise<Generation>;
  open(name: string): Promise<SearchIndex>;
  /** Another index has come to stand there. */
  moved(generation: Generation): void;
}

interface Held {
  name: string;
  index: Promise<SearchIndex>;
  users: number;
}

/** The index behind a name, also when another one comes to stand there; each call is answered by one of them. */
export function followingIndex(name: string, { first, current, open, moved }: Following): SearchIndex {
  let held: Held = { name: first.name, index: Promise.resolve(first.index), users: 0 };
  const letGo = async (one: Held): Promise<void> => {
    if (one.users === 0) await (await one.index).close();
  };
  const at = async (generation: Generation): Promise<Held> => {
    if (held.name === generation.current) return held;
    const before = held;
    const next: Held = { name: generation.current, index: open(generation.current), users: 0 };
    held = next;
    try {
      await next.index;
    } catch (thrown) {
      if (held === next) held = before;
      throw thrown;
    }
    moved(generation);
    await letGo(before);
    return next;
  };
  const use = async <T>(work: (index: SearchIndex) => Promise<T>, isWrite = false): Promise<T> => {
    for (let isFresh = false; ; isFresh = true) {
      const generation = await current(isFresh || isWrite);
      if (isWrite) refuseWhileBuilt(name, generation);
      const one = await at(generation);
      one.users += 1;
      try {
        return await work(await one.index);
      } catch (thrown) {
        // What stood there may have been taken away meanwhile: then the one in its place is asked.
        const isGone = !isCanceled(thrown) && (await isReplaced(one.name, current));
        if (!isGone) throw named(thrown, one.name, name);
      } finally {
        one.users -= 1;
        if (one !== held) await letGo(one);
      }
    }
  };
  const write = (work: (index: SearchIndex) => Promise<void>): Promise<void> => use(work, true);
  return {
    name,
    upsert: (passages, signal) => write((index) => index.upsert(passages, signal)),
    replaceDocuments: (ids, passages, signal) => write((index) => index.replaceDocuments(ids, passages, signal)),
    deleteDocuments: (ids, signal) => write((index) => index.deleteDocuments(ids, signal)),
    prepare: () => void held.index.then((index) => index.prepare?.()).catch(() => undefined),
    query: (query, signal) => use((index) => index.query(query, signal)),
    get: (id, signal) => use((index) => index.get(id, signal)),
    documentPassages: (id, signal) => use((index) => index.documentPassages(id, signal)),
    statistics: (signal, readers) => use((index) => index.statistics(signal, readers)),
    close: async () => (await held.index).close(),
  };
}

async function isReplaced(physical: string, current: Following["current"]): Promise<boolean> {
  try {
    return (await current(true)).current !== physical;
  } catch {
    return false;
  }
}

function refuseWhileBuilt(name: string, { building, until }: Generation): void {
  if (building === undefined || until === undefined || Date.parse(until) < Date.now()) return;
  throw new FlowsteadError(
    "StateLocked",
    `The index ${name} is being built anew, here or on another machine: what is written now would be lost. Try again when that is done.`,
  );
}

function isCanceled(thrown: unknown): boolean {
  return FlowsteadError.from(thrown).code === "Canceled";
}

/** A person knows the name, not which index stands behind it. */
export function named(thrown: unknown, physical: string, name: string): unknown {
  if (!(thrown instanceof FlowsteadError) || physical === name || !thrown.message.includes(`index ${physical}`))
    return thrown;
  const { code, message, details, cause } = thrown;
  return new FlowsteadError(code, message.replaceAll(`index ${physical}`, `index ${name}`), {
    ...(details === undefined ? {} : { details }),
    cause: cause ?? thrown,
  });
}
