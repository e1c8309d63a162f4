import { timingSafeEqual } from "node:crypto";
import path from "node:path";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import { bearerToken, secretHash } from "../../identity/bearer-token.ts";
import { followOwnerRecord, type OwnerRecord, readOwnerRecord, replaceOwnerRecord } from "../../store/owner-file.ts";

const keyFile = z.object({ adminKey: z.string().min(20), queryKey: z.string().min(20) });

/** To ask for documents, to write them, and to make and change indexes: as Azure's roles divide it. */
export type SearchRight = "read" | "write" | "manage";

/** What a caller's token allows. @throws FlowsteadError what is wrong with it. */
export type SearchRights = (token: string) => Promise<readonly SearchRight[]>;

export interface SearchKeys {
  /**
   * The admin key allows all, the query key to read documents, a token what its caller's roles do.
   * @throws FlowsteadError `Forbidden`, or `Unauthorized` for a token that proves nothing.
   */
  check(headers: IncomingHttpHeaders, right: SearchRight): Promise<void>;
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

const ROLES: Readonly<Record<SearchRight, string>> = {
  read: "Search Index Data Reader",
  write: "Search Index Data Contributor",
  manage: "Search Service Contributor",
};

/** Keys are compared by their hashes. Without `rights` no token but a key is let in. */
export function searchKeys(keys: SearchKeyPair | (() => SearchKeyPair), rights?: SearchRights): SearchKeys {
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
    async check(headers, right) {
      const { admin, query } = hashes();
      const bearer = bearerToken(headers.authorization);
      const header = headers["api-key"];
      const given = secretHash((typeof header === "string" ? header : bearer) ?? "");
      const isAdmin = timingSafeEqual(admin, given);
      const isQuery = timingSafeEqual(query, given);
      if (isAdmin || (isQuery && right === "read")) return;
      if (rights && header === undefined && !isQuery && bearer && isWebToken(bearer)) {
        if ((await rights(bearer)).includes(right)) return;
        const why = `The token is valid, and its caller has not the role ${ROLES[right]} here, which this call needs.`;
        throw new FlowsteadError("Forbidden", why);
      }
      throw new FlowsteadError(
        "Forbidden",
        isQuery
          ? "The query key can read documents only. Use the admin key."
          : "The api-key is missing or wrong. `flowstead index keys` prints the keys of the search service.",
      );
    },
  };
}

function isWebToken(text: string): boolean {
  return text.split(".").length === 3;
}
