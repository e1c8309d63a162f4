import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { HEAD_BYTES, recognize } from "./format.ts";
import type { IngestLimits } from "./limit.ts";
import type { ReadFile } from "./source/source.ts";

/** Looks at the front first, so that a film among the documents is not read for nothing.
 * @throws FlowsteadError `DocumentUnreadable` or `DocumentTooLarge`. */
export async function readDocumentFile(file: string, limits: IngestLimits): Promise<ReadFile> {
  try {
    const handle = await open(file, "r");
    try {
      const head = new Uint8Array(HEAD_BYTES);
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
      const recognized = recognize(head.subarray(0, bytesRead), path.basename(file));
      if ("unsupported" in recognized) return recognized;
      const { size } = await handle.stat();
      if (size > limits.fileBytes) {
        throw new FlowsteadError("DocumentTooLarge", `It has ${size} bytes, and the limit is ${limits.fileBytes}.`);
      }
      // Small files come from a shared pool of memory.
      const bytes = Uint8Array.from(await handle.readFile());
      const whole = recognize(bytes, path.basename(file));
      if ("unsupported" in whole) return whole;
      return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return { gone: true };
    throw new FlowsteadError("DocumentUnreadable", `It cannot be read (${code ?? String(thrown)}).`, { cause: thrown });
  }
}
