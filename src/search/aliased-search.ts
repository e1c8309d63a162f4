// Indexes of passages that can be built anew beside themselves: queries go on in the old one until the new one is whole, and
// none sees a mix.

import { sleep } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { followingIndex, LOOKUPS, named } from "./following-index.ts";
import type { Generation } from "./generation.ts";
import type { IndexSummary, Search } from "./search.ts";
import type { SearchIndex } from "./search-index.ts";

/** An index that is to take the place of another. */
export interface Rebuild {
  index: SearchIndex;
  /** Where what belongs to it is kept. */
  folder: string;
  /** How many documents the one before has; undefined where only this machine writes to it, and where it cannot be opened. */
  before(): Promise<number | undefined>;
  /** Puts it in its place, for every process at once. */
  publish(): Promise<void>;
  /** Removes the one before, when another was put in its place; what is under way there is asked of the new one. */
  close(): Promise<void>;
}

export interface AliasedSearch extends Omit<Search, "folderOf"> {
  /** Where what belongs to the index that stands behind the name now is kept. */
  folderOf(name: string): Promise<string>;
  /** Begins an index that is to take the place of another, or goes on with one that was begun. */
  rebuild(name: string): Promise<Rebuild>;
}

/** Whoever replaced an index removes it; when it was cut short, whoever comes after so long. */
const LEFT_MS = 60_000;
/** So long after its last sign of life whoever builds an index is taken to be gone. */
const BUILDING_MS = 60_000;
const SIGN_MS = 15_000;

export function aliasedSearch(search: Search): AliasedSearch {
  const { generations } = search;
  const removeRetired = async (name: string): Promise<void> => {
    const generation = await generations.of(name, true);
    if (generation.retired.length === 0) return;
    for (const retired of generation.retired) await search.remove(retired);
    await generations.write(name, { ...(await generations.of(name, true)), retired: [] });
  };
  /** In vain for who may only read: then the next one does it. */
  const sweep = async (name: string, { retired, since }: Generation): Promise<void> => {
    const isLeft = retired.length > 0 && Date.now() - Date.parse(since ?? "") > LEFT_MS;
    if (isLeft) await removeRetired(name).catch(() => undefined);
  };
  const sweepLater = (name: string, generation: Generation): void => {
    setTimeout(() => void sweep(name, generation), 2 * LEFT_MS).unref();
  };
  const opened = (name: string, physical: string, open: (name: string) => Promise<SearchIndex>): Promise<SearchIndex> =>
    open(physical).catch((thrown: unknown) => {
      throw named(thrown, physical, name);
    });
  const follow = async (name: string, open = search.open, lookup = 1): Promise<SearchIndex> => {
    const generation = await generations.of(name, true);
    await sweep(name, generation);
    const { current } = generation;
    let index: SearchIndex;
    try {
      index = await opened(name, current, open);
    } catch (thrown) {
      // It may have been replaced since.
      if (lookup === LOOKUPS || (await generations.of(name, true)).current === current) throw thrown;
      return follow(name, open, lookup + 1);
    }
    return followingIndex(name, {
      first: { name: current, index },
      current: (isFresh) => generations.of(name, isFresh),
      open: (physical) => opened(name, physical, search.open),
      moved: (now) => sweepLater(name, now),
    });
  };

  return {
    ...search,
    async list() {
      const names = await generations.names();
      const behind = new Map(
        await Promise.all(names.map(async (name) => [name, await generations.of(name, true)] as const)),
      );
      const hidden = new Set(
        [...behind.values()].flatMap(({ current, building, retired }) => [current, building, ...retired]),
      );
      const all = await search.list();
      const shown = all.filter((one) => !hidden.has(one.name));
      for (const [name, { current }] of behind) {
        const found = all.find((one) => one.name === current);
        if (found) shown.push({ ...found, name });
      }
      return shown.sort((a: IndexSummary, b: IndexSummary) => (a.name < b.name ? -1 : 1));
    },
    open: (name) => follow(name),
    async create(name) {
      const { current } = await generations.of(name, true);
      if (current !== name) {
        throw new FlowsteadError(
          "IndexExists",
          `There is a search index named ${name}. Use another name, or remove it first.`,
        );
      }
      return follow(name, search.create);
    },
    openOrCreate: (name) => follow(name, search.openOrCreate),
    async remove(name) {
      const { current, building, retired } = await generations.of(name, true);
      await generations.remove(name);
      for (const other of [building, ...retired]) if (other !== undefined) await search.remove(other);
      return search.remove(current);
    },
    folderOf: async (name) => search.folderOf((await generations.of(name, true)).current),
    rebuild: async (name) => {
      await sweep(name, await generations.of(name, true));
      return beginRebuild(search, name, () => removeRetired(name));
    },
  };
}

async function beginRebuild(search: Search, name: string, removeRetired: () => Promise<void>): Promise<Rebuild> {
  const { generations } = search;
  const before = await generations.of(name, true);
  const taken = new Set((await search.list()).map((one) => one.name));
  const building = before.building ?? freeName(name, before.current, taken);
  const sign = async (until: Date): Promise<void> => {
    const { retired, current, since } = await generations.of(name, true);
    // Another one has come first, or the name is gone.
    if (current !== before.current) return;
    await generations.write(name, { current, retired, ...(since && { since }), building, until: until.toISOString() });
  };
  await sign(new Date(Date.now() + BUILDING_MS));
  let signing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    signing = signing.then(() => sign(new Date(Date.now() + BUILDING_MS))).catch(() => undefined);
  }, SIGN_MS);
  timer.unref();
  const index = await search.openOrCreate(building).catch(async (thrown: unknown) => {
    // What was begun with other vectors, and what is broken, is of no use.
    if (!(thrown instanceof FlowsteadError) || !["EmbedderMismatch", "IndexDamaged"].includes(thrown.code))
      throw thrown;
    await search.remove(building);
    return search.create(building);
  });
  let isPublished = false;
  return {
    index,
    folder: search.folderOf(building),
    async before() {
      if (!generations.isShared) return undefined;
      try {
        const old = await search.open(before.current);
        return await old
          .statistics()
          .then(({ documents }) => documents)
          .finally(() => old.close());
      } catch {
        return undefined;
      }
    },
    async publish() {
      clearInterval(timer);
      await signing;
      const { retired } = await generations.of(name, true);
      const since = new Date().toISOString();
      await generations.write(name, { current: building, retired: [...retired, before.current], since });
      isPublished = true;
    },
    async close() {
      clearInterval(timer);
      await signing;
      await index.close();
      if (!isPublished) return sign(new Date(0));
      await sleep(generations.seenWithinMs);
      await removeRetired();
    },
  };
}

/** Never one that was used before: who has not asked since would take the new index for the one that it holds. */
function freeName(name: string, current: string, taken: ReadonlySet<string>): string {
  const last = current === name ? 1 : Number(/-build(\d+)$/.exec(current)?.[1] ?? 1);
  for (let nth = last + 1; ; nth++) {
    const free = `${name.slice(0, 110)}-build${nth}`;
    if (!taken.has(free)) return free;
  }
}
