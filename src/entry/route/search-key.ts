import { timingSafeEqual } from "node:crypto";
import path from "node:path";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import { bearerToken, secretHash } from "../../identity/bearer-token.ts";
import { readOwnerRecord } from "../../store/owner-file.ts";

const keyFile = z.object({ adminKey: z.string().min(20), queryKey: z.string().min(20) });

export interface SearchKeys {
  /** @throws FlowsteadError `Forbidden` unless the call has the admin key or, for reading documents, the query key. */
  check(headers: IncomingHttpHeaders, isReading: boolean): void;
  /** Whether it is one of the two. */
  accepts(key: string): boolean;
}

/** The search service's keys, made at the first call and kept in a file that only its owner may read. */
export async function readSearchKeys(folder: string): Promise<z.output<typeof keyFile>> {
  return readOwnerRecord({
    file: path.join(folder, "search-service.json"),
    holds: "the keys of the search service",
    shape: keyFile,
    make: () => ({ adminKey: secretToken(), queryKey: secretToken() }),
  });
}

/** Keeps only hashes of the keys. */
export function searchKeys({ adminKey, queryKey }: { adminKey: string; queryKey: string }): SearchKeys {
  const [admin, query] = [secretHash(adminKey), secretHash(queryKey)];
  return {
    accepts(key) {
      const given = secretHash(key);
      return timingSafeEqual(admin, given) || timingSafeEqual(query, given);
    },
    check(headers, isReading) {
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
