// Connections of several state folders, such as a project's and the person's own, seen as one store.

import { type ConnectionStore, openConnectionStore } from "./store.ts";

/** Of one name, the connection of the folder named first counts. New ones are kept in the first folder. */
export function joinedStore(folders: readonly string[]): ConnectionStore {
  const stores = folders.map(openConnectionStore);
  return {
    async list() {
      const lists = await Promise.all(stores.map((store) => store.list()));
      const found = new Map(lists.toReversed().flatMap((list) => list.map((one) => [one.name, one] as const)));
      // In the order of the folders, although the last ones were put in first.
      const names = new Set(lists.flatMap((list) => list.map(({ name }) => name)));
      return [...names].flatMap((name) => found.get(name) ?? []);
    },
    async save(connection) {
      // What is changed is changed where it is: else the same name would stand twice.
      for (const store of stores) {
        if ((await store.list()).some(({ name }) => name === connection.name)) return store.save(connection);
      }
      return (stores[0] as ConnectionStore).save(connection);
    },
    async remove(name) {
      // Only the one that counts: another folder's is other projects' as well.
      for (const store of stores) if (await store.remove(name)) return true;
      return false;
    },
  };
}
