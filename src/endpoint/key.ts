import { createHash, timingSafeEqual } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { secretToken } from "../base/id.ts";
import { readOwnerFile } from "../store/owner-file.ts";

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
  const file = path.join(folder, `${endpoint}.json`);
  const text = await readOwnerFile(file, () => `${JSON.stringify(newKeys(), null, 2)}\n`);
  const parsed = keyFile.safeParse(tryJson(text));
  if (parsed.success) return parsed.data;
  throw new FlowsteadError(
    "InvalidConfig",
    `${file} does not hold endpoint keys. Delete it to make new ones; callers then need the new key.`,
  );
}

function newKeys(): KeyPair {
  return { primaryKey: secretToken(), secondaryKey: secretToken() };
}

/** Keeps only hashes of the keys. */
export function endpointKeys({ primaryKey, secondaryKey }: KeyPair): EndpointKeys {
  const hashes = [primaryKey, secondaryKey].map(sha256);
  return {
    accepts(authorization) {
      const given = sha256(/^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1] ?? "");
      return hashes.reduce((found, hash) => timingSafeEqual(hash, given) || found, false);
    },
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
