// The only file that loads LanceDB: 200 MB of native code that processes which never search should not carry.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type * as Lance from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";

export interface Engine {
  lance: typeof Lance;
  arrow: typeof Arrow;
}

/** By itself the engine takes as many threads as there are processors, less two: on a small machine one, and then every write waits until an index is made. */
const LEAST_THREADS = 4;

/** Both as CommonJS: LanceDB knows Arrow's classes by identity, and its own Arrow is the CommonJS one. */
export function loadEngine(): Engine {
  process.env["LANCE_CPU_THREADS"] ??= String(Math.max(LEAST_THREADS, availableParallelism()));
  const load = createRequire(import.meta.url);
  return { lance: load("@lancedb/lancedb") as typeof Lance, arrow: load("apache-arrow") as typeof Arrow };
}
