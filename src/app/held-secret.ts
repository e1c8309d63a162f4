import { connectionFolders } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import { joinedStore } from "../connection/joined-store.ts";

/** All secrets that this system holds for others, wherever its configuration and its stored connections have them. */
export async function heldSecrets(config: Readonly<Config>): Promise<Set<string>> {
  const secrets = new Set(secretsIn(config));
  for (const connection of await joinedStore(connectionFolders(config)).list()) {
    for (const value of Object.values(connection.secrets)) secrets.add(value);
  }
  return secrets;
}

const SECRET = /key|secret|token|password|connection_string/i;
/** Names of where a secret is, and of fields. */
const NO_SECRET = /(?:_file|_uri|_url|_id)$|field|keyword/i;
/** Everything in them is one, whatever its name. */
const ALL_SECRET = /^(?:secrets|headers)$/;

function secretsIn(value: unknown, name = "", isWithin = false): string[] {
  if (typeof value === "string") {
    return isWithin || (SECRET.test(name) && !NO_SECRET.test(name)) ? [value] : passwordIn(value);
  }
  if (typeof value !== "object" || value === null) return [];
  const isAll = isWithin || (ALL_SECRET.test(name) && !Array.isArray(value));
  return Object.entries(value).flatMap(([key, item]) => secretsIn(item, Array.isArray(value) ? name : key, isAll));
}

/** As addresses of databases have it. */
function passwordIn(value: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:([^/?#@]+)@/i.exec(value)?.[1];
  return password === undefined ? [] : [value, password];
}
