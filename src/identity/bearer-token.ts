import { createHash } from "node:crypto";

/** The token of an `Authorization: Bearer` header; undefined for every other header. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}

/** What is kept of a key or token, and compared in constant time: always 32 bytes. */
export function secretHash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
