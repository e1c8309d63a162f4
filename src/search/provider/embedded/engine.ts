// The only file that loads LanceDB: 200 MB of native code that processes which never search should not carry.

import type * as Arrow from "apache-arrow";
import type * as Lance from "@lancedb/lancedb";

export interface Engine {
  lance: typeof Lance;
  arrow: typeof Arrow;
}

export async function loadEngine(): Promise<Engine> {
  const [lance, arrow] = await Promise.all([import("@lancedb/lancedb"), import("apache-arrow")]);
  return { lance, arrow };
}
