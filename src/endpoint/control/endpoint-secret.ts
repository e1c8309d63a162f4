// The secrets of one endpoint. Calls are checked against hashes; the plain keys are kept beside them, encrypted, because
// `get-credentials` and ARM's listKeys show a key at any time, which a hash alone could not do. A copy of the database alone
// holds neither.

import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import { seal, unseal } from "../../store/sealing.ts";
import type { KeyPair } from "../key.ts";
import { secretHash } from "../../identity/bearer-token.ts";

export type KeyName = "primary" | "secondary";

const secrets = z.object({ primaryKey: z.string(), secondaryKey: z.string(), tokenSecret: z.string() });
export type EndpointSecrets = z.output<typeof secrets>;

export function newSecrets(keys?: Partial<KeyPair>): EndpointSecrets {
  return { primaryKey: secretToken(), secondaryKey: secretToken(), tokenSecret: secretToken(), ...keys };
}

/** The columns that hold the secrets. */
export function sealSecrets(
  endpoint: string,
  plain: EndpointSecrets,
  key: Buffer,
): { primary_hash: string; secondary_hash: string; sealed: string } {
  return {
    primary_hash: secretHash(plain.primaryKey).toString("hex"),
    secondary_hash: secretHash(plain.secondaryKey).toString("hex"),
    sealed: seal(JSON.stringify(plain), `endpoint ${endpoint}`, key),
  };
}

/** @throws FlowsteadError `StoreDamaged`. */
export function unsealSecrets(endpoint: string, sealed: string, key: Buffer): EndpointSecrets {
  const parsed = secrets.safeParse(JSON.parse(unseal(sealed, `endpoint ${endpoint}`, key)));
  if (parsed.success) return parsed.data;
  throw new FlowsteadError(
    "StoreDamaged",
    `The secrets of endpoint "${endpoint}" are incomplete. Regenerate its keys.`,
  );
}
