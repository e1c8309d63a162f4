import { createRequire } from "node:module";
import type { Pool as UndiciPool } from "undici";

/** Sockets to one server; undici's own entry would add `request` and the like to it. */
type HttpPool = Pick<UndiciPool, "dispatch" | "close" | "destroy">;

/**
 * Taken from inside undici, whose entry loads `fetch`, web sockets, caches and mocks too: a seventh of the time that a
 * command needs to start. The version is pinned, so the file does not move unseen.
 */
export const Pool = createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as new (
  ...options: ConstructorParameters<typeof UndiciPool>
) => HttpPool;
