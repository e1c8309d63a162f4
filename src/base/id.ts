import { randomBytes, randomUUID } from "node:crypto";

/** A random UUID, for runs and requests. */
export function uuid(): string {
  return randomUUID();
}

/** A sortable id: milliseconds since the epoch in 9 base-36 digits, then 80 random bits. */
export function sortableId(): string {
  return (
    Date.now().toString(36).padStart(9, "0") +
    BigInt(`0x${randomBytes(10).toString("hex")}`)
      .toString(36)
      .padStart(16, "0")
  );
}

/** 256 random bits for keys and tokens, URL-safe. */
export function secretToken(): string {
  return randomBytes(32).toString("base64url");
}
