import { timingSafeEqual } from "node:crypto";
import path from "node:path";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import { bearerToken, secretHash } from "../../identity/bearer-token.ts";
import { followOwnerRecord, type OwnerRecord, readOwnerRecord, replaceOwnerRecord } from "../../store/owner-file.ts";

const keyFile = z.object({ adminKey: z.string().min(20), queryKey: z.string().min(20) });

export interface SearchKeys {
  /** @throws FlowsteadError `Forbidden` unless the call has the admin key or, for reading documents, the query key. */
  check(headers: IncomingHttpHeaders, isReading: boolean): void;
  /** Whether it is one of the two. */
  accepts(key: string): boolean;
}

export type SearchKeyPair = z.output<typeof keyFile>;

const recordIn = (folder: string): OwnerRecord<typeof keyFile> => ({
  file: path.join(folder, "search-service.json"),
  holds: "the keys of the search service",
  shape: keyFile,
  make: () => ({ adminKey: secretToken(), queryKey: secretToken() }),
});

/** The search service's keys, made at the first call and kept in a file that only its owner may read. */
export async function readSearchKeys(folder: string): Promise<SearchKeyPair> {
  return readOwnerRecord(recordIn(folder));
}

/** The same as they are at each call. */
export async function followSearchKeys(folder: string): Promise<() => SearchKeyPair> {
  return followOwnerRecord(recordIn(folder));
}

/** Makes one key anew; the old one opens nothing any more, in running programs too. */
export async function regenerateSearchKey(folder: string, which: "admin" | "query"): Promise<SearchKeyPair> {
  const record = recordIn(folder);
  const before = await readOwnerRecord(record);
  const after = { ...before, [which === "admin" ? "adminKey" : "queryKey"]: secretToken() };
  await replaceOwnerRecord(record, after);
  return after;
}

/** They are compared by their hashes. */
export function searchKeys(keys: SearchKeyPair | (() => SearchKeyPair)): SearchKeys {
  let hashed: { of: SearchKeyPair; admin: Buffer; query: Buffer } | undefined;
  const hashes = (): { admin: Buffer; query: Buffer } => {
    const now = typeof keys === "function" ? keys() : keys;
    if (hashed?.of !== now) hashed = { of: now, admin: secretHash(now.adminKey), query: secretHash(now.queryKey) };
    return hashed;
  };
  return {
    accepts(key) {
      const { admin, query } = hashes();
      const given = secretHash(key);
      return timingSafeEqual(admin, given) || timingSafeEqual(query, given);
    },
    check(headers, isReading) {
      const { admin, query } = hashes();
      const bearer = bearerToken(headers.authorization);
      const header = headers["api-key"];
      const given = secretHash((typeof header === "string" ? header : bearer) ?? "");
      const isAdmin = timingSafeEqual(admin, given);
      const isQuery = timingSafeEqual(query, given);
      if (isAdmin || (isQuery && isReading)) return;
      throw new FlowsteadError(
        "Forbidden",
        isQuery
          ? "The query key can read documents only. Use the admin key."
          : "The api-key is missing or wrong. `flowstead index keys` prints the keys of the search service.",
      );
    },
  };
}
