// What the holder of a token may see of the resources.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Connection } from "../../connection/connection.ts";
import type { Caller } from "../../model/chat-model.ts";

export interface ResourceGrant {
  /** On whose behalf models are called where the holder does not tell. */
  caller?: Caller;
  /** The principal that the holder means by a name it has been given; undefined for one that it has not. */
  principalOf?: (name: string) => string | undefined;
  /** Whether a connection may be read; all when absent. */
  mayRead?: (connection: string) => boolean;
  /** The connection as the holder sees it; as it is when absent. */
  present?: (connection: Connection) => Connection;
}

/** Who is charged for a call of the holder's: it can name those only who are asking it. */
export function chargedCaller({ caller, principalOf }: ResourceGrant, said: Caller | undefined): Caller | undefined {
  const principal = said && principalOf?.(said.principal);
  return principal === undefined ? caller : { ...caller, principal };
}

const TEXT = /\.(ya?ml|prompty|json|py|jinja2)$/;
const MOST_BYTES = 1_000_000;

/** Whether a flow's files name a connection, as a word of its own; a flow gets the secrets of no other. */
export function namedIn(folder: string): (connection: string) => boolean {
  let texts: string[] | undefined;
  return (connection) => {
    if (connection === "") return true;
    texts ??= readTexts(folder);
    const word = new RegExp(`(?<![\\w-])${connection.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w-])`);
    return texts.some((text) => word.test(text));
  };
}

function readTexts(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && TEXT.test(entry.name) && !/[\\/]\.(git|venv|promptflow)/.test(entry.parentPath),
    )
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"))
    .filter((text) => text.length <= MOST_BYTES);
}
