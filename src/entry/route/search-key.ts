import { createHash, timingSafeEqual } from "node:crypto";
import path from "node:path";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import { readOwnerFile } from "../../store/owner-file.ts";

const keyFile = z.object({ adminKey: z.string().min(20), queryKey: z.string().min(20) });

export interface SearchKeys {
  /** @throws FlowsteadError `Forbidden` unless the call has the admin key or, for reading documents, the query key. */
  check(headers: IncomingHttpHeaders, isReading: boolean): void;
  /** Whether it is one of the two. */
  accepts(key: string): boolean;
}

/** The search service's keys, made at the first call and kept in a file that only its owner may read. */
export async function readSearchKeys(folder: string): Promise<z.output<typeof keyFile>> {
  const file = path.join(folder, "search-service.json");
  const text = await readOwnerFile(
    file,
    () => `${JSON.stringify({ adminKey: secretToken(), queryKey: secretToken() }, null, 2)}\n`,
  );
  const parsed = keyFile.safeParse(tryJson(text));
  if (parsed.success) return parsed.data;
  throw new FlowsteadError(
    "InvalidConfig",
    `${file} does not hold the keys of the search service. Delete it to make new ones; callers then need the new key.`,
  );
}

/** Keeps only hashes of the keys. */
export function searchKeys({ adminKey, queryKey }: { adminKey: string; queryKey: string }): SearchKeys {
  const [admin, query] = [sha256(adminKey), sha256(queryKey)];
  return {
    accepts(key) {
      const given = sha256(key);
      return timingSafeEqual(admin, given) || timingSafeEqual(query, given);
    },
    check(headers, isReading) {
      const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
      const header = headers["api-key"];
      const given = sha256((typeof header === "string" ? header : bearer) ?? "");
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
