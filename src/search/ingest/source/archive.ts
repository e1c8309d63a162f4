// A ZIP archive as a folder: its parts are read one at a time, and none for longer than its limit allows.

import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { type Entry, openPromise } from "yauzl";
import { throwIfAborted } from "../../../base/abort.ts";
import { FlowsteadError, isAbort } from "../../../base/error/error.ts";
import { recognize } from "../format.ts";
import type { IngestLimits } from "../limit.ts";
import { flatScan } from "./flat-scan.ts";
import type { FoundFile, Source } from "./source.ts";

const SIDECAR_BYTES = 2 ** 20;
const MOST_PARTS = 200_000;

/** @throws FlowsteadError `DocumentDamaged` when its list of parts is broken. */
export async function archiveSource(file: string): Promise<Source> {
  const zip = await explained(() =>
    openPromise(file, { lazyEntries: true, autoClose: false, validateEntrySizes: true }),
  );
  const entries = new Map<string, Entry>();

  const bytesOf = async (name: string, limits: Pick<IngestLimits, "fileBytes" | "expansion">): Promise<Uint8Array> => {
    const entry = entries.get(name)!;
    checkEntry(entry, limits);
    return explained(async () => {
      const parts: Buffer[] = [];
      for await (const part of (await zip.openReadStreamPromise(entry)) as Readable) parts.push(part as Buffer);
      return Uint8Array.from(Buffer.concat(parts));
    });
  };

  const source: Source = {
    scope: file,
    async list(signal) {
      const found = new Map<string, FoundFile>();
      await explained(async () => {
        for await (const entry of zip.eachEntry()) {
          throwIfAborted(signal);
          if (found.size >= MOST_PARTS) {
            throw new FlowsteadError("DocumentTooLarge", `It holds more than ${MOST_PARTS} files.`);
          }
          if (entry.fileName.endsWith("/")) continue;
          const name = `${file}/${entry.fileName}`;
          const version = `${entry.crc32.toString(16)}-${entry.uncompressedSize}`;
          // Of two parts of one name the later counts, as it does for whoever unpacks them.
          entries.set(name, entry);
          found.set(name, { file: name, bytes: entry.uncompressedSize, version });
        }
      });
      return flatScan(file, [...found.values()], (name) => source.text(name, signal));
    },
    async read({ file: name }, limits) {
      const bytes = await bytesOf(name, limits);
      const recognized = recognize(bytes, name);
      if ("unsupported" in recognized) return recognized;
      return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    },
    async text(name) {
      if (!entries.has(name)) return undefined;
      return new TextDecoder().decode(await bytesOf(name, { fileBytes: SIDECAR_BYTES, expansion: 1000 }));
    },
    close: async () => zip.close(),
  };
  return source;
}

/** The sizes are those that the archive claims; a part that unpacks to more is stopped there. */
function checkEntry(entry: Entry, { fileBytes, expansion }: Pick<IngestLimits, "fileBytes" | "expansion">): void {
  const { compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw new FlowsteadError("DocumentEncrypted", "It is protected by a password.");
  if (uncompressedSize > fileBytes) {
    throw new FlowsteadError("DocumentTooLarge", `It has ${uncompressedSize} bytes, and the limit is ${fileBytes}.`);
  }
  if (uncompressedSize > 2 ** 20 && uncompressedSize > compressedSize * expansion) {
    throw new FlowsteadError(
      "DocumentTooLarge",
      `It would unpack from ${compressedSize} to ${uncompressedSize} bytes, more than ${expansion} times.`,
    );
  }
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof FlowsteadError || isAbort(thrown)) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `The archive cannot be read: ${reason}.`, { cause: thrown });
  }
}
