// Indexes of passages that can be built anew beside themselves: queries go on in the old one until the new one is whole, and
// none sees a mix.

import { readdir } from "node:fs/promises";
import { FlowsteadError } from "../base/error/error.ts";
import { type Generation, generationsIn, nameBehind } from "./generation.ts";
import type { IndexSummary, Search } from "./search.ts";
import type { SearchIndex } from "./search-index.ts";

/** An index that is to take the place of another. */
export interface Rebuild {
  index: SearchIndex;
  /** Where what belongs to it is kept. */
  folder: string;
  /** Puts it in its place, for every process at once; the one before is kept a while for queries that are under way. */
  publish(): Promise<void>;
  close(): Promise<void>;
}

export interface AliasedSearch extends Search {
  /** Begins an index that is to take the place of another, or goes on with one that was begun. */
  rebuild(name: string): Promise<Rebuild>;
}

/** No query takes as long. */
const RETIRED_MS = 10 * 60_000;

export function aliasedSearch(search: Search, folder: string): AliasedSearch {
  const generations = generationsIn(folder);
  const follow = async (name: string, opened?: SearchIndex): Promise<SearchIndex> => {
    const { current } = generations.of(name);
    return followingIndex(name, {
      first: { name: current, index: opened ?? (await search.open(current)) },
      current: () => generations.of(name).current,
      open: (physical) => search.open(physical),
    });
  };
  const sweep = async (name: string, generation: Generation): Promise<Generation> => {
    const age = Date.now() - Date.parse(generation.since ?? "");
    if (generation.retired.length === 0 || age < RETIRED_MS) return generation;
    for (const retired of generation.retired) await search.remove(retired);
    const rest = { ...generation, retired: [] };
    await generations.write(name, rest);
    return rest;
  };

  return {
    async list() {
      const names = (await readdir(folder).catch(() => [])).flatMap((entry) => nameBehind(entry) ?? []);
      const behind = new Map(names.map((name) => [name, generations.of(name)]));
      const hidden = new Set(
        [...behind.values()].flatMap(({ current, building, retired }) => [current, building, ...retired]),
      );
      const all = await search.list();
      const named = all.filter((one) => !hidden.has(one.name));
      for (const [name, { current }] of behind) {
        const found = all.find((one) => one.name === current);
        if (found) named.push({ ...found, name });
      }
      return named.sort((a: IndexSummary, b: IndexSummary) => (a.name < b.name ? -1 : 1));
    },
    open: (name) => follow(name),
    async create(name) {
      if (generations.of(name).current !== name) {
        throw new FlowsteadError(
          "IndexExists",
          `There is a search index named ${name}. Use another name, or remove it first.`,
        );
      }
      return follow(name, await search.create(name));
    },
    async openOrCreate(name) {
      const { current } = await sweep(name, generations.of(name));
      return follow(name, await search.openOrCreate(current));
    },
    async remove(name) {
      const { current, building, retired } = generations.of(name);
      await generations.remove(name);
      for (const other of [building, ...retired]) if (other !== undefined) await search.remove(other);
      return search.remove(current);
    },
    folderOf: (name) => search.folderOf(generations.of(name).current),
    close: () => search.close(),
    async rebuild(name) {
      let generation = await sweep(name, generations.of(name));
      const taken = new Set((await search.list()).map((one) => one.name));
      const building = generation.building ?? freeName(name, taken);
      generation = { ...generation, building };
      await generations.write(name, generation);
      const index = await search.openOrCreate(building).catch(async (thrown: unknown) => {
        // What was begun with other vectors is of no use.
        if (!(thrown instanceof FlowsteadError) || thrown.code !== "EmbedderMismatch") throw thrown;
        await search.remove(building);
        return search.create(building);
      });
      return {
        index,
        folder: search.folderOf(building),
        publish: () => {
          const retired = [...generation.retired, generation.current];
          return generations.write(name, { current: building, retired, since: new Date().toISOString() });
        },
        close: () => index.close(),
      };
    },
  };
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let nth = 2; ; nth++) {
    const free = `${name.slice(0, 110)}-build${nth}`;
    if (!taken.has(free)) return free;
  }
}

interface Following {
  first: { name: string; index: SearchIndex };
  /** Name of the index that stands behind the name now. */
  current(): string;
  open(name: string): Promise<SearchIndex>;
}

interface Held {
  name: string;
  index: Promise<SearchIndex>;
  users: number;
}

/** The index behind a name, also when another one comes to stand there; each call is answered by one of them. */
function followingIndex(name: string, { first, current, open }: Following): SearchIndex {
  let held: Held = { name: first.name, index: Promise.resolve(first.index), users: 0 };
  const letGo = async (one: Held): Promise<void> => {
    if (one.users === 0) await (await one.index).close();
  };
  const latest = async (): Promise<Held> => {
    const now = current();
    if (held.name === now) return held;
    const before = held;
    const next: Held = { name: now, index: open(now), users: 0 };
    held = next;
    try {
      await next.index;
    } catch (thrown) {
      if (held === next) held = before;
      throw thrown;
    }
    await letGo(before);
    return next;
  };
  const use = async <T>(work: (index: SearchIndex) => Promise<T>): Promise<T> => {
    const one = await latest();
    one.users += 1;
    try {
      return await work(await one.index);
    } finally {
      one.users -= 1;
      if (one !== held) await letGo(one);
    }
  };
  return {
    name,
    upsert: (passages, signal) => use((index) => index.upsert(passages, signal)),
    replaceDocuments: (ids, passages, signal) => use((index) => index.replaceDocuments(ids, passages, signal)),
    deleteDocuments: (ids, signal) => use((index) => index.deleteDocuments(ids, signal)),
    prepare: () => void held.index.then((index) => index.prepare?.()).catch(() => undefined),
    query: (query, signal) => use((index) => index.query(query, signal)),
    get: (id, signal) => use((index) => index.get(id, signal)),
    documentPassages: (id, signal) => use((index) => index.documentPassages(id, signal)),
    statistics: (signal, readers) => use((index) => index.statistics(signal, readers)),
    close: async () => (await held.index).close(),
  };
}
