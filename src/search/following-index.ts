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
  index: SearchIndex;
  users: number;
}

/** How often one call looks up what stands behind the name, when that goes away each time before it answers. */
export const LOOKUPS = 5;

/** The index behind a name, also when another one comes to stand there; each call is answered by one of them. */
export function followingIndex(name: string, { first, current, open, moved }: Following): SearchIndex {
  let held: Held = { ...first, users: 0 };
  let coming: { name: string; held: Promise<Held> } | undefined;
  const letGo = async (one: Held): Promise<void> => {
    if (one.users === 0) await one.index.close();
  };
  const move = async (generation: Generation): Promise<Held> => {
    const next: Held = { name: generation.current, index: await open(generation.current), users: 0 };
    const before = held;
    held = next;
    moved(generation);
    await letGo(before);
    return next;
  };
  const at = async (generation: Generation): Promise<Held> => {
    if (held.name === generation.current) return held;
    if (coming?.name === generation.current) return coming.held;
    const mine = { name: generation.current, held: move(generation) };
    coming = mine;
    try {
      return await mine.held;
    } finally {
      if (coming === mine) coming = undefined;
    }
  };
  const ask = async <T>(generation: Generation, work: (index: SearchIndex) => Promise<T>): Promise<T> => {
    const one = await at(generation);
    one.users += 1;
    try {
      return await work(one.index);
    } finally {
      one.users -= 1;
      if (one !== held) await letGo(one);
    }
  };
  const use = async <T>(work: (index: SearchIndex) => Promise<T>, isWrite = false): Promise<T> => {
    for (let lookup = 1; ; lookup++) {
      const generation = await current(lookup > 1 || isWrite);
      if (isWrite) refuseWhileBuilt(name, generation);
      try {
        return await ask(generation, work);
      } catch (thrown) {
        // What stood there may have been taken away meanwhile, also before it was opened: then the one in its place is asked.
        const mayAskAgain = lookup < LOOKUPS && !isCanceled(thrown);
        if (!mayAskAgain || !(await isReplaced(generation.current, current)))
          throw named(thrown, generation.current, name);
      }
    }
  };
  const write = (work: (index: SearchIndex) => Promise<void>): Promise<void> => use(work, true);
  return {
    name,
    upsert: (passages, signal) => write((index) => index.upsert(passages, signal)),
    replaceDocuments: (ids, passages, signal) => write((index) => index.replaceDocuments(ids, passages, signal)),
    deleteDocuments: (ids, signal) => write((index) => index.deleteDocuments(ids, signal)),
    prepare: () => held.index.prepare?.(),
    query: (query, signal) => use((index) => index.query(query, signal)),
    get: (id, signal) => use((index) => index.get(id, signal)),
    documentPassages: (id, signal) => use((index) => index.documentPassages(id, signal)),
    statistics: (signal, readers) => use((index) => index.statistics(signal, readers)),
    async close() {
      await coming?.held.catch(() => undefined);
      await held.index.close();
    },
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
  if (!(thrown instanceof FlowsteadError) || physical === name) return thrown;
  const { code, details, cause } = thrown;
  let { message } = thrown;
  for (const how of ["index", "index named"]) message = message.replaceAll(`${how} ${physical}`, `${how} ${name}`);
  if (message === thrown.message) return thrown;
  return new FlowsteadError(code, message, {
    ...(details === undefined ? {} : { details }),
    cause: cause ?? thrown,
  });
}
