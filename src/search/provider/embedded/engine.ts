// The only file that loads LanceDB: 200 MB of native code that processes which never search should not carry.

import { createRequire } from "node:module";
import type * as Lance from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";

export interface Engine {
  lance: typeof Lance;
  arrow: typeof Arrow;
}

/** Both as CommonJS: LanceDB knows Arrow's classes by identity, and its own Arrow is the CommonJS one. */
export function loadEngine(): Engine {
  const load = createRequire(import.meta.url);
  return { lance: load("@lancedb/lancedb") as typeof Lance, arrow: load("apache-arrow") as typeof Arrow };
}
