// Who may call the gateway: programs with a key of their own, and flow instances with a token that ends with what lent it.

import { createHash } from "node:crypto";
import { secretToken } from "../base/id.ts";
import type { Caller } from "../model/chat-model.ts";

export interface GatewayKey {
  /** The principal in limits and accounts. */
  name: string;
  key: string;
  /** Names of the models it may use; all when absent. */
  models?: readonly string[] | undefined;
}

export interface Credential {
  caller: Caller;
  models: ReadonlySet<string> | undefined;
}

export interface Credentials {
  /** Whose key or token this is. */
  find(secret: string): Credential | undefined;
  /** A token for the instances of a flow; it is known to this process only and dies with it, or when it is revoked. */
  lend(caller: Caller): { token: string; revoke(): void };
}

/** Keeps hashes only: a look into the memory of a hash table tells nothing about keys, nor does the time it takes. */
export function createCredentials(keys: readonly GatewayKey[]): Credentials {
  const known = new Map<string, Credential>();
  for (const { name, key, models } of keys) {
    known.set(hash(key), { caller: { principal: name }, models: models && new Set(models) });
  }
  return {
    find: (secret) => known.get(hash(secret)),
    lend(caller) {
      const token = `fst-${secretToken()}`;
      const place = hash(token);
      known.set(place, { caller, models: undefined });
      return { token, revoke: () => known.delete(place) };
    },
  };
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}
