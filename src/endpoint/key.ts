import { timingSafeEqual } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { secretToken } from "../base/id.ts";
import { bearerToken, secretHash } from "../identity/bearer-token.ts";
import { readOwnerRecord } from "../store/owner-file.ts";

export interface EndpointKeys {
  /**
   * Who calls, if an `Authorization` header holds what the endpoint asks for: one of its two keys, or a token.
   * @throws FlowsteadError `Forbidden` for a token that proves who calls and grants nothing.
   */
  principalOf(authorization: string | undefined): string | undefined | Promise<string | undefined>;
}

export const keyFile = z.object({ primaryKey: z.string().min(20), secondaryKey: z.string().min(20) });
export type KeyPair = z.output<typeof keyFile>;

/** The endpoint's keys, made at the first call and kept in a file that only its owner may read. */
export async function readKeys(folder: string, endpoint: string): Promise<KeyPair> {
  return readOwnerRecord({
    file: path.join(folder, `${endpoint}.json`),
    holds: "endpoint keys",
    shape: keyFile,
    make: () => ({ primaryKey: secretToken(), secondaryKey: secretToken() }),
  });
}

export interface KeyHashes {
  primary: Buffer;
  secondary: Buffer;
}

/** The principal that a key of an endpoint stands for, as `chat/primary`. Takes the same time for every wrong key. */
export function keyPrincipal(key: string, endpoint: string, { primary, secondary }: KeyHashes): string | undefined {
  const given = secretHash(key);
  const [isPrimary, isSecondary] = [timingSafeEqual(primary, given), timingSafeEqual(secondary, given)];
  if (!isPrimary && !isSecondary) return undefined;
  return `${endpoint}/${isPrimary ? "primary" : "secondary"}`;
}

/** Keeps only hashes of the keys. */
export function endpointKeys(endpoint: string, { primaryKey, secondaryKey }: KeyPair): EndpointKeys {
  const hashes = { primary: secretHash(primaryKey), secondary: secretHash(secondaryKey) };
  return { principalOf: (authorization) => keyPrincipal(bearerToken(authorization) ?? "", endpoint, hashes) };
}
