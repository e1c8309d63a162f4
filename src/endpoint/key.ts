import { timingSafeEqual } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { secretToken } from "../base/id.ts";
import { bearerToken, secretHash } from "../identity/bearer-token.ts";
import { readOwnerRecord } from "../store/owner-file.ts";

export interface EndpointKeys {
  /**
   * Whether an `Authorization` header holds what the endpoint asks for: one of its two keys, or a token.
   * @throws FlowsteadError `Forbidden` for a token that proves who calls and grants nothing.
   */
  accepts(authorization: string | undefined): boolean | Promise<boolean>;
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

/** Keeps only hashes of the keys. */
export function endpointKeys({ primaryKey, secondaryKey }: KeyPair): EndpointKeys {
  const hashes = [primaryKey, secondaryKey].map(secretHash);
  return {
    accepts(authorization) {
      const given = secretHash(bearerToken(authorization) ?? "");
      return hashes.reduce((found, hash) => timingSafeEqual(hash, given) || found, false);
    },
  };
}
