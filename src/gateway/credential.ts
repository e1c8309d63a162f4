// Who may call the gateway: programs with a key of their own, and flow instances with a token that ends with what lent it.

import { hash as digest } from "node:crypto";
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
  /** The principal that the holder means by a name it has been given. */
  principalOf?: PrincipalOf | undefined;
  models: ReadonlySet<string> | undefined;
}

export type PrincipalOf = (name: string) => string | undefined;

/** Who is charged for a call: who holds the key, or whom the holder of a lent token names, if it may. */
export function charging(holder: Credential, named: string | string[] | undefined): Credential {
  const principal = typeof named === "string" ? holder.principalOf?.(named) : undefined;
  return principal === undefined ? holder : { ...holder, caller: { ...holder.caller, principal } };
}

export interface Credentials {
  /** Whose key or token this is. */
  find(secret: string): Credential | undefined;
  /** A token for the instances of a flow; it is known to this process only and dies with it, or when it is revoked. */
  lend(caller: Caller, principalOf?: PrincipalOf): { token: string; revoke(): void };
}

/** Keeps hashes only: a look into the memory of a hash table tells nothing about keys, nor does the time it takes. */
export function createCredentials(keys: readonly GatewayKey[]): Credentials {
  const known = new Map<string, Credential>();
  for (const { name, key, models } of keys) {
    known.set(hash(key), { caller: { principal: name }, models: models && new Set(models) });
  }
  return {
    find: (secret) => known.get(hash(secret)),
    lend(caller, principalOf) {
      const token = `fst-${secretToken()}`;
      const place = hash(token);
      known.set(place, { caller, principalOf, models: undefined });
      return { token, revoke: () => known.delete(place) };
    },
  };
}

function hash(secret: string): string {
  return digest("sha256", secret, "base64");
}
