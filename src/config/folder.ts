// What lies where in the state folder.

import path from "node:path";
import type { Config } from "./schema.ts";

type Home = Readonly<Pick<Config, "home">>;

/** The endpoint's keys. */
export function keyFolder({ home }: Home): string {
  return path.join(home, "keys");
}

/** Connections created by command. */
export function connectionFolder({ home }: Home): string {
  return path.join(home, "connections");
}

/** Search indexes, a folder each. */
export function indexFolder({ home }: Home): string {
  return path.join(home, "index");
}

/** Indexes of the search service, a folder each. */
export function documentFolder({ home }: Home): string {
  return path.join(home, "documents");
}
