// A source over a store of objects (Amazon S3, Azure Blob Storage): pages of a listing, objects read one at a time.

import { createHash } from "node:crypto";
import { FlowsteadError } from "../../../base/error/error.ts";
import { HEAD_BYTES, recognize } from "../format.ts";
import { flatScan } from "./flat-scan.ts";
import { openRemote, type RemoteAnswer, type RemoteCall } from "./remote.ts";
import type { FoundFile, ReadFile, Source } from "./source.ts";

/** What tells one kind of store from another. */
export interface ObjectStore {
  /** As people write it, such as `s3://bucket/prefix`. */
  scope: string;
  /** Put before a key, it is the file's name. */
  root: string;
  /** Keys begin with it; empty for all. */
  prefix: string;
  /** Where the next page of the listing is. */
  listUrl(marker: string | undefined): URL;
  objectUrl(key: string): URL;
  /** Whether what is refused with 401 may be asked for once more, with a new proof. */
  renews?: boolean;
  /** Headers that prove who asks. */
  sign(url: URL, call: Signing): Record<string, string> | Promise<Record<string, string>>;
  readPage(xml: string): { objects: FoundObject[]; marker: string | undefined };
  /** What to check when the store refuses. */
  advice: string;
}

export interface Signing {
  headers?: Readonly<Record<string, string>>;
  /** The token that the store has just refused. */
  refused?: string | undefined;
  signal: AbortSignal;
}

export interface FoundObject {
  key: string;
  bytes: number;
  version: string;
}

const PAGE_BYTES = 32 * 2 ** 20;
const SIDECAR_BYTES = 2 ** 20;
// Looking at the front first is worth a call of its own from here on.
const LOOK_FIRST_BYTES = 2 ** 20;

export async function objectSource(store: ObjectStore): Promise<Source> {
  const remote = await openRemote();
  const known = new Set<string>();
  const call = (url: URL, limit: number, headers?: Readonly<Record<string, string>>): RemoteCall => ({
    url,
    headers: (signal, refused) => store.sign(url, { ...(headers && { headers }), refused, signal }),
    limit,
    renews: store.renews === true,
  });

  const fetchObject = async (
    key: string,
    { range, limit }: { range?: string; limit: number },
    signal: AbortSignal,
  ): Promise<RemoteAnswer | undefined> => {
    const answer = await remote.get(call(store.objectUrl(key), limit, range ? { range } : {}), signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 && answer.status !== 206) throw refused(answer, `${store.root}${key}`, store.advice);
    return answer;
  };

  const source: Source = {
    scope: store.scope,
    async list(signal) {
      const found: FoundFile[] = [];
      const markers = new Set<string>();
      let marker: string | undefined;
      do {
        const answer = await remote.get(call(store.listUrl(marker), PAGE_BYTES), signal);
        if (answer.status !== 200) throw refused(answer, store.scope, store.advice);
        const page = readPage(store, new TextDecoder().decode(answer.body));
        for (const { key, ...rest } of page.objects) {
          if (isBelow(key, store.prefix)) found.push({ file: store.root + key, ...rest });
        }
        ({ marker } = page);
        // A page that leads back to one before it would be followed for ever.
        if (marker !== undefined && markers.has(marker)) throw listingBroken(store.scope);
        if (marker !== undefined) markers.add(marker);
      } while (marker !== undefined);
      known.clear();
      for (const { file } of found) known.add(file);
      if (found.length === 0 && store.prefix !== "") {
        throw new FlowsteadError("DocumentNotFound", `${store.scope} holds no objects. Check the name and its prefix.`);
      }
      return flatScan(store.scope, found, (file) => source.text(file, signal));
    },
    async read({ file, bytes: size }, limits, signal) {
      const key = file.slice(store.root.length);
      if (size > limits.fileBytes) {
        throw new FlowsteadError("DocumentTooLarge", `It has ${size} bytes, and the limit is ${limits.fileBytes}.`);
      }
      if (size > LOOK_FIRST_BYTES) {
        const range = `bytes=0-${HEAD_BYTES - 1}`;
        const head = await fetchObject(key, { range, limit: limits.fileBytes }, signal);
        if (!head) return { gone: true };
        const recognized = recognize(head.body.subarray(0, HEAD_BYTES), key);
        if ("unsupported" in recognized) return recognized;
      }
      return readWhole(() => fetchObject(key, { limit: limits.fileBytes }, signal), key, size);
    },
    async text(file, signal) {
      if (!known.has(file)) return undefined;
      const answer = await fetchObject(file.slice(store.root.length), { limit: SIDECAR_BYTES }, signal);
      return answer && new TextDecoder().decode(answer.body);
    },
    close: () => remote.close(),
  };
  return source;
}

async function readWhole(
  fetchWhole: () => Promise<RemoteAnswer | undefined>,
  key: string,
  size: number,
): Promise<ReadFile> {
  let answer: RemoteAnswer | undefined;
  try {
    answer = await fetchWhole();
  } catch (thrown) {
    // The store is there, since it has listed its objects: this one is not to be had just now.
    const error = FlowsteadError.from(thrown);
    if (error.code !== "SourceUnavailable") throw thrown;
    throw new FlowsteadError("DocumentUnreadable", `Its ${size} bytes did not come whole. ${error.message}`, {
      cause: thrown,
    });
  }
  if (!answer) return { gone: true };
  const { body: bytes } = answer;
  const recognized = recognize(bytes, key);
  if ("unsupported" in recognized) return recognized;
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The object of that name itself, or what is below it. */
function isBelow(key: string, prefix: string): boolean {
  return prefix === "" || key === prefix || key.startsWith(`${prefix}/`);
}

function readPage(store: ObjectStore, xml: string): ReturnType<ObjectStore["readPage"]> {
  try {
    return store.readPage(xml);
  } catch (thrown) {
    throw listingBroken(store.scope, thrown);
  }
}

function listingBroken(scope: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError("SourceUnavailable", `The listing of ${scope} cannot be read. Is it the store's address?`, {
    cause,
  });
}

/** The store's own code says more than the status. */
function refused({ status, body }: RemoteAnswer, what: string, advice: string): FlowsteadError {
  const said = /<Code>([^<]{1,100})<\/Code>/.exec(new TextDecoder().decode(body.subarray(0, 4000)))?.[1];
  const reason = `status ${status}${said ? `, ${said}` : ""}`;
  if (status === 401 || status === 403) {
    return new FlowsteadError("SourceRefused", `${what} may not be read (${reason}). ${advice}`);
  }
  if (status === 404) {
    return new FlowsteadError("DocumentNotFound", `${what} does not exist (${reason}). Check the name of the store.`);
  }
  return new FlowsteadError("SourceUnavailable", `${what} could not be read (${reason}).`);
}
