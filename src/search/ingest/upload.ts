// Documents handed over by other programs. They are kept as files of a folder of their own, which is a source like any other:
// what was received and not indexed, because the process ended, is indexed at the next start.

import { createWriteStream } from "node:fs";
import { link, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { sleep } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";
import { ACL_ENDING } from "./access.ts";
import type { Collection } from "./collection.ts";
import { DEFAULT_LIMITS } from "./limit.ts";

export interface Upload {
  /** Path below the folder of uploads, with forward slashes. */
  name: string;
  body: AsyncIterable<Uint8Array>;
  /** Only these groups may see it; everyone when absent. */
  groups?: readonly string[] | undefined;
}

export interface UploadResult {
  name: string;
  /** Whether there was none of this name before. */
  isNew: boolean;
  bytes: number;
  passages: number;
  notes: string[];
}

export interface Uploads {
  /** @throws FlowsteadError `InvalidRequest` for the name, or of the `Document...` codes; nothing is kept then. */
  put(upload: Upload, signal: AbortSignal): Promise<UploadResult>;
  /** @throws FlowsteadError `DocumentNotFound`. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  list(): Promise<{ name: string; bytes: number; passages: number; indexedAt: string }[]>;
  /** Indexes what an earlier process left behind. */
  resume(signal: AbortSignal): Promise<void>;
}

export interface UploadOptions {
  collection: Collection;
  folder: string;
  /** Of one document. */
  maxBytes?: number;
}

// Another process that writes to the index is waited for so long.
const LOCKED_MS = 30_000;

export function openUploads({ collection, folder, maxBytes = DEFAULT_LIMITS.fileBytes }: UploadOptions): Uploads {
  const incoming = path.join(folder, ".incoming");
  const fileOf = (name: string): string => path.join(folder, ...segments(name));

  const whenFree = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const end = Date.now() + LOCKED_MS;
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        if (FlowsteadError.from(thrown).code !== "StateLocked" || Date.now() > end) throw thrown;
        await sleep(250, signal);
      }
    }
  };
  const exists = (file: string): Promise<boolean> =>
    stat(file).then(
      (found) => found.isFile(),
      () => false,
    );

  return {
    async put({ name, body, groups }, signal) {
      const file = fileOf(name);
      await mkdir(incoming, { recursive: true });
      const received = path.join(incoming, uuid());
      try {
        const bytes = await receive(body, received, { maxBytes, signal });
        await mkdir(path.dirname(file), { recursive: true });
        const isNew = !(await exists(file));
        const rule = await readFile(`${file}${ACL_ENDING}`, "utf8").catch(() => undefined);
        if (!isNew) await link(file, `${received}.before`);
        // The rule is there before the document is: at no moment is it open to more people than it should be.
        if (groups) await setRule(file, JSON.stringify({ groups }));
        await rename(received, file);
        if (!groups) await setRule(file, undefined);
        await takeFolder(collection, folder, signal);
        const report = await whenFree(() => collection.addFolder(file, { signal }), signal);
        const [failure] = [...report.failed, ...report.skipped.map((one) => ({ ...one, code: UNSUPPORTED }))];
        if (failure) {
          // What there was before is there again; a new document leaves nothing.
          await (isNew ? rm(file, { force: true }) : rename(`${received}.before`, file));
          await setRule(file, isNew ? undefined : rule);
          await whenFree(() => collection.addFolder(folder), signal);
          throw new FlowsteadError(failure.code, `${name}: ${failure.reason}`);
        }
        const [document] = await collection.documents(file);
        const notes = report.notes.map(({ reason }) => reason);
        return { name, isNew, bytes, passages: document?.passages ?? 0, notes };
      } finally {
        await rm(received, { force: true });
        await rm(`${received}.before`, { force: true });
      }
    },
    async remove(name, signal) {
      const file = fileOf(name);
      const existed = await exists(file);
      if (!existed) throw new FlowsteadError("DocumentNotFound", `There is no uploaded document ${name}.`);
      await rm(file, { force: true });
      await rm(`${file}${ACL_ENDING}`, { force: true });
      await whenFree(() => collection.remove(file, signal), signal);
    },
    async list() {
      const documents = await collection.documents(folder);
      return documents.map(({ file, bytes, passages, indexedAt }) => {
        const name = path.relative(folder, file).split(path.sep).join("/");
        return { name, bytes, passages, indexedAt };
      });
    },
    async resume(signal) {
      await rm(incoming, { recursive: true, force: true });
      if (await stat(folder).catch(() => undefined))
        await whenFree(() => collection.addFolder(folder, { signal }), signal);
    },
  };
}

const UNSUPPORTED = "DocumentUnsupported" as const;

async function setRule(file: string, text: string | undefined): Promise<void> {
  if (text === undefined) await rm(`${file}${ACL_ENDING}`, { force: true });
  else await writeFileAtomic(`${file}${ACL_ENDING}`, text);
}

/** The folder is the source, not each of its files. */
async function takeFolder(collection: Collection, folder: string, signal: AbortSignal): Promise<void> {
  const known = await collection.list();
  if (!known.some((source) => source.folder === folder)) await collection.addFolder(folder, { signal });
}

/** Straight to the disk: memory does not grow with the document. */
async function receive(
  body: AsyncIterable<Uint8Array>,
  file: string,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<number> {
  let length = 0;
  async function* limited(): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      length += part.length;
      if (length > maxBytes) {
        throw new FlowsteadError("DocumentTooLarge", `It has more than ${maxBytes} bytes, which is the limit.`);
      }
      yield part;
    }
  }
  try {
    await pipeline(limited, createWriteStream(file, { flags: "wx", mode: 0o600, flush: true }), { signal });
  } catch (thrown) {
    if (thrown instanceof FlowsteadError || signal.aborted) throw FlowsteadError.from(thrown);
    throw new FlowsteadError("DocumentUnreadable", "The document did not come whole; send it again.", {
      cause: thrown,
    });
  }
  return length;
}

/** Names of files below the folder, and nothing that leads out of it or is hidden. */
function segments(name: string): string[] {
  const parts = name.split("/");
  const isGood = (part: string): boolean => /^[^.~\\\p{Cc}][^\\\p{Cc}]*$/u.test(part) && Buffer.byteLength(part) <= 200;
  if (parts.length <= 20 && parts.every(isGood) && !name.endsWith(ACL_ENDING)) return parts;
  throw new FlowsteadError(
    "InvalidRequest",
    `"${name.slice(0, 200)}" cannot be the name of a document: use names without backslashes and control characters that do not begin with a full stop.`,
  );
}
